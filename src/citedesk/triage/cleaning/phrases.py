"""What mail programs, ticket systems and lawyers write, in English, German, Spanish, French and Portuguese.

Every expression is matched against one line at a time and repeats nothing without a bound, so that it takes
linear time. Each comes with the words of which a text must hold one (lower case) before the expression is tried.
"""

import re


def either(*phrases: str) -> re.Pattern[str]:
    """Join phrases into one expression that ignores case."""
    return re.compile("|".join(f"(?:{phrase})" for phrase in phrases), re.IGNORECASE)


# "On Monday Jane wrote:", in one line or two joined; a date or an address must be in it.
ATTRIBUTION_WORDS = ("wrote", "schrieb", "escribi", "écrit", "ecrit", "escreveu", "scritto", "schreef")
ATTRIBUTION = either(
    r"^(?:on|am|el|le|em|il|op|a)\b.{3,200}(?:wrote|schrieb.{0,80}|escribi[oó]|a [eé]crit|escreveu|ha scritto|schreef.{0,80})"
    r" ?:$",
    r"^.{2,80}(?:<.{3,80}>|\d).{0,40} (?:wrote|escribi[oó]|a [eé]crit|escreveu|ha scritto) ?:$",
    r"^.{2,80}(?:schrieb am|wrote on|escribi[oó] el|a [eé]crit le|escreveu em) .{0,40}\d.{0,40}:$",
)
QUOTE_WORDS = (
    "forwarded",
    "weitergeleitet",
    "reenviado",
    "encaminhada",
    "transf",
    "réexp",
    "ober",
    "above",
    "acima",
    "encima",
    "dessus",
)
ATTRIBUTION_PROOF = re.compile(r"\d|@|<")

RULE_WORDS = ("message", "nachricht", "mensaje", "mensagem", "messaggio", "bericht", "mail", "correo")
ORIGINAL = either(
    r"^[-_*= ]{2,}(?:original(?: e-?mail)? (?:message|appointment)|urspr(?:ü|ue)ngliche (?:nachricht|e-?mail)|mensaje original"
    r"|message d['’]origine|message original|e-?mail d['’]origine|mensagem original|messaggio originale"
    r"|oorspronkelijk bericht)[-_*= ]{2,}$",
)
FORWARD = either(
    r"^[-_*= ]{2,}(?:forwarded(?: message| mail| e-?mail| by .{1,80})?|weitergeleitete (?:nachricht|e-?mail)|mensaje reenviado"
    r"|message transf[eé]r[eé]|mensagem encaminhada|messaggio inoltrato|doorgestuurd bericht)[-_*= ]{0,40}$",
    r"^(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-?mail)|inicio del mensaje reenviado"
    r"|d[eé]but du message (?:r[eé]exp[eé]di[eé]|transf[eé]r[eé])|in[ií]cio da mensagem (?:re)?encaminhada) ?:$",
)
FORWARDED_SUBJECT = re.compile(r"(?:\[[^\]\n]{1,40}\] ?){0,3}(?:fwd?|wg|rv|tr|enc)(?:\[\d{1,3}\])? ?:", re.IGNORECASE)
REPLY_PREFIX = re.compile(
    r"(?:(?:(?:re|aw|sv|fwd?|wg|rv|tr|enc|antw)(?:\[\d{1,3}\])? ?:|\[ext(?:ern(?:al)?)?\])\s*)+", re.IGNORECASE
)

