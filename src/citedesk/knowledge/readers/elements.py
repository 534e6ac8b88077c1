"""Turn HTML elements into Markdown in one pass over them: each is opened and closed once, however they nest."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from lxml import etree

from citedesk.knowledge.readers.markdown import MarkdownWriter

_DROPPED = frozenset(
    ("head", "script", "style", "noscript", "template", "nav", "iframe", "object", "embed", "svg", "canvas", "audio",
     "video", "map", "button", "select", "textarea", "input", "dialog")
)  # fmt: skip
# Dropped outside the main part only: inside it they hold the article's own title and asides.
_FRAME = frozenset(("header", "footer", "aside"))
_FRAME_ROLES = frozenset(("navigation", "banner", "contentinfo", "search", "complementary", "menu"))
_BLOCKS = frozenset(
    ("html", "body", "main", "article", "section", "div", "p", "address", "center", "details", "summary", "fieldset",
     "form", "figure", "figcaption", "dl", "dd", "dt", "hr", "header", "footer", "aside", "legend", "hgroup")
)  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_INSIDE_LAYOUT = frozenset(("table", "pre", *_HEADINGS))
_LANGUAGE = re.compile(r"(?:language|lang|highlight)-([A-Za-z0-9+#-]{1,20})(?![A-Za-z0-9+#-])")
_HIDDEN = re.compile(r"display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden")
_SPACE = re.compile(r"\s+")
_SPAN = re.compile(r"[0-9]{1,2}")
_START = re.compile(r"[0-9]{1,6}")


@dataclass(slots=True)
class _Table:
    """Rows so far, the cell being read, and text that stands outside all cells (a caption)."""

    rows: list[list[str]] = field(default_factory=list)
    cell: list[str] | None = None
    outside: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _State:
    """Where the pass stands: the paragraph being read, marks in it, open lists, and code or a table if inside one."""

    writer: MarkdownWriter
    inline: list[str] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    lists: list[int | None] = field(default_factory=list)
    code: list[str] | None = None
    language: str = ""
    table: _Table | None = None

    def add(self, text: str | None) -> None:
        """Add text where the pass stands; white space counts in code only."""
        if not text:
            return
        if self.code is not None:
            self.code.append(text)
        else:
            self.buffer().append(_SPACE.sub(" ", text))

    def buffer(self) -> list[str]:
        """Give the list that inline text goes to."""
        if self.table is None:
            return self.inline
        return self.table.outside if self.table.cell is None else self.table.cell

    def flush(self) -> None:
        """End the paragraph; in a table cell, which is one line, a space does."""
        if self.table is not None:
            self.buffer().append(" ")
            return
        self.writer.paragraph("".join(self.inline))
        self.inline.clear()
        self.marks = [0] * len(self.marks)

    def since_mark(self) -> str:
        """Take back the text added since the innermost mark."""
        buffer, start = self.buffer(), self.marks.pop() if self.marks else 0
        text = "".join(buffer[start:])
        del buffer[start:]
        return text


def to_markdown(root: etree._Element, marked: bool, writer: MarkdownWriter) -> None:
    """Write an element and all below it.

    Args:
        root: a page, or its main part.
        marked: whether the page itself marked `root` as its main part.
        writer: takes the blocks.

    Raises:
        DocumentError: if the Markdown grows too long.
    """
    state, layout, main_depth = _State(writer), _layout_tables(root), 1 if marked else 0
    skipped: etree._Element | None = None
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, element in walker:
        tag = element.tag if isinstance(element.tag, str) else ""
        inside = tag in ("main", "article")
        if event == "start":
            if _dropped(element, tag, main_depth > 0):
                walker.skip_subtree()
                skipped = element
                continue
            main_depth += inside
            _enter(state, element, tag, element in layout)
            state.add(element.text)
            continue
        if element is skipped:
            skipped = None
            _gap(state, tag)
        else:
            main_depth -= inside
            _leave(state, element, tag, element in layout)
        if element is not root:
            state.add(element.tail)
    state.flush()


def _dropped(element: etree._Element, tag: str, inside_main: bool) -> bool:
    if tag in _DROPPED or not tag or element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    if "headerlink" in (element.get("class") or "").split() or _HIDDEN.search((element.get("style") or "").lower()):
        return True
    if inside_main or not (tag in _FRAME or element.get("role") in _FRAME_ROLES):
        return False
    return next(element.iter("h1", "main"), None) is None


def _gap(state: _State, tag: str) -> None:
    """Keep the words on both sides of a dropped element apart, if it was more than a word's mark."""
    if tag not in ("script", "style", "template", "svg", "a"):
        state.add(" ")


def _layout_tables(root: etree._Element) -> set[etree._Element]:
    """Find tables that only arrange a page: they hold tables, headings or code."""
    found: set[etree._Element] = set()
    for element in root.iter(*_INSIDE_LAYOUT):
        above = next(element.iterancestors("table"), None)
        if above is not None:
            found.add(above)
    return found


