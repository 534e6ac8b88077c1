"""Take from a ticket's text what mail programs add: quoted replies, signatures, disclaimers.

What a forwarded mail quotes is kept when the sender wrote little else. Stack traces and logs stay.
"""

import re

_QUOTE = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
_SIGNATURE = re.compile(r"\n-- ?\n.*\Z", re.DOTALL)
_SENT_FROM = re.compile(r"(?im)^[ \t]*(?:sent from my|get outlook for|von meinem \w+ gesendet|enviado desde mi)\b.*$")
_REPLY_HEAD = re.compile(r"(?im)^[ \t]*(?:on .{5,120} wrote:|am .{5,120} schrieb.{0,80}:|el .{5,120} escribió:)[ \t]*$")
_HEADER = re.compile(r"(?im)^[ \t>]*(?:from|sent|to|cc|date|von|gesendet|an|de|enviado|para):[^\n]{0,200}$")
_RULE = re.compile(r"(?m)^[ \t]*[-=_*]{5,}.*$")
_DISCLAIMER = re.compile(
    r"(?is)\n[^\n]{0,80}(?:this (?:e-?mail|message)[^\n]{0,80}(?:confidential|intended)|"
    r"confidentiality notice|diese (?:e-?mail|nachricht)[^\n]{0,60}vertraulich|"
    r"este (?:correo|mensaje)[^\n]{0,60}confidencial)"
    r".{0,3000}\Z"
)
# Below this many words of one's own, what is quoted is the message.
_OWN_WORDS = 12
# Characters that can matter to a classifier; the rest of a huge log does not.
MAX_CHARACTERS = 20_000


def clean(text: str) -> str:
    """Return the text a person meant to write, at most MAX_CHARACTERS of it."""
    text = text[:MAX_CHARACTERS].replace("\r\n", "\n")
    for pattern in (_DISCLAIMER, _SIGNATURE, _SENT_FROM, _REPLY_HEAD, _HEADER, _RULE):
        text = pattern.sub("\n", text)
    own = _QUOTE.sub("", text)
    kept = own if len(own.split()) >= _OWN_WORDS else re.sub(r"(?m)^[ \t]*>+[ \t]?", "", text)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+", " ", kept)).strip()