# Mail programs write header names with a capital; configuration seldom does.
HEADER_WORDS = tuple(
    f"\n{mark}{name}"
    for name in ("from", "von", "de", "da", "van", "expéditeur", "remitente", "absender")
    for mark in ("", "*")
)
HEADER_SENDER = re.compile(
    r"\*{0,2}(?:From|FROM|Von|De|Da|Van|Expéditeur|Remitente|Absender) ?\*{0,2} ?:\*{0,2}(?: |$)"
)
HEADER = re.compile(
    r"\*{0,2}(?:From|FROM|Sent|Date|DATE|To|TO|Cc|CC|Bcc|BCC|Subject|SUBJECT|Reply-To|Importance|Priority|Attachments?"
    r"|Von|Gesendet|Datum|An|Betreff|Kopie|Antwort an|Wichtigkeit|Priorität|Anlagen?"
    r"|De|Enviad[oa](?: el| em)?|Fecha|Data|Para|Asunto|Assunto|Importancia|Importância|Prioridad"
    r"|Envoyé|Envoyé le|Date d['’]envoi|À|A|Objet|Pièces? jointes?|Importance|Expéditeur|Remitente|Absender"
    r"|Da|Inviato|Oggetto|Van|Verzonden|Aan|Onderwerp)"
    r" ?\*{0,2} ?:\*{0,2}(?: (.{0,300}))?$"
)
HEADER_TIME = re.compile(
    r"\*{0,2}(?:Sent|Date|DATE|Subject|SUBJECT|Gesendet|Datum|Betreff|Enviad[oa](?: el| em)?|Fecha|Data|Asunto|Assunto"
    r"|Envoyé(?: le)?|Date d['’]envoi|Objet|Inviato|Oggetto|Verzonden|Onderwerp) ?\*{0,2} ?:"
)
HEADER_SUBJECT = re.compile(r"\*{0,2}(?:Subject|SUBJECT|Betreff|Asunto|Assunto|Objet|Oggetto|Onderwerp) ?\*{0,2} ?:")

