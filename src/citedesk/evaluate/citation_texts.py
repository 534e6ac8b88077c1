"""Documents made to break citations: every plane of Unicode, every line end, every kind of block and file.

Pure functions of a `random.Random`. Leaves out reading and citing them: `citations.py`.
"""

import csv
import io
import json
import random
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage

# Line ends a text file may have; one document has one of them, or all mixed.
_ENDS = ("\n", "\r\n", "\r")
# What breaks a line for some readers and not for others.
_BREAKS = "\u0085\u2028\u2029\v\f\x1c\x1d\x1e"
_PLAIN = (
    "restart", "the", "pod", "check", "queue", "drain", "node", "open", "ticket", "verify", "that", "login", "works",
    "before", "you", "call", "e.g.", "Dr.", "Smith", "v1.2.3", "`kubectl", "get", "pods", "-n", "shop`", "**bold**",
    "__bold__", "[link](https://example.org/a)", "![img](b.png)", "12:30", "a|b", "\\|", "<b>x</b>", "&", "&amp;",
    "---", "===", "#", ">", "-", "*", "1.", "2)", "```", "~~~", "\\",
)  # fmt: skip
_EMOJI = (
    "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪", "1️⃣", "❤️", "🧑🏿‍🚀", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "😀", "☃",
)  # fmt: skip
_COMBINED = ("e\u0301", "o\u0308", "a\u0323\u0302", "Z\u0351\u0343\u0324", "n\u0303", "\u0301", "\u20e3x", "क्षि", "각")
_RIGHT_TO_LEFT = ("שלום", "مرحبا", "\u202eabc\u202c", "\u2067עולם\u2069", "بِسْمِ", "\u200fx\u200e", "אָלֶף")
_ASTRAL = ("𝔘𝔫𝔦", "𠮷野", "\U0001f9ff", "\U0002fa1d", "\U0003134a", "\U000e0041", "\U000f1234", "\U0010fffd", "𐍈")
_ODD = (
    "\ufeff",
    "\u200b",
    "\u00a0",
    "\u3000",
    "\u2009",
    "\u180e",
    "\x7f",
    "\x01",
    "\x1b[31m",
    "\ufffe",
    "ﬁ",
    "İ",
    "ſ",
    "ẞ",
)
_SECRETS = ("ghp_ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "AKIAABCDEFGHIJKLMNOP", "glpat-ABCDEFGHIJKLMNOPQRST")
_HEADINGS = ("Steps", "Symptoms", "Checks", "Verify", "Escalate", "Rollback", "Related", "Überblick", "手順", "")
# Characters of the longest lines.
_LONG = 20_000


@dataclass(frozen=True, slots=True)
class Drawn:
    """A file to add: its kind, its name, its bytes, and its text if that must be stored as it stands."""

    kind: str
    name: str
    data: bytes
    text: str | None = None


def draw(chance: random.Random, name: str) -> Drawn:
    """Draw a file; the same state of `chance`, the same bytes."""
    kind, make, _ = chance.choices(_KINDS, [weight for _, _, weight in _KINDS])[0]
    return make(chance, kind, name)


def word(chance: random.Random) -> str:
    """Draw a word, most of them plain."""
    drawn = chance.random()
    if drawn < 0.6:
        return chance.choice(_PLAIN)
    if drawn < 0.95:
        return chance.choice(chance.choice((_EMOJI, _COMBINED, _RIGHT_TO_LEFT, _ASTRAL, _ODD)))
    return "".join(_any(chance) for _ in range(chance.randint(1, 4)))


def _any(chance: random.Random) -> str:
    """Draw any character a document may hold, all planes alike: no NUL, no half of a pair."""
    while True:
        point = chance.randrange(17) * 0x10000 + chance.randrange(0x10000)
        if point and not 0xD800 <= point <= 0xDFFF:
            return chr(point)


def _words(chance: random.Random, most: int) -> str:
    glue = chance.choices((" ", "  ", "\t", ""), (12, 1, 1, 1))
    return glue[0].join(word(chance) for _ in range(chance.randint(1, most)))


def _sentence(chance: random.Random) -> str:
    end = chance.choice((". ", "! ", "? ", '." ', ".) ", "。", " ", chance.choice(_BREAKS)))
    return f"{chance.choice(('', 'The ', 'É', '**'))}{_words(chance, 8)}{end}"


def _paragraph(chance: random.Random) -> list[str]:
    return ["".join(_sentence(chance) for _ in range(chance.randint(1, 4))) for _ in range(chance.randint(1, 3))]


def _heading(chance: random.Random) -> list[str]:
    title = f"{chance.choice(_HEADINGS)} {_words(chance, 3)}"
    if chance.random() < 0.2:
        return [title, chance.choice(("===", "---"))]
    return [f"{'#' * chance.randint(1, 7)} {title}"]


def _list(chance: random.Random) -> list[str]:
    lines, depth = [], 0
    for number in range(chance.randint(2, 8)):
        depth = max(0, depth + chance.choice((-1, 0, 0, 1)))
        mark = chance.choice(("-", "*", "+", f"{number + 1}.", f"{number + 1})", "- [ ]", "- [x]"))
        lines.append(f"{chance.choice(('  ', '   ', '    ', chr(9))) * depth}{mark} {_words(chance, 6)}")
        if chance.random() < 0.2:
            lines += ["", f"{'   ' * (depth + 1)}{_words(chance, 5)}"]
    return lines


def _table(chance: random.Random) -> list[str]:
    width = chance.randint(1, 4)

    def row() -> str:
        cells = " | ".join(_words(chance, 2) for _ in range(width))
        return f"| {cells} |" if chance.random() < 0.8 else cells

    return [
        row(),
        "|".join([chance.choice((" --- ", ":-:", "-"))] * width),
        *(row() for _ in range(chance.randint(1, 6))),
    ]


def _code(chance: random.Random) -> list[str]:
    mark = chance.choice("`~") * chance.randint(3, 6)
    indent = " " * chance.choice((0, 0, 1, 3))
    body = [f"{indent}{chance.choice(('', '  ', chr(9)))}{_words(chance, 5)}" for _ in range(chance.randint(0, 5))]
    if chance.random() < 0.2:
        return [f"    {line}" for line in body]
    closing = [indent + mark] if chance.random() < 0.85 else []
    return [f"{indent}{mark}{chance.choice(('', 'sh', 'text attr', '{.x}'))}", *body, *closing]


def _html(chance: random.Random) -> list[str]:
    tag = chance.choice(("div", "table", "details", "p", "pre", "script", "!-- x --"))
    return [f"<{tag}>", _words(chance, 5), f"</{tag}>"]


def _quote(chance: random.Random) -> list[str]:
    return [f"{'> ' * chance.randint(1, 3)}{_words(chance, 6)}" for _ in range(chance.randint(1, 3))]


def _dashes(chance: random.Random) -> list[str]:
    return ["---", f"{chance.choice(('title', 'note', 'x y'))}: {_words(chance, 2)}", "---"]


def _long(chance: random.Random) -> list[str]:
    return [_words(chance, 6) * chance.randint(1, _LONG // 400)]


def _marks(chance: random.Random) -> list[str]:
    """A line that begins with what belongs to the character before it."""
    return [chance.choice(("\u0301", "\u200d", "\ufe0f", "\u0308\u0308", "\u3099")) + _words(chance, 3)]


def _secret(chance: random.Random) -> list[str]:
    return [f"{_words(chance, 2)} {chance.choice(_SECRETS)} {_words(chance, 2)}"]


_BLOCKS: tuple[tuple[Callable[[random.Random], list[str]], int], ...] = (
    (_paragraph, 8), (_heading, 5), (_list, 7), (_table, 4), (_code, 4), (_html, 2), (_quote, 2), (_dashes, 1),
    (_marks, 2), (_long, 1), (_secret, 1),
)  # fmt: skip


def markdown(chance: random.Random, secrets: bool = True) -> str:
    """Draw a Markdown text of some thousand characters, its lines ended in one way or in all."""
    made = [(make, weight) for make, weight in _BLOCKS if secrets or make is not _secret]
    ends = _ENDS if chance.random() < 0.3 else (chance.choice(_ENDS),)
    lines: list[str] = []
    for _ in range(chance.randint(1, 40)):
        block = chance.choices([make for make, _ in made], [weight for _, weight in made])[0]
        lines += [*block(chance), *([""] * chance.choice((0, 1, 1, 1, 2)))]
    text = "".join(line + chance.choice(ends) for line in lines)
    return text.rstrip("\r\n") if chance.random() < 0.3 else text


def _as_text(chance: random.Random, kind: str, name: str) -> Drawn:
    """A Markdown or text file in UTF-8 or UTF-16, with a mark or without; no front matter, no secrets."""
    text = "Begin.\n" + markdown(chance, secrets=False)
    suffix = ".txt" if kind == "text" else ".md"
    if kind == "utf-16":
        return Drawn(kind, name + suffix, text.encode("utf-16"), text)
    mark = b"\xef\xbb\xbf" if chance.random() < 0.2 else b""
    return Drawn(kind, name + suffix, mark + text.encode(), text)


def _with_front(chance: random.Random, kind: str, name: str) -> Drawn:
    end = chance.choice(("\n", "\r\n"))
    front = end.join(("---", f"title: {json.dumps(_words(chance, 3))}", "kind: runbook", "---", ""))
    return Drawn(kind, f"{name}.md", (front + markdown(chance)).encode())


def _as_html(chance: random.Random, kind: str, name: str) -> Drawn:
    parts = [f"<h2>{_words(chance, 3)}</h2>" + "".join(_html_block(chance) for _ in range(4)) for _ in range(8)]
    return Drawn(kind, f"{name}.html", f"<html><body>{''.join(parts)}</body></html>".encode())


def _html_block(chance: random.Random) -> str:
    items = [_words(chance, 5) for _ in range(3)]
    shape = chance.choice(("<p>{}</p>", "<ol><li>{}</li></ol>", "<pre>{}</pre>", "<table><tr><td>{}</td></tr></table>"))
    joint = {"<o": "</li><li>", "<t": "</td></tr><tr><td>"}.get(shape[:2], "\n")
    return shape.format(joint.join(items))


def _as_rows(chance: random.Random, kind: str, name: str) -> Drawn:
    texts = [markdown(chance) for _ in range(3)]
    if kind == "jsonl":
        ascii_only = chance.random() < 0.5
        rows = [
            json.dumps({"_id": f"{name}-{i}", "text": text}, ensure_ascii=ascii_only) for i, text in enumerate(texts)
        ]
        return Drawn(kind, f"{name}.jsonl", "\n".join(rows).encode())
    table = io.StringIO(newline="")
    csv.writer(table).writerows([("id", "text"), *((f"{name}-{i}", text) for i, text in enumerate(texts))])
    return Drawn(kind, f"{name}.csv", table.getvalue().encode())


def _as_mail(chance: random.Random, kind: str, name: str) -> Drawn:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = f"Mail {name}", "desk@example.org"
    mail.set_content(markdown(chance), charset="utf-8", cte="base64")
    return Drawn(kind, f"{name}.eml", mail.as_bytes())


def _as_zip(chance: random.Random, kind: str, name: str) -> Drawn:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(2):
            archive.writestr(zipfile.ZipInfo(f"{name}-{number}.md"), markdown(chance).encode())
    return Drawn(kind, f"{name}.zip", packed.getvalue())


_KINDS: Sequence[tuple[str, Callable[[random.Random, str, str], Drawn], int]] = (
    ("markdown", _as_text, 10), ("text", _as_text, 3), ("utf-16", _as_text, 2), ("front matter", _with_front, 3),
    ("html", _as_html, 2), ("jsonl", _as_rows, 2), ("csv", _as_rows, 2), ("eml", _as_mail, 1), ("zip", _as_zip, 1),
)  # fmt: skip

FEATURES: dict[str, Callable[[str], bool]] = {
    "any but ASCII": lambda quote: not quote.isascii(),
    "astral": lambda quote: max(quote) > "\uffff",
    "combining": lambda quote: any("\u0300" <= c <= "\u036f" for c in quote),
    "zero-width joiner": lambda quote: "\u200d" in quote,
    "right to left": lambda quote: any("\u0590" <= c <= "\u06ff" for c in quote),
    "byte order mark": lambda quote: "\ufeff" in quote,
    "CRLF": lambda quote: "\r\n" in quote,
    "CR alone": lambda quote: "\r" in quote.replace("\r\n", ""),
    "NEL, LS or PS": lambda quote: any(c in quote for c in _BREAKS[:3]),
    "VT, FF or separators": lambda quote: any(c in quote for c in _BREAKS[3:]),
    "tab": lambda quote: "\t" in quote,
    "table row": lambda quote: quote.startswith("|"),
    "code fence": lambda quote: "```" in quote or "~~~" in quote,
    "HTML": lambda quote: "<" in quote,
    "over 1,000 characters": lambda quote: len(quote) > 1000,
    "masked secret": lambda quote: "<TOKEN_" in quote,
}
