"""Mails as several clients, systems and languages write them, each with what must stay and what must go.

All written for these tests; people, firms and numbers are invented.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mail:
    """A text, and pieces of it that cleaning must keep and drop."""

    name: str
    text: str
    keep: tuple[str, ...]
    drop: tuple[str, ...] = ()


_OWN = "The nightly export to our bank failed again and finance cannot close the month without it today."
_DE = "Seit heute früh lässt sich die Buchhaltung nicht mehr öffnen, bei allen sechs Kolleginnen im zweiten Stock."
_ES = "Desde esta mañana ninguna caja de la tienda puede cobrar con tarjeta y tenemos una cola muy larga."
_FR = "Depuis ce matin, aucun poste du deuxième étage ne peut imprimer, et les bons de livraison partent à midi."
_PT = "Desde cedo nenhum caixa da loja consegue cobrar com cartão e temos uma fila muito grande de clientes."

SIGNATURES = (
    Mail("delimiter", f"{_OWN}\n\n-- \nJane Doe\nHead of Finance\nLarkfield Ltd", (_OWN,), ("Jane", "Larkfield", "--")),
    Mail(
        "delimiter motto", f"{_OWN}\n-- \nJane Doe | Finance\nAsk me about our spring webinar!", (_OWN,), ("webinar",)
    ),
    Mail(
        "closing with particulars",
        f"{_OWN}\n\nKind regards,\n\nJane Doe\nHead of Finance\nLarkfield Ltd\nTel: +44 20 7946 0000\nwww.larkfield.example",
        (_OWN,),
        ("regards", "Jane", "Head of", "7946", "www"),
    ),
    Mail("closing on one line", f"{_OWN}\nBest, Tom", (_OWN,), ("Best", "Tom")),
    Mail("thanks and name", f"{_OWN}\n\nThanks!\nPriya", (_OWN,), ("Thanks", "Priya")),
    Mail("lower case name", f"{_OWN}\n\ncheers\nbob", (_OWN,), ("cheers", "bob")),
    Mail("bars", f"{_OWN}\nRegards\nPhilippa Munro | Treasury | 555-0177", (_OWN,), ("Philippa", "Treasury")),
    Mail("redacted", f"{_OWN}\nRegards,\nJ. Doe\n<PHONE_1>\n<EMAIL_1>", (_OWN,), ("J. Doe", "<PHONE_1>", "<EMAIL_1>")),
    Mail("name below thanks line", f"{_OWN}\nThanks, Dee\nDee Ando · HR Partner South", (_OWN,), ("Dee", "HR Partner")),
    Mail(
        "postscript stays",
        f"{_OWN}\n\nRegards\nJane Doe\n\nPS: The export before last worked, if that helps you.",
        (_OWN, "PS: The export before last worked"),
        ("Jane",),
    ),
    Mail(
        "no closing", f"{_OWN}\n\nJane Doe\nFinance\nTel. +44 20 7946 0000\njane@larkfield.example", (_OWN,), ("Jane",)
    ),
    Mail(
        "thanks begins a sentence",
        "Printer\nThanks for the new toner, but the third floor still prints blank pages since Monday.",
        ("Thanks for the new toner, but the third floor still prints blank pages since Monday.",),
    ),
    Mail("thanks alone stays", f"{_OWN}\nThanks", (_OWN, "Thanks")),
    Mail(
        "de",
        f"{_DE}\n\nMit freundlichen Grüßen\n\ni.A. Karl Huber\nBuchhaltung\nMobil: 0171 5550123",
        (_DE,),
        ("Huber", "0171"),
    ),
    Mail("de short", f"{_DE}\nVG\nKarl", (_DE,), ("VG", "Karl")),
    Mail("de thanks and greeting", f"{_DE}\n\nVielen Dank und beste Grüße\nKarl Huber", (_DE,), ("Dank", "Huber")),
    Mail("de lg", f"{_DE}\n\nLG Anna", (_DE,), ("LG", "Anna")),
    Mail("es", f"{_ES}\n\nUn saludo,\nAmaya Goñi\nTienda Norte", (_ES,), ("saludo", "Amaya", "Norte")),
    Mail(
        "es formal",
        f"{_ES}\n\nAtentamente,\n\nLuis Vera\nTeléfono: +34 91 555 01 23",
        (_ES,),
        ("Atentamente", "Vera", "+34"),
    ),
    Mail(
        "fr",
        f"{_FR}\n\nBien cordialement,\nAnne Petit\nResponsable logistique",
        (_FR,),
        ("cordialement", "Petit", "Responsable"),
    ),
    Mail(
        "fr long",
        f"{_FR}\nVeuillez agréer, Madame, Monsieur, mes sincères salutations.\nA. Petit",
        (_FR,),
        ("agréer", "Petit"),
    ),
    Mail("pt", f"{_PT}\n\nAtenciosamente,\nRui Prado\nGerente", (_PT,), ("Atenciosamente", "Prado", "Gerente")),
    Mail("pt hug", f"{_PT}\n\nAbraços,\nRui", (_PT,), ("Abraços", "Rui")),
)

FOOTERS = (
    Mail("iphone", f"{_OWN}\n\nSent from my iPhone", (_OWN,), ("iPhone",)),
    Mail("outlook ios", f"{_OWN}\n\nGet Outlook for iOS<https://aka.example/o0ukef>", (_OWN,), ("Outlook", "aka")),
    Mail("samsung", f"{_OWN}\nSent from my Samsung Galaxy smartphone.", (_OWN,), ("Samsung",)),
    Mail("de phone", f"{_DE}\n\nVon meinem iPhone gesendet", (_DE,), ("iPhone",)),
    Mail(
        "de k9", f"{_DE}\nDiese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.", (_DE,), ("Android",)
    ),
    Mail("es phone", f"{_ES}\nEnviado desde mi iPhone", (_ES,), ("iPhone",)),
    Mail("fr phone", f"{_FR}\nEnvoyé de mon iPhone", (_FR,), ("iPhone",)),
    Mail("pt phone", f"{_PT}\nEnviado do meu iPhone", (_PT,), ("iPhone",)),
    Mail("scanner", f"{_OWN}\n\nVirus-free. www.avast.example", (_OWN,), ("Virus",)),
    Mail("trees", f"{_OWN}\n\nPlease consider the environment before printing this e-mail.", (_OWN,), ("environment",)),
    Mail(
        "external banner",
        f"Export\n\nCAUTION: This email originated from outside of the organization. Do not click links.\n\n{_OWN}",
        (_OWN,),
        ("CAUTION", "outside"),
    ),
    Mail(
        "a lost phone is no footer",
        "Lost\nI left my iPhone on the train; it was sent from head office only last week, please lock it at once.",
        ("I left my iPhone on the train", "please lock it"),
    ),
)

DISCLAIMERS = (
    Mail(
        "en",
        f"{_OWN}\n\nThis e-mail and any attachments are confidential and intended solely for the addressee.\n"
        "If you are not the intended recipient, delete it.\n\nRegistered in England, company number 0123456.",
        (_OWN,),
        ("confidential", "intended", "Registered"),
    ),
    Mail("en notice", f"{_OWN}\n\nCONFIDENTIALITY NOTICE: do not share this.", (_OWN,), ("NOTICE",)),
    Mail("one line", f"{_OWN} This message may contain privileged information.", (_OWN,), ("privileged",)),
    Mail(
        "de",
        f"{_DE}\n\nDiese E-Mail enthält vertrauliche Informationen.\nAmtsgericht München HRB 1234",
        (_DE,),
        ("vertrau", "HRB"),
    ),
    Mail("es", f"{_ES}\n\nEste mensaje y sus anexos son confidenciales.", (_ES,), ("confidenciales",)),
    Mail(
        "fr",
        f"{_FR}\n\nCe message est confidentiel. Si vous n'êtes pas le destinataire, supprimez-le.",
        (_FR,),
        ("confidentiel",),
    ),
    Mail(
        "pt",
        f"{_PT}\n\nEsta mensagem é confidencial e destina-se exclusivamente ao destinatário.",
        (_PT,),
        ("confidencial",),
    ),
    Mail(
        "a report of a leak is no disclaimer",
        "Wrong recipient\nI sent a confidential spreadsheet to the wrong customer ten minutes ago. Can you recall it?",
        ("I sent a confidential spreadsheet to the wrong customer", "recall"),
    ),
    Mail(
        "a trace below stays",
        f"{_OWN}\n\nThis e-mail is confidential and intended for you only.\nERROR 2026-11-03 10:11:12 export failed: ORA-01555",
        (_OWN, "ERROR 2026-11-03 10:11:12 export failed: ORA-01555"),
        ("confidential",),
    ),
)

REPLIES = (
    Mail(
        "gmail",
        f"{_OWN}\n\nOn Mon, 3 Nov 2026 at 10:11, Help <h@x.org> wrote:\n> Dear Jane\n> restart it",
        (_OWN,),
        ("Dear", "wrote"),
    ),
    Mail(
        "gmail folded",
        f"{_OWN}\n\nOn Mon, 3 Nov 2026 at 10:11, The Help Desk\n<h@x.org> wrote:\n\n> Dear Jane",
        (_OWN,),
        ("Dear", "Help"),
    ),
    Mail(
        "without marks",
        f"{_OWN}\n\nOn 3 Nov 2026, at 10:11, Help <h@x.org> wrote:\n\nDear Jane,\nrestart it.",
        (_OWN,),
        ("Dear", "restart"),
    ),
    Mail("de", f"{_DE}\n\nAm 03.11.2026 um 10:11 schrieb Hilfe <h@x.org>:\n> Guten Tag", (_DE,), ("Guten", "schrieb")),
    Mail(
        "es",
        f"{_ES}\n\nEl lun, 3 nov 2026 a las 10:11, Ayuda (<h@x.org>) escribió:\n> Hola",
        (_ES,),
        ("Hola", "escribió"),
    ),
    Mail(
        "fr", f"{_FR}\n\nLe lun. 3 nov. 2026 à 10:11, Aide <h@x.org> a écrit :\n> Bonjour", (_FR,), ("Bonjour", "écrit")
    ),
    Mail(
        "pt",
        f"{_PT}\n\nEm seg., 3 de nov. de 2026 às 10:11, Ajuda <h@x.org> escreveu:\n> Olá",
        (_PT,),
        ("Olá", "escreveu"),
    ),
    Mail(
        "outlook",
        f"{_OWN}\n\n________________________________\nFrom: Help Desk <h@x.org>\nSent: Monday, 3 November 2026 10:11\n"
        "To: Jane Doe\nSubject: RE: export\n\nDear Jane, please restart it.",
        (_OWN,),
        ("From", "Sent", "Dear Jane", "____"),
    ),
    Mail(
        "outlook de",
        f"{_DE}\n\n-----Ursprüngliche Nachricht-----\nVon: Hilfe\nGesendet: Montag, 3. November 2026 10:11\nAn: Huber\n"
        "Betreff: AW: Buchhaltung\n\nGuten Tag, bitte neu starten.",
        (_DE,),
        ("Von:", "Guten Tag", "Betreff"),
    ),
    Mail(
        "outlook es",
        f"{_ES}\n\nDe: Ayuda\nEnviado: lunes\nPara: Luis\nAsunto: RE: caja\n\nHola Luis",
        (_ES,),
        ("Ayuda", "Hola"),
    ),
    Mail(
        "outlook fr",
        f"{_FR}\n\nDe : Aide\nEnvoyé : lundi\nÀ : Anne\nObjet : RE: poste\n\nBonjour Anne",
        (_FR,),
        ("Aide", "Bonjour"),
    ),
    Mail(
        "outlook pt",
        f"{_PT}\n\nDe: Ajuda\nEnviada em: segunda\nPara: Rui\nAssunto: RE: caixa\n\nOlá Rui",
        (_PT,),
        ("Ajuda", "Olá"),
    ),
    Mail(
        "bold headers",
        f"{_OWN}\n\n*From:* Help <h@x.org>\n*Sent:* Monday\n*To:* Jane\n*Subject:* RE: x\n\nDear Jane",
        (_OWN,),
        ("Dear", "*"),
    ),
    Mail(
        "signature above a quote",
        f"{_OWN}\n-- \nJane Doe\n\nOn 3 Nov 2026 at 10:11, Help <h@x.org> wrote:\n> Dear Jane",
        (_OWN,),
        ("Jane", "wrote"),
    ),
    Mail(
        "between quotes",
        f"> Which export is it?\n\n{_OWN}\n\n> Since when?\n\nSince Sunday night.",
        (_OWN, "Since Sunday night."),
        ("Since when",),
    ),
    Mail(
        "short answer keeps the question",
        "Re: export\n\nYes.\n\nOn 3 Nov 2026, Help <h@x.org> wrote:\n> Does the nightly export fail?",
        ("Yes.", "Does the nightly export fail?"),
        ("wrote", ">"),
    ),
    Mail(
        "trace in a quote stays",
        f"{_OWN}\n\nOn 3 Nov 2026, Help <h@x.org> wrote:\n> Dear Jane, our log says\n> java.sql.SQLException: ORA-01555 snapshot too old",
        (_OWN, "java.sql.SQLException: ORA-01555 snapshot too old"),
        ("Dear Jane",),
    ),
    Mail(
        "announced quote stays",
        f"{_OWN} The bank's page says:\n\n> Your certificate is out of date",
        (_OWN, "Your certificate is out of date"),
    ),
)

FORWARDS = (
    Mail(
        "gmail",
        "Fwd: no deliveries\n\nPlease have a look at this one for me, they are a big customer of ours and quite cross.\n\n"
        "---------- Forwarded message ---------\nFrom: Ruta <r@x.org>\nDate: Mon, 3 Nov 2026\nSubject: no deliveries\n"
        "To: <s@x.org>\n\nSince 04:00 no inventory events arrive at our endpoint.",
        ("Since 04:00 no inventory events arrive", "big customer"),
        ("From:", "Forwarded", "Date:"),
    ),
    Mail(
        "apple",
        "fyi\n\nBegin forwarded message:\n\nFrom: Ruta <r@x.org>\nSubject: no events\nDate: 3 Nov 2026\n\nNo events since 04:00.",
        ("fyi", "No events since 04:00."),
        ("Begin", "From:"),
    ),
    Mail(
        "outlook",
        f"FW: shop empty\n\n{_OWN}\n\nFrom: Ruta\nSent: Monday\nTo: Jane\nSubject: shop empty\n\nAll our products are gone.",
        (_OWN, "All our products are gone."),
        ("FW:", "Sent:"),
    ),
    Mail(
        "de",
        f"WG: Laden leer\n\n{_DE}\n\n> Alle Artikel sind verschwunden.",
        (_DE, "Alle Artikel sind verschwunden."),
        ("WG:", ">"),
    ),
    Mail(
        "header only",
        "Ticket\n\nFrom: Ruta <r@x.org>\nDate: 3 Nov 2026\nSubject: Shop is empty\n\nAll our products are gone.",
        ("All our products are gone.", "Shop is empty"),
        ("From:", "Date:"),
    ),
)

SYSTEMS = (
    Mail(
        "zendesk",
        f"{_OWN}\n\n##- Please type your reply above this line -##\n\nYour request (4711) has been received.",
        (_OWN,),
        ("##", "4711"),
    ),
    Mail(
        "zendesk on top",
        f"##- Please type your reply above this line -##\n\n{_OWN}\n\nThis email is a service from Larkfield. Delivered by Zendesk.",
        (_OWN,),
        ("##", "Zendesk"),
    ),
    Mail(
        "receipt",
        f"Your request (123) has been received and is being reviewed by our support staff.\n\n{_OWN}\n\nTo add additional comments, reply to this email.",
        (_OWN,),
        ("reviewed", "To add"),
    ),
    Mail("token", f"Re: [Ticket #123] Export\n\n{_OWN}", ("Export", _OWN), ("Ticket", "Re:")),
    Mail("otrs", f"Re: [Ticket#2026110310000012] Export\n\n{_OWN}", ("Export", _OWN), ("2026110310000012",)),
    Mail("salesforce", f"Export [ ref:_00D2x0abc._5002x1def:ref ]\n\n{_OWN}", ("Export", _OWN), ("ref:",)),
    Mail(
        "servicenow",
        f"{_OWN}\n\n2026-11-03 10:11:12 CET - Jane Doe (Additional comments)\n\nRef:MSG0012345_abcDEF",
        (_OWN,),
        ("Additional", "MSG00"),
    ),
    Mail(
        "jira",
        f"[JIRA] (PAY-123) Export\n\n{_OWN}\n\nThis message was sent by Atlassian Jira\n(v8.20.1#820001-sha1:abc)",
        ("PAY-123", _OWN),
        ("Atlassian", "v8.20"),
    ),
    Mail(
        "github",
        f"{_OWN}\n\n—\nReply to this email directly, view it on GitHub, or unsubscribe.\nYou are receiving this because you were assigned.",
        (_OWN,),
        ("Reply", "receiving"),
    ),
    Mail(
        "form", f"{_OWN}\n\nSubmitted via form: Contact us\nPowered by Freshdesk", (_OWN,), ("Submitted", "Freshdesk")
    ),
    Mail(
        "de",
        f"{_DE}\n\nBitte antworten Sie nicht auf diese E-Mail.\nDies ist eine automatische Nachricht.",
        (_DE,),
        ("antworten", "automatisch"),
    ),
    Mail("external tag", f"[EXTERNAL] Re: Export\n\n{_OWN}", ("Export", _OWN), ("EXTERNAL", "Re:")),
)

MARKUP = (
    Mail(
        "html",
        "<html><head><style>p {color: red}</style></head><body><p>Export&nbsp;failed</p><p>again &amp; again</p></body></html>",
        ("Export failed", "again & again"),
        ("<", "color", "nbsp"),
    ),
    Mail(
        "html reply",
        f"<div>{_OWN}</div><div>Gr<b>e</b>at</div><div><b>From:</b> Help<br><b>Sent:</b> Monday<br><b>Subject:</b> x<br></div><div>Dear Jane</div>",
        (_OWN, "Great"),
        ("Dear", "<"),
    ),
    Mail("entities", "Prices &gt; 100 &euro; fail&#33;", ("Prices > 100 € fail!",), ("&",)),
    Mail(
        "inline image",
        f"{_OWN} [cid:image001.png@01DA.7F] [image: image.png] <image002.jpg>",
        (_OWN,),
        ("cid", "image"),
    ),
    Mail(
        "tracking",
        "See https://shop.example/cart/checkout?utm_source=mail&utm_campaign=" + "x" * 60 + "&order=4711&error=502",
        ("https://shop.example/cart/checkout?order=4711&error=502",),
        ("utm",),
    ),
    Mail(
        "safelink",
        "See https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fshop.example%2Fcart&data=05%7C02%7Cjane&reserved=0 now",
        ("See https://shop.example/cart now",),
        ("safelinks", "data="),
    ),
    Mail(
        "base64",
        f"{_OWN}\n" + "\n".join(["iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"] * 30),
        (_OWN,),
        ("iVBOR",),
    ),
    Mail("data uri", f"{_OWN} data:image/png;base64," + "iVBORw0KGgo" * 9, (_OWN,), ("iVBOR",)),
    Mail("invisible", "pass\u200bword re\xadset\xa0fails \ufeff", ("password reset fails",)),
    Mail("colours", "\x1b[31mERROR\x1b[0m disk full", ("ERROR disk full",), ("\x1b", "[31m")),
    Mail(
        "mojibake de", "Die BÃ¼rotÃ¼r Ã¶ffnet nicht, GrÃ¶ÃŸe unbekannt", ("Die Bürotür öffnet nicht, Größe unbekannt",)
    ),
    Mail("mojibake quote", "It doesnâ€™t open", ("It doesn’t open",)),
    Mail("mojibake reported", "Umlauts are broken: the invoice shows MÃ¼ller", ("MÃ¼ller",)),
)

TECHNICAL = (
    Mail("test alert", "[FIRING:1] Test\nIf you received this message, the integration works. Labels: env=test", ("If you received this message",)),
    Mail("python", 'Traceback (most recent call last):\nFile "app.py", line 3, in pay\npay(amount)\nKeyError: \'amount\'', ("Traceback (most recent call last):", "pay(amount)", "KeyError: 'amount'")),
    Mail("java", "Export\nat com.larkfield.Pay.run(Pay.java:42)\nCaused by: java.lang.NullPointerException\n... 12 more", ("at com.larkfield.Pay.run(Pay.java:42)", "... 12 more")),
    Mail("node", "Crash\nTypeError: x is undefined\nat Object.<anonymous> (/srv/app.js:1:7)", ("at Object.<anonymous> (/srv/app.js:1:7)",)),
    Mail("prompts", "Import fails\n>>> import pay\n>>> pay.run()\nAttributeError: run", (">>> import pay", ">>> pay.run()")),
    Mail("diff", "Config changed\n1c1\n< timeout: 30\n---\n> timeout: 3", ("< timeout: 30", "> timeout: 3")),
    Mail("unified diff", "Patch\n--- a/x.yaml\n+++ b/x.yaml\n@@ -1 +1 @@\n-replicas: 3\n+replicas: 0", ("--- a/x.yaml", "-replicas: 3", "+replicas: 0")),
    Mail("conflict", "Merge\n<<<<<<< HEAD\na = 1\n=======\na = 2\n>>>>>>> main", ("<<<<<<< HEAD", "=======", ">>>>>>> main")),
    Mail("fence", "Config\n```\nFrom: a\nSent: b\nSubject: c\n> x\n-- \nJane\nSent from my iPhone\n```", ("From: a", "> x", "Sent from my iPhone")),
    Mail("rules", "Log\n----- BEGIN LOG -----\ndisk full\n----- END LOG -----", ("----- BEGIN LOG -----", "disk full", "----- END LOG -----")),
    Mail("alert", "[FIRING:14] NodeNotReady\nalertname=NodeNotReady severity=critical\nsummary=\"evicted\"", ("[FIRING:14]", "alertname=NodeNotReady severity=critical", 'summary="evicted"')),
    Mail("table", "Stock\n| sku | count |\n| --- | --- |\n| A1 | 0 |", ("| --- | --- |", "| A1 | 0 |")),
    Mail("yaml", "Firewall\nfrom: 10.0.0.1\nto: 10.0.0.2\naction: drop", ("from: 10.0.0.1", "to: 10.0.0.2")),
    Mail("from in code", "Query\nFrom orders select id\nfrom x import y", ("From orders select id", "from x import y")),
    Mail("sql comment", "Query is slow\n-- nightly totals\nselect sum(x) from orders", ("-- nightly totals", "select sum(x)")),
    Mail("markdown rule", "Idea\n\nOpen files in the editor.\n\n---\n\n### How\n\nAdd an event here\n\n---\n\nWhat do you think?", ("### How", "Add an event here", "What do you think?")),
    Mail("options", "Flags\n--\nRun it with --verbose and see that the second worker never answers to the first one at all, on any host.\n1. start\n2. wait", ("Run it with --verbose", "2. wait")),
    Mail("gradle", f"{_OWN}\n\n> Task :app:compile FAILED\n> npm run build", ("> Task :app:compile FAILED".removeprefix("> "), "npm run build")),
    Mail("placeholder", "Paths\nname: '[path][name].[hash].[ext]'", ("[path][name].[hash].[ext]",)),
    Mail("inline html", "Server renders `<ul><li>a</li><li>b</li><li>c</li></ul>` twice", ("<ul><li>a</li><li>b</li><li>c</li></ul>",)),
    Mail("hashes", "Block\n" + "\n".join(["00000000000000b8b49d0b61b14994b5c0a511c4b48a1e251ff2b479b2e6f6aa"] * 20), ("00000000000000b8b49d",)),
    Mail("url", "https://api.example/v1/orders?status=open&page=2&sort=created_at&direction=descending fails", ("status=open&page=2&sort=created_at&direction=descending",)),
)  # fmt: skip