# What must survive wherever it stands: traces, logs, codes, commands, payloads.
TECHNICAL = re.compile(
    r"traceback \(|\bat [\w.$<>]{3,120}\(|^file \"|^caused by:|\w(?:Exception|Error)\b|\b(?:Exception|ERROR|FATAL|WARN)\b|\berror:"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d|^\[?\d\d:\d\d:\d\d|\b0x[0-9A-Fa-f]{4,}|\b(?:ORA|ERR|HTTP|SQLSTATE|ERRNO|KB|CVE)[-_ ]?\d{2,}"
    r"|\bERR_[A-Z_]{3,}|\b\w[\w.-]{0,60}=\S{1,200} +\w[\w.-]{0,60}=\S|^\$ \w|^PS [A-Z]:|^[+-]{3} [ab]?/|^@@ |^Task :|^\w[\w-]{0,40}@\d+\."
    r"|^(?:sudo|npm|npx|yarn|pip3?|git|cd|docker|kubectl|helm|curl|wget|ssh|python3?|java|mvn|make|cargo|go|apt|brew) [\w./-]"
)

CLOSING_WORDS = (
    "regards", "sincerely", "respectfully", "cheers", "thank", "wishes", "yours", "faithfully", "best", "grüße", "grüsse",
    "gruß", "gruss", "grüßen", "gruessen", "gruesse", "mfg", "\nlg", "\nvg", "\nbg", "danke", "dank", "saludo", "atentamente", "gracias",
    "cordial", "salutations", "merci", "bien à vous", "atenciosamente", "cumprimentos", "obrigad", "abraço", "abs,",
)  # fmt: skip
# Nobody ends a sentence of the report with these.
CLOSING = either(
    r"^(?:(?:many )?thanks(?: (?:and|&))? |thank you(?: (?:and|&))? )?(?:with )?(?:(?:my|our) )?"
    r"(?:(?:best|kind(?:est)?|warm(?:est)?|many) )?(?:regards|wishes)\b",
    r"^(?:yours (?:sincerely|faithfully|truly)|sincerely(?: yours)?|respectfully(?: yours)?|faithfully yours)\b",
    r"^(?:vielen dank(?: im voraus)?(?: und)? )?(?:mit )?(?:(?:den )?(?:freundlich(?:en|e|er)|best(?:en|e|er)|viel(?:en|e)|lieb(?:en|e|er)"
    r"|herzlich(?:en|e|er)|schöne[nr]?|sonnige) )+(?:gr(?:ü|ue)(?:ß|ss)en?|gru(?:ß|ss))\b",
    r"^(?:mfg|lg|vg|bg|gr(?:ü|ue)(?:ß|ss)e|gru(?:ß|ss))(?=[ ,.!]|$)(?! \d)",
    r"^(?:(?:un|muchos|reciba un|un cordial) )?(?:cordial(?:es)? )?salud[oa]s?(?: cordial(?:es)?| atentos?)?(?=[ ,.]|$)"
    r"|^(?:muy )?atentamente\b|^quedo (?:atent[oa]|a la espera)\b.{0,60}$",
    r"^(?:bien )?(?:cordialement|amicalement)\b|^bien (?:à|a) (?:vous|toi)\b|^(?:sinc[eè]res |meilleures )?salutations\b"
    r"|^(?:veuillez|je vous prie d).{0,120}salutations\b.{0,40}$",
    r"^atenciosamente\b|^(?:com os )?(?:melhores |meus )?(?:cordiais )?cumprimentos\b|^(?:um )?abraços?\b|^att(?:\.|,|$)|^cordialmente\b",
    r"^cordiali saluti\b|^distinti saluti\b|^met vriendelijke groet(?:en)?\b",
)
# These may begin a sentence that says something; only what looks like a name may follow.
WEAK_CLOSING = either(
    r"^(?:(?:many |with )?(?:thanks|thank you|thx|ty)(?: (?:in advance|so much|very much|a lot|again|for your (?:help|time|support)))?|cheers"
    r"|(?:all the )?best|(?:vielen |besten |herzlichen |lieben )?dank(?:e)?(?: (?:im voraus|dir|ihnen|euch|vorab))?|(?:muchas )?gracias"
    r"(?: (?:de antemano|por (?:su|tu) ayuda))?|merci(?: (?:beaucoup|d['’]avance|par avance))?|(?:muito )?obrigad[oa]s?(?: desde já)?)"
    r"(?=[ ,.!-]|$)",
)

FOOTER_WORDS = (
    "sent from", "sent via", "sent with", "get outlook", "gesendet", "enviado d", "enviado por", "envoyé d", "envoyé à partir",
    "télécharger outlook", "obtener outlook", "obter o outlook", "outlook für", "outlook para", "outlook pour", "inviato da",
    "verstuurd vanaf", "verzonden vanaf", "virus", "environment", "umwelt", "medio ambiente", "meio ambiente",
    "environnement", "imprim", "originated", "extern", "caution", "unsubscribe",
)  # fmt: skip
_DEVICE = r"(?:iphone|ipad|handy|smartphone|samsung|android|galaxy|blackberry|mobil\w*|outlook|mail|yahoo|gmx|web\.de|t[eé]l[eé]\w*|m[oó]vil|celular|tablet)"
FOOTER = either(
    rf"^(?:sent|enviado|envoyé|inviato|gesendet|verstuurd|verzonden) (?:from|via|with|using|desde|de|do|da|depuis|à partir d|von|mit"
    rf"|vanaf|mijn|por)\b.{{0,50}}{_DEVICE}.{{0,50}}$",
    rf"^(?:diese (?:nachricht|e-?mail) wurde )?(?:von|mit) (?:meine[mr]|der|dem) .{{0,50}}{_DEVICE}.{{0,50}}gesendet.{{0,20}}$",
    r"^(?:get|holen sie sich|laden sie|obtener|obt[ée]n|obter|obtenir|télécharger|download) (?:o )?outlook (?:for|für|para|pour)\b.{0,120}$",
    r"^(?:virus-free|virenfrei|libre de virus|sans virus|livre de vírus)\b.{0,120}$",
    r"^(?:this (?:e-?mail|message) has been (?:checked|scanned) for viruses|diese e-?mail wurde .{0,60}auf viren|este (?:correo|mensaje) ha sido"
    r" .{0,40}virus|cet e-?mail a été vérifié).{0,160}$",
    r"^\W{0,4}(?:please )?(?:consider|think of) the environment before.{0,120}$",
    r"^\W{0,4}(?:bitte )?(?:denken sie an die umwelt|prüfen sie,? ob .{0,60}ausgedruckt).{0,120}$",
    r"^\W{0,4}(?:por favor,? )?(?:antes de imprimir|piense en el medio ambiente|pense no meio ambiente).{0,160}$",
    r"^\W{0,4}(?:pensez à l['’]environnement|n['’]imprimez).{0,120}$",
    r"^\W{0,6}(?:\[?(?:external|caution|warning|achtung|attention|atención|atenção|vorsicht)\]?[:!]? ?){1,3}.{0,40}"
    r"(?:this (?:e-?mail|message)|diese (?:e-?mail|nachricht)|este (?:correo|e-?mail|mensaje)|(?:cet|ce) (?:e-?mail|message)"
    r"|external (?:e-?mail|sender)|externer? (?:absender|e-?mail)).{0,240}$",
    r"^(?:this (?:e-?mail|message) originated from outside|diese e-?mail (?:kommt|stammt) von (?:außerhalb|extern)).{0,240}$",
    r"^(?:do not click (?:on )?(?:any )?links|klicken sie nicht auf links|no haga clic en|ne cliquez pas sur).{0,40}(?:unless|außer|es sei denn|a menos|sauf|liens).{0,160}$",
)

DISCLAIMER_WORDS = (
    "confiden", "vertraulich", "intended", "disclaimer", "recipient", "empfänger", "destinat", "privilegiad", "privileged",
    "registered", "amtsgericht", "unauthori", "unbefugt",
)  # fmt: skip
DISCLAIMER = either(
    r"\bthis (?:e-?mail|message|communication|transmission|electronic mail)\b.{0,80}\b(?:is|are|may|contains?|intended)\b.{0,80}"
    r"\b(?:confidential|privileged|intended (?:only|solely|for))",
    r"\b(?:the )?(?:information|contents?) (?:contained |transmitted )?(?:in|of|with) this (?:e-?mail|message|communication)\b",
    r"\bif you (?:are not|have received).{0,30}(?:intended (?:recipient|addressee)|this (?:e-?mail|message) (?:in error|by mistake))",
    r"^\W{0,4}(?:confidentiality|legal|privacy|disclosure) (?:notice|disclaimer|statement)\b|^\W{0,4}(?:e-?mail )?disclaimer ?[:.-]",
    r"\bdiese (?:e-?mail|nachricht|mitteilung)\b.{0,120}\b(?:vertraulich|ausschließlich für|nur für den)",
    r"\b(?:wenn|falls|sollten) sie nicht der (?:richtige|beabsichtigte|vorgesehene).{0,20}(?:adressat|empfänger)",
    r"\beste (?:correo|mensaje|e-?mail)\b.{0,120}\b(?:confidencial|privilegiad|dirigid[oa] exclusivamente|exclusivamente)",
    r"\bsi (?:usted )?(?:no es el destinatario|ha recibido este (?:correo|mensaje))|^\W{0,4}aviso (?:legal|de confidencialidad?e?)\b",
    r"\b(?:ce|cet) (?:message|e-?mail|courriel|courrier)\b.{0,140}\b(?:confidentiel|à l['’](?:intention|attention|usage)|strictement réservé)",
    r"\bsi vous (?:n['’][êe]tes pas (?:le|la) destinataire|avez reçu (?:ce|cet) (?:message|e-?mail|courriel))|^\W{0,4}avis de confidentialité\b",
    r"\besta (?:mensagem|comunicação)\b.{0,140}\b(?:confidenci|privilegiad|exclusivamente)|\beste e-?mail\b.{0,140}\bconfidenci",
    r"\bse (?:você )?(?:não (?:for|é) o destinatário|recebeu esta mensagem)|^\W{0,4}aviso de confidencialidade\b",
)
# Company particulars that follow a disclaimer or a signature.
LEGAL = either(
    r"\bregistered (?:in|office|number|company)|\bcompany (?:no|number|registration)|\bregistered address\b|\bvat (?:no|reg)",
    r"\bamtsgericht\b|\bhrb ?\d|\bgeschäftsführ|\bust-?id|\bsitz der gesellschaft|\bregistergericht|\bvorsitzende[rs]? des aufsichtsrat",
    r"\bregistro mercantil\b|\bc\.?i\.?f\.? ?:|\brcs [a-z]|\bsiret\b|\bcapital (?:social )?de\b|\bcnpj\b",
    r"\b(?:we|the company|sender) (?:accepts? no|cannot accept) (?:liability|responsibility)|\bunauthori[sz]ed (?:use|copying|disclosure|review)",
    r"\bdas unbefugte|\bunerlaubte[s]? kopieren|\bunbefugt",
)
