"""Make markup plain: HTML mails, tracking links, inlined images, blobs of base64. Fenced code stays as it is.

Leaves out Markdown, which reads as text. Every step takes linear time.
"""

import re
from collections.abc import Callable
from urllib.parse import unquote

# A fence opens on a line without a further backtick; one never closed reaches to the end.
_FENCED = re.compile(r"(^[ \t]*```[^`\n]*\n(?:.*?^[ \t]*```[ \t]*$|.*\Z))", re.MULTILINE | re.DOTALL)
_BLOCKS = (
    "address|article|blockquote|body|br|center|dd|div|dl|dt|footer|form|h[1-6]|head|header|hr|html|li|meta|link|ol|p|pre"
    "|section|table|tbody|tfoot|thead|title|tr|ul|!doctype|o:p"
)
_INLINE = "a|abbr|b|big|code|del|em|font|i|img|ins|label|s|small|span|strike|strong|sub|sup|td|th|tt|u|style|script"
_TAG = re.compile(rf"</?(?:({_BLOCKS})|{_INLINE})(?=[\s/]|\Z)", re.IGNORECASE)
_PAGE = re.compile(r"<(?:html|body|!doctype html)\b", re.IGNORECASE)
_CLOSED = re.compile(r"</(?:p|div|td|tr|span|font|table|li|blockquote|b|strong)>|<br ?/?>", re.IGNORECASE)
# So many closed tags, and no code in backticks, make a mail; else tags are what the writer talks about.
_MAIL_TAGS = 3
# A tag longer than this is a comparison with a bracket far away, in characters.
_LONGEST_TAG = 4_000
_UNSEEN = re.compile(r"<(style|script)\b|<!--", re.IGNORECASE)

_URL = re.compile(r"https?://[^\s<>\"'`)\]|]{60,}")
_WRAPPED = re.compile(
    r"https?://[\w.-]{1,80}\.safelinks\.protection\.outlook\.com/[^?]{0,40}\?(?:.{0,200}&)?url=([^&]+)"
    r"|https?://urldefense(?:\.proofpoint)?\.com/v3/__(.+?)__;"
    r"|https?://www\.google\.com/url\?(?:.{0,200}&)?(?:q|url)=([^&]+)"
)
# Links are wrapped in links; deeper than this nobody reads them.
_WRAPPINGS = 4
_TRACKING = re.compile(
    r"(?i)(?:utm_\w+|gclid|fbclid|msclkid|mc_[ce]id|_hs\w+|mkt_tok|trk\w*|sdata|reserved|data)(?:=|\Z)"
)
# Longest parameter that a person may read something from, in characters: of letters and digits mixed, and of words.
_LONGEST_MIXED = 40
_LONGEST_PARAMETER = 100
# So long a part of a path, if mixed, is a key and no name.
_TOKEN = re.compile(r"[A-Za-z0-9_%=~+]{64,}")

_IMAGES = re.compile(
    r"\[cid:[^\]\n]{1,200}\]|<cid:[^>\n]{1,200}>|<image\d{2,4}\.(?:png|jpe?g|gif)>"
    r"|\[(?:inline |embedded )?(?:image|bild|imagen|imagem)(?: ?\d{1,4}|: ?[\w .()-]{0,80}\.(?:png|jpe?g|gif|bmp))\]",
    re.IGNORECASE,
)
_DATA = re.compile(r"data:[\w/+.;=-]{1,60};base64,[A-Za-z0-9+/=%]{40,}")
_BLOB = re.compile(
    r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{200,}={0,2}|(?:^[ \t]?[A-Za-z0-9+/]{60,}={0,2}[ \t]?(?:\n|\Z)){3,}", re.MULTILINE
)
_MIXED = re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=[^0-9]*[0-9])")
# Shorter texts hold no blob worth the search, in characters.
_BLOB_TEXT = 1_000


def outside_fences(text: str, change: Callable[[str], str]) -> str:
    """Change what stands outside fenced code."""
    if "```" not in text:
        return change(text)
    parts = _FENCED.split(text)
    return "".join(part if place % 2 else change(part) for place, part in enumerate(parts))


def plain_markup(text: str) -> str:
    """Return the text of HTML mails, with readable links and without inlined files."""
    if "<" in text and ">" in text:
        text = _plain_html(text)
    if "://" in text:
        text = _URL.sub(lambda match: _readable(match.group()), text)
    if ";base64," in text:
        text = _DATA.sub(" ", text)
    if len(text) >= _BLOB_TEXT:
        text = _BLOB.sub(_without_blob, text)
    return _IMAGES.sub(" ", text) if "[" in text or "<" in text else text


def _without_blob(match: re.Match[str]) -> str:
    """Drop what mixes letters and digits as base64 does; hashes, paths and rulers stay."""
    return "\n" if _MIXED.match(match.group()) else match.group()


def _plain_html(text: str) -> str:
    mail = "`" not in text and (_PAGE.search(text) is not None or _closes(text) >= _MAIL_TAGS)
    if mail or "<!--" in text:
        text = _seen(text, mail)
    return _without_tags(text) if mail else text


def _closes(text: str) -> int:
    return len(_CLOSED.findall(text)) if "</" in text or "<br" in text else 0


def _seen(text: str, mail: bool) -> str:
    """Drop comments (hints of a form, conditions for Outlook) and, in mails, styles and scripts."""
    kept, at = [], 0
    while (match := _UNSEEN.search(text, at)) is not None:
        name = match.group(1)
        close = "-->" if name is None else f"</{name}"
        end = text.find(close, match.end())
        if end < 0:
            break
        drop = mail or name is None
        kept += [text[at : match.start()], "\n"] if drop else [text[at:end]]
        at = end + (3 if name is None else 0)
    return "".join([*kept, text[at:]])


def _without_tags(text: str) -> str:
    *parts, last = text.split(">")
    kept: list[str] = []
    for place, part in enumerate(parts):
        match = _TAG.search(part)
        if match is None or len(part) - match.start() > _LONGEST_TAG:
            kept.append(f"{part}>")
            continue
        after = parts[place + 1][:1] if place + 1 < len(parts) else last[:1]
        before = part[: match.start()]
        # A tag within a word leaves nothing behind, if no new tag can grow together there.
        inside = before[-1:].isalnum() and after.isalnum() and "<" not in before[-12:]
        kept += [before, "\n" if match.group(1) else "" if inside else " "]
    return "".join([*kept, last])


def _readable(url: str) -> str:
    for _ in range(_WRAPPINGS):
        match = _WRAPPED.match(url)
        if match is None:
            break
        found = next(group for group in match.groups() if group)
        url = re.split(r"[\s<>\"'`)\]|]|[\x00-\x1f]", unquote(found), maxsplit=1)[0]
    base, _, query = url.partition("?")
    kept = [part for part in query.split("&") if part and not _TRACKING.match(part) and not _is_token(part)]
    return _TOKEN.sub(lambda match: "" if _MIXED.match(match.group()) else match.group(), base) + (
        "?" + "&".join(kept) if kept else ""
    )


def _is_token(parameter: str) -> bool:
    length = len(parameter)
    return length > _LONGEST_PARAMETER or (length > _LONGEST_MIXED and _MIXED.match(parameter) is not None)
