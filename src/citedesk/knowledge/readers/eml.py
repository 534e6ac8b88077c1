"""Read a saved mail (EML): the subject is the title, the plain part the text, or else the HTML part as Markdown.

Sender and receivers are left out, they are people; attachments are counted, not read.
"""

import email
import email.errors
import email.policy
import re
from collections.abc import Iterator
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import BinaryIO

from citedesk.errors import DocumentError
from citedesk.knowledge.readers.draft import MAX_PACKED_BYTES, BadRow, Draft, bounded, title_line, whole
from citedesk.knowledge.readers.html import decode_html, html_draft

# Characters of a header that are read: the standard library's decoder takes quadratic time on a hostile one.
_HEADER_CHARACTERS = 2_000
# Parts within parts; each costs its share of every line.
_MAX_PARTS = 30
_HEADERS = ("subject", "from", "date", "message-id", "mime-version", "content-type", "received")
_PART = re.compile(rb"^content-type:[ \t]*(?:\r?\n[ \t]+)?(?:multipart|message)/", re.IGNORECASE | re.MULTILINE)
_PARSE_ERRORS = (email.errors.MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError)


def read_eml(file: BinaryIO, name: str) -> Iterator[Draft | BadRow]:
    """Give the one text of a mail.

    Raises:
        DocumentError: if it is no mail, has no text, or its encoding cannot be told.
    """
    data = whole(file, MAX_PACKED_BYTES)
    if sum(1 for _ in _PART.finditer(data)) > _MAX_PARTS:
        raise DocumentError(f"has more than {_MAX_PARTS} parts within each other; save the one that matters")
    try:
        message = email.message_from_bytes(data, policy=email.policy.compat32)
        draft = _draft(message, name)
    except _PARSE_ERRORS as error:
        if isinstance(error, DocumentError):
            raise
        raise DocumentError(f"the mail is damaged ({type(error).__name__}); save it anew") from error
    yield draft


def _draft(message: Message, name: str) -> Draft:
    if not any(header in message for header in _HEADERS):
        raise DocumentError("is not a mail: it has no header such as Subject or From; give the file its true suffix")
    plain, html, attachments = _parts(message)
    front = {"title": title_line(_header(message, "subject")) or None, "updated_on": _date(message)}
    if plain is not None and (body := _plain_text(plain, name)).strip():
        return Draft(bounded(body), front, attachments=attachments)
    if html is not None:
        page = html_draft(decode_html(_payload(html), name, _charset(html)))
        body = page.body
        if body.strip():
            return Draft(body, front, attachments=attachments, aside=page.aside)
    raise DocumentError("the mail has no text; its attachments are not read, save them as files")


def _parts(message: Message) -> tuple[Message | None, Message | None, int]:
    """Find the first plain and the first HTML part, and count attachments; a mail within the mail is one."""
    plain = html = None
    attachments = 0
    waiting = [message]
    while waiting:
        part = waiting.pop()
        payload = part.get_payload()
        kind = "" if _is_long(part) else part.get_content_type()
        if kind.startswith("multipart/") and isinstance(payload, list):
            waiting.extend(p for p in reversed(payload) if isinstance(p, Message))
        elif not kind or isinstance(payload, list) or part.get_filename() or _is_attached(part):
            attachments += 1
        elif kind == "text/plain" and plain is None:
            plain = part
        elif kind == "text/html" and html is None:
            html = part
    return plain, html, attachments


def _is_long(part: Message) -> bool:
    named = ("content-type", "content-disposition", "content-transfer-encoding")
    return any(len(str(part.get(header, ""))) > _HEADER_CHARACTERS for header in named)


def _is_attached(part: Message) -> bool:
    return str(part.get("content-disposition", "")).strip().lower().startswith("attachment")


def _payload(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _charset(part: Message) -> str | None:
    return part.get_content_charset()


def _plain_text(part: Message, name: str) -> str:
    """Decode a plain part; lines that were only wrapped for the way (format=flowed) are joined again."""
    charset = _charset(part)
    text = decode_html(_payload(part), name, "utf-8" if charset in (None, "us-ascii", "ascii") else charset)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if str(part.get_param("format", "")).lower() != "flowed":
        return text
    lines = [line.removeprefix(" ") for line in text.split("\n")]
    return "".join(line if line.endswith(" ") and line != "-- " else line + "\n" for line in lines)


def _header(message: Message, header: str) -> str:
    raw = str(message.get(header, ""))[:_HEADER_CHARACTERS]
    try:
        text = str(make_header(decode_header(raw)))
    except _PARSE_ERRORS:
        text = raw
    return text.encode("utf-8", "replace").decode()


def _date(message: Message) -> str | None:
    try:
        return parsedate_to_datetime(str(message.get("date", ""))[:100]).date().isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