def _enter(state: _State, element: etree._Element, tag: str, layout: bool) -> None:
    if state.code is not None:
        state.code.append("\n" if tag == "br" else "")
    elif tag == "br":
        state.buffer().append("\n" if state.table is None else " ")
    elif tag == "img":
        state.add(element.get("alt"))
    elif tag in ("a", "code", "kbd", "samp", "tt"):
        state.marks.append(len(state.buffer()))
    elif state.table is not None:
        _enter_in_table(state, tag)
    elif tag in _ENTER:
        state.flush()
        _ENTER[tag](state, element)
    elif tag == "table" and not layout:
        state.flush()
        state.table = _Table()
    elif tag in _BLOCKS or tag in _HEADINGS or tag in ("table", "tr", "td", "th", "caption"):
        state.flush()


def _enter_in_table(state: _State, tag: str) -> None:
    table = state.table
    if table is not None and tag == "tr":
        table.rows.append([])
    elif table is not None and tag in ("td", "th"):
        table.cell = []
    elif tag in _BLOCKS or tag in ("li", "caption", "blockquote"):
        state.flush()


def _enter_pre(state: _State, element: etree._Element) -> None:
    state.code = []
    inner = element[0] if len(element) and element[0].tag == "code" else element
    found = _LANGUAGE.search(f"{inner.get('class') or ''} {element.get('class') or ''}"[:500])
    state.language = found.group(1) if found else ""


def _enter_item(state: _State, _: etree._Element) -> None:
    number = state.lists[-1] if state.lists else None
    if number is not None:
        state.lists[-1] = number + 1
    # A further item, or the first of a list within an item, stands right below what is above it.
    state.writer.open("- " if number is None else f"{number}. ", tight=True)


def _enter_ordered(state: _State, element: etree._Element) -> None:
    start = element.get("start") or ""
    _begin_list(state, int(start) if _START.fullmatch(start) else 1)


def _begin_list(state: _State, number: int | None) -> None:
    if not state.lists:
        state.writer.part()
    state.lists.append(number)


_ENTER: dict[str, Callable[[_State, etree._Element], None]] = {
    "pre": _enter_pre,
    "ul": lambda state, _: _begin_list(state, None),
    "menu": lambda state, _: _begin_list(state, None),
    "ol": _enter_ordered,
    "li": _enter_item,
    "blockquote": lambda state, _: state.writer.open("> "),
}


def _leave(state: _State, element: etree._Element, tag: str, layout: bool) -> None:
    if state.code is not None:
        if tag == "pre":
            state.writer.code("".join(state.code), state.language)
            state.code = None
    elif tag == "a":
        _link(state, element.get("href") or "")
    elif tag in ("code", "kbd", "samp", "tt"):
        _code_span(state)
    elif state.table is not None:
        _leave_in_table(state, element, tag)
    elif tag in _HEADINGS:
        state.writer.heading(_HEADINGS[tag], "".join(state.inline))
        state.inline.clear()
    elif tag in ("ul", "ol", "menu"):
        state.flush()
        state.lists = state.lists[:-1]
    elif tag in ("li", "blockquote"):
        state.flush()
        state.writer.close()
    elif tag in _BLOCKS or tag in ("tr", "td", "th", "caption") or (tag == "table" and layout):
        state.flush()


def _leave_in_table(state: _State, element: etree._Element, tag: str) -> None:
    table = state.table
    if table is None:
        return
    if tag in ("td", "th") and table.cell is not None:
        span = element.get("colspan") or ""
        more = int(span) - 1 if _SPAN.fullmatch(span) and int(span) else 0
        table.rows = table.rows or [[]]
        table.rows[-1] += ["".join(table.cell), *[""] * more]
        table.cell = None
    elif tag == "table":
        state.table = None
        state.writer.paragraph("".join(table.outside))
        state.writer.table(table.rows)
    elif tag in _BLOCKS or tag in ("li", "caption", "blockquote"):
        state.flush()


def _link(state: _State, href: str) -> None:
    """Keep the address of a link that leads out of the page's own site; a relative one leads nowhere from here."""
    label = state.since_mark()
    words = " ".join(label.split())
    outward = href.startswith(("https://", "http://", "mailto:")) and not _SPACE.search(href) and ")" not in href
    if words and outward and words != href and "\n" not in label:
        lead, trail = " " * label.startswith(" "), " " * label.endswith(" ")
        state.buffer().append(f"{lead}[{words}]({href}){trail}")
    else:
        state.buffer().append(label)


def _code_span(state: _State) -> None:
    text = state.since_mark()
    words = text.strip()
    if not words or "\n" in words or "``" in words:
        state.buffer().append(text)
        return
    tick = "``" if "`" in words else "`"
    pad = " " if "`" in words else ""
    state.buffer().append(f"{' ' * text[:1].isspace()}{tick}{pad}{words}{pad}{tick}{' ' * text[-1:].isspace()}")
