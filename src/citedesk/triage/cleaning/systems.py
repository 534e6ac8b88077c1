"""What ticket systems add: markers to reply above, receipts, tokens for threads, footers.

Knows Zendesk, Jira, ServiceNow, Freshdesk, OTRS, Salesforce and GitHub, and what forms write.
"""

import re

from citedesk.triage.cleaning.phrases import REPLY_PREFIX, either

_TOKEN_WORDS = ("[", "ref:", "msg", "#", "ref_")
_TOKEN = either(
    r"\[(?:ticket|case|request|anfrage|vorgang|fall|solicitud|caso|demande|chamado|tt)(?: ?(?:id|nr\.?|no\.?|n[°º]))?"
    r"[ #:=]{1,4}[a-z]{0,8}[-_]?\d{1,20}\]",
    r"\((?:ticket|case)(?: ?(?:id|nr\.?|no\.?))? ?[#:]? ?[a-z]{0,8}[-_]?\d{3,20}\)",
    r"\bticket#\d{10,20}\b(?: ?[—:-])?",
    r"\[jira\] ?",
    r"\[ ?ref:_?[\w.]{6,80}:ref ?\]|\bref:_[\w.]{6,80}:ref\b",
    r"\bref:(?:msg|tis)[\w]{6,60}",
    r"\[[a-z0-9]{6}-[a-z0-9]{4}\]$",
)
WORDS = (
    "##", "above this line", "oberhalb dieser", "au-dessus de cette ligne", "encima de esta l", "acima desta linha", "your request",
    "your ticket", "your case", "ihre anfrage", "ihr ticket", "ihrer anfrage", "su solicitud", "votre demande", "sua solicitação",
    "seu chamado", "submitted", "automat", "zendesk", "freshdesk", "atlassian", "jira", "servicenow", "otrs", "ref:",
    "you are receiving", "you received this", "sie erhalten diese", "reply to this email", "view it on github",
    "unsubscribe", "do not reply", "nicht auf diese", "no responda", "ne pas répondre", "não responda",
    "delivered by", "powered by", "click here to view", "take me to", "log in to view", "additional comments",
    "work notes", "view request", "add a comment", "ticket id", "case number",
)  # fmt: skip
REPLY_ABOVE = either(
    r"^[#=\-_*>~ ]{0,12}(?:please )?(?:type|write|enter|add|put)? ?(?:your )?(?:reply|response|answer|antwort)s? ?(?:here )?above (?:this|the) line.{0,40}$",
    r"^[#=\-_*~ ]{0,12}reply above this line.{0,60}$",
    r"^[#=\-_*~ ]{0,12}(?:bitte )?(?:antworten|schreiben|geben) sie .{0,60}(?:ober|über)(?:halb)? diese[rn]? (?:linie|zeile).{0,40}$",
    r"^[#=\-_*~ ]{0,12}.{0,30}(?:escriba|escribe|responda|digite|escreva) .{0,60}(?:encima de esta l[ií]nea|acima desta linha).{0,40}$",
    r"^[#=\-_*~ ]{0,12}.{0,30}(?:écrivez|saisissez|tapez|répondre|répondez).{0,60}au-dessus de cette ligne.{0,40}$",
)
_LINE = either(
    # receipts
    r"^your (?:request|ticket|case|enquiry|inquiry|issue)\b.{0,60}\b(?:has been|was) (?:received|created|logged|registered|updated|opened|assigned|submitted)\b.{0,160}$",
    r"^(?:ihre anfrage|ihr ticket|ihre meldung)\b.{0,80}\b(?:erfasst|eingegangen|erhalten|angelegt|aktualisiert|registriert|bearbeitet)\b.{0,160}$",
    r"^(?:su|tu) (?:solicitud|ticket|caso)\b.{0,60}\b(?:ha sido|fue) (?:recibid|cread|registrad|actualizad).{0,160}$",
    r"^votre (?:demande|ticket|requête)\b.{0,60}\ba (?:bien )?été (?:reçue?|créée?|enregistrée?|mise? à jour).{0,160}$",
    r"^(?:a )?(?:sua solicitação|seu chamado|seu ticket)\b.{0,60}\bfoi (?:recebid|criad|registrad|atualizad|abert).{0,160}$",
    r"^(?:ticket|case|request) (?:id|number|no\.?) ?[:#] ?[\w-]{1,30}$",
    r"^submitted (?:via|from|through|by)\b.{0,120}$|^(?:eingereicht|gesendet) (?:über|via) (?:das )?(?:web)?formular.{0,80}$",
    # how to answer
    r"^(?:to add (?:additional|further) comments|to (?:reply|respond|update|review the status)\b.{0,40}|you can (?:add a comment|reply|track|view the status|check the status)\b.{0,30})"
    r".{0,60}(?:reply to this|by replying|e-?mail|follow the link|link below|click|here:?).{0,160}$",
    r"^(?:this is an? (?:automated|automatic|auto-generated|system[- ]generated)|dies(?:e|es)? (?:ist eine )?(?:automati\w+|e-?mail wurde automatisch)|este es un (?:mensaje|correo) autom"
    r"|(?:ceci est un|cet e-?mail est un) (?:message )?autom|esta é uma mensagem autom).{0,200}$",
    r"^(?:please )?do not reply to this (?:e-?mail|message|address).{0,120}$|^bitte antworten sie nicht auf diese.{0,120}$"
    r"|^(?:por favor,? )?(?:no responda|não responda) a este.{0,120}$|^(?:merci de )?ne pas répondre à ce.{0,120}$",
    r"^(?:add a comment|view (?:request|ticket|issue|case|online)|reply)(?: ?[|·•-] ?(?:add a comment|view (?:request|ticket|issue)|reply|unsubscribe|mute)){1,4}$",
    r"^(?:click here to view|take me to|log ?in to view)\b.{0,200}$",
    # footers
    r"^(?:this (?:e-?mail|message) (?:is a service from|was sent by)|delivered by|powered by|sent by)\b.{0,80}(?:zendesk|freshdesk|jira|atlassian|servicenow|otrs|help ?desk|support).{0,80}$",
    r"^\W{0,3}(?:delivered|powered) by (?:zendesk|freshdesk|freshworks|otrs|znuny|jira|servicenow|zammad).{0,40}$",
    r"^\W{0,3}(?:you are receiving this|you received this (?:e-?mail|message|notification)|sie erhalten diese (?:e-?mail|nachricht),? (?:weil|da))\b.{0,200}$",
    r"^\W{0,3}reply to this e-?mail directly.{0,300}$|^message id: <.{0,160}>$",
    r"^.{0,60}\bview it on github\b.{0,200}$|^(?:click here to )?unsubscribe(?: from .{0,80})?\.?$",
    r"^\(v?\d+\.\d+[\d.]*#\d+-?[\w:]{0,60}\)$",
)
# ServiceNow and Zendesk set who wrote, and when, before each comment.
_COMMENT_HEAD = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?: [A-Z]{2,5})? - .{1,80}(?:additional comments|work notes).{0,30}$"
    r"|^(?:additional comments|work notes) \((?:customer visible|internal)\)$",
    re.IGNORECASE,
)


def without_tokens(text: str) -> str:
    """Drop the tokens systems thread by, anywhere in a text, and `Re:` before its first line."""
    if "[" in text or "#" in text or ":ref" in text or "ef:" in text or "(" in text:
        text = _TOKEN.sub(" ", text)
    text = text.lstrip()
    prefix = REPLY_PREFIX.match(text)
    return text[prefix.end() :] if prefix else text


def without_boilerplate(lines: list[str]) -> list[str]:
    """Drop the lines a ticket system wrote."""
    return [line for line in lines if len(line) > 500 or not (_LINE.match(line) or _COMMENT_HEAD.match(line))]
