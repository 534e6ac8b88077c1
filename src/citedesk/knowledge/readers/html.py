"""Read HTML: its encoding, its title, and the part that people came to read.

Scripts, navigation, forms' controls and hidden elements are dropped. Parsing is libxml2's, in linear time and to
256 levels; nothing is fetched. Leaves out turning elements into Markdown (`elements.py`).
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from citedesk.errors import DocumentError
from citedesk.knowledge.readers.draft import BadRow, Draft, title_line, whole
from citedesk.knowledge.readers.elements import to_markdown
from citedesk.knowledge.readers.markdown import MarkdownWriter

# Bytes at the start in which a page names its encoding, by the HTML standard 1,024; pages are sloppy.
_HEAD_BYTES = 4096
_CHARSET = re.compile(rb"(?:charset|encoding)\s{0,9}=\s{0,9}[\"']?\s{0,9}([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
# Encodings of the web; Python knows others that are no encodings of text, or are slow.
_WEB = re.compile(
    r"utf-?8|utf-?16(?:-?[lb]e)?|iso-?8859-?\d{1,2}|latin-?1|us-ascii|ascii|windows-?125\d|cp125\d|koi8-[ru]|"
    r"gbk|gb2312|gb18030|big5|euc-(?:jp|kr)|iso-2022-jp|shift[_-]jis|macintosh"
)
# The standard reads these as Windows-1252, because pages labelled so hold its quotes and dashes.
_LATIN = re.compile(r"iso-?8859-?1|latin-?1|(?:us-)?ascii")
# What parts a page's title from the name of its site; "" is the title's own end.
_SEPARATORS = ("", "|", "-", "–", "—", ":", "·", "»", "«", "/")
_CODE = ("script", "style")
# Attributes whose values are words for people or machines to read.
_SPOKEN = ("alt", "title", "aria-label", "placeholder", "content", "value", "data-content", "summary")
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read_html(file: BinaryIO, name: str) -> Iterator[Draft | BadRow]:
    """Give the page as Markdown; its title is `<title>`, or `<h1>` where that is the plainer one.

    Raises:
        DocumentError: if the encoding cannot be told, or nothing of it can be read.
    """
    yield html_draft(decode_html(whole(file), name))


def decode_html(data: bytes, name: str, declared: str | None = None) -> str:
    """Decode a page by its mark, what was declared of it, its `<meta charset>`, or as UTF-8, in this order.

    Raises:
        DocumentError: if that fails, or the bytes are binary.
    """
    found = _CHARSET.search(data, 0, _HEAD_BYTES)
    named = [declared, found.group(1).decode("ascii") if found else None]
    usable = [codec.lower() for codec in named if codec and _WEB.fullmatch(codec.lower())]
    encoding = next((codec for mark, codec in _MARKS if data.startswith(mark)), usable[0] if usable else "utf-8")
    # A page whose `<meta>` could be read byte by byte is not UTF-16, whatever it says.
    if encoding.startswith("utf-16") and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-8"
    try:
        text = data.decode("cp1252" if _LATIN.fullmatch(encoding) else encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise DocumentError(f"{name} is not {encoding} text; name its encoding in <meta charset>") from error
    if "\x00" in text:
        raise DocumentError(f"{name} is binary, not text (NUL byte at {text.index(chr(0))}); give a text file")
    return text


def html_draft(html: str) -> Draft:
    """Turn a page into a draft.

    Raises:
        DocumentError: if it is nested too deep, or unpacks to too much.
    """
    root = _parse(html)
    if root is None:
        return Draft("")
    writer = MarkdownWriter()
    content, marked = _content(root)
    to_markdown(content, marked, writer)
    return Draft(writer.text(), {"title": _title(root, content) or None}, aside=_aside(html, root))


def _aside(html: str, root: etree._Element) -> str:
    """Give every word of a page that is there, shown or not: its text, its comments, and attributes that hold words."""
    parts = [text for e in root.iter(etree.Element) if e.tag not in _CODE for text in (e.text, e.tail)]
    parts += [e.get(name) for e in root.iter(etree.Element) for name in _SPOKEN if e.get(name)]
    return "\n".join([" ".join(part.split()) for part in parts if part and part.strip()] + _comments(html))


def _comments(html: str) -> list[str]:
    """List what stands in comments, in linear time; one that never ends goes to the end."""
    found, at = [], html.find("<!--")
    while at >= 0:
        end = html.find("-->", at)
        found.append(html[at + 4 : end if end >= 0 else len(html)].strip())
        at = html.find("<!--", end) if end >= 0 else -1
    return found


def _parse(html: str) -> etree._Element | None:
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(html.encode("utf-8", "replace"), parser)
    except etree.ParserError:
        return None
    except etree.LxmlError as error:
        raise DocumentError(f"cannot be read as HTML ({str(error)[:100]}); save it anew") from error
    if any(entry.level == etree.ErrorLevels.FATAL for entry in parser.error_log):
        raise DocumentError("is nested deeper than 256 levels, or broken beyond reading; save it anew")
    return root


def _content(root: etree._Element) -> tuple[etree._Element, bool]:
    """Choose the main part; tell whether the page marked it as such."""
    mains = [e for e in root.iter() if e.tag == "main" or e.get("role") == "main"]
    articles = list(root.iter("article"))
    for found in (mains, articles):
        if len(found) == 1 and _has_text(found[0]):
            return found[0], True
    return root, False


def _has_text(element: etree._Element) -> bool:
    return any(text.strip() for text in element.itertext())


def _title(root: etree._Element, content: etree._Element) -> str:
    named, heading = _first_text(root, "title"), _first_text(content, "h1")
    before, found, after = named.partition(heading or "\n")
    # "VPN drops | Help centre": the heading is the title without the site.
    plainer = found and before.strip()[-1:] in _SEPARATORS and after.strip()[:1] in _SEPARATORS
    return heading if plainer or not named else named


def _first_text(root: etree._Element, tag: str) -> str:
    element = next(root.iter(tag), None)
    return "" if element is None else title_line("".join(element.itertext()).replace("¶", ""))
