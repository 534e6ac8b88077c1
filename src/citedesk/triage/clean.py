"""Take from a ticket's text what mail programs and ticket systems add, and keep what the writer means.

Quoted replies, headers, signatures, footers, disclaimers, boilerplate, markup, tracking and mangled letters go;
what a mail forwards, and what it quotes when the sender wrote little else, stays. Stack traces, logs, commands,
tables and payloads stay wherever they stand. The steps live in `cleaning/`.
"""

import re
from collections.abc import Iterable

from citedesk.text import has_any
from citedesk.triage.cleaning.characters import plain_lines, repair, tidy, unescape, visible
from citedesk.triage.cleaning.mail import OWN_WORDS, may_quote, split_mail
from citedesk.triage.cleaning.markup import outside_fences, plain_markup
from citedesk.triage.cleaning.phrases import (
    CLOSING_WORDS,
    DISCLAIMER_WORDS,
    FOOTER_WORDS,
    FORWARDED_SUBJECT,
)
from citedesk.triage.cleaning.signature import without_disclaimers, without_signature
from citedesk.triage.cleaning.systems import WORDS, without_boilerplate, without_tokens

# Characters that can matter to a classifier; the rest of a huge log does not.
MAX_CHARACTERS = 20_000
_HEAD = 15_000
# What is read of a huge text: markup and quotes may fill much of it. Bounds the time for any text.
_MOST_READ = 10 * MAX_CHARACTERS
_LEFT_OUT = "\n[...]\n"
# One step may lay bare what another takes away; hostile text must not decide how often.
_ROUNDS = 8
_RULE = re.compile(r"^(?:-{5,}|_{5,}|\*{5,}|={5,6}|={8,})$\n?", re.MULTILINE)
_FENCE = re.compile(r"```[^`]*$")
_SAYS = re.compile(r"[^\W_]")
_CONTACT_WORDS = ("tel", "phone", "mob", "fax", "www.", "@", "<email_")
_WORDS = (*CLOSING_WORDS, *FOOTER_WORDS, *DISCLAIMER_WORDS, *WORDS, *_CONTACT_WORDS)
_DELIMITERS = ("\n--", "\n—", "\n__")


def clean(text: str) -> str:
    """Return the text a person meant to write.

    Args:
        text: a subject and a body, or a body.

    Returns:
        At most MAX_CHARACTERS characters: of a longer text the beginning and the end. Not empty if the text
        holds a letter or a digit. Cleaning it again changes nothing.
    """
    text = _ends(text, _MOST_READ, 3 * _MOST_READ // 4)
    text = tidy(plain_lines(text)) or tidy(plain_lines(text.replace("\x1b", "")))
    for _ in range(_ROUNDS):
        before, text = text, _ends(_once(text), MAX_CHARACTERS, _HEAD)
        if text == before:
            break
    return text


def _ends(text: str, most: int, head: int) -> str:
    """Keep the first `head` characters of a text longer than `most`, and as much of its end as then fits."""
    if len(text) <= most:
        return text
    return f"{text[:head].rstrip()}{_LEFT_OUT}{text[head - most + len(_LEFT_OUT) :].lstrip()}"


def _once(text: str) -> str:
    plain = tidy(plain_lines(visible(repair(unescape(outside_fences(text, plain_markup))))))
    written = _written(plain)
    return next((kept for kept in (written, plain) if _SAYS.search(kept)), text)


def _written(text: str) -> str:
    """Return what the sender of a plain text wrote."""
    low = text.lower()
    forwarded = FORWARDED_SUBJECT.match(text) is not None
    text = tidy(without_tokens(text))
    if has_any(text, ("-----", "_____", "*****", "=====")):
        text = tidy(_outside_rules(text))
    if not (has_any(low, _WORDS) or has_any(text, _DELIMITERS) or may_quote(text, low)):
        return text
    return _without_mail(text, low, forwarded)


def _outside_rules(text: str) -> str:
    return outside_fences(text, lambda part: _RULE.sub("", part))


def _without_mail(text: str, low: str, forwarded: bool) -> str:
    lines = _code_marked(text)
    if has_any(low, WORDS):
        lines = without_boilerplate(lines)
    parts = split_mail(lines, keep=forwarded)
    own = _joined(parts.segments)
    if parts.quotes and not forwarded and len(own.split()) < OWN_WORDS:
        own = _joined(split_mail(lines, keep=True).segments)
    return own


def _joined(segments: Iterable[list[str]]) -> str:
    kept = [line for segment in segments for line in without_signature(without_disclaimers(segment))]
    return tidy("\n".join(kept).replace("\x00", ""))


def _code_marked(text: str) -> list[str]:
    """Split into lines; one of fenced code gets a NUL before it, which no plain text holds."""
    lines = text.split("\n")
    if "```" not in text:
        return lines
    inside, marked = False, []
    for line in lines:
        edge = line.rstrip() == "```" if inside else _FENCE.match(line) is not None
        marked.append("\x00" + line if inside or edge else line)
        inside = inside != edge
    return marked
