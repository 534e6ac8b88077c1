"""Find commands that destroy, expose or interrupt, and orders in words that come to the same.

The list is in `risky/*.toml`: `[family.name]` with a kind, what it does, words of which a text must hold one, an
expression, and examples that it must and must not match. A command that a sentence warns of ("never run ...") is found
but marked. Every expression is linear-time: repetitions are bounded and none stands within another. Leaves out what
follows from a find, which `answer/output.py` decides, and commands hidden behind variables, encodings or scripts.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from citedesk.text import has_any

# Kinds, gravest first.
_GRAVITY = ("destroys", "exposes", "interrupts")
# Characters of a command that are shown.
_SHOWN = 200
# Characters of a line that are looked at on either side of a command for its code span.
_LINE = 5000
# Characters before a command in which its negation stands.
_REACH = 120

# What the tables write for short. <cmd>: where a program's name begins. <shell>: where a command line begins. <gap>:
# any arguments of the same command. <end>: where a word ends. <lead>: where an order in words begins. <the>: articles.
_SHORT = {
    "<cmd>": r"(?<![\w.-])",
    "<shell>": r"(?:^|[\n`;&|$#]\s{0,4})",
    "<gap>": r"[^\n;|&`]{0,160}?",
    "<end>": r"(?![\w-])",
    "<lead>": (
        r"(?:^\s{0,4}(?:\d{1,3}[.)]\s{1,3})?|[.:;,(!?]\s{1,3}|\n\s{0,4}(?:\d{1,3}[.)]\s{1,3}|[-*]\s{1,3})?"
        r"|\b(?:then|and|now|please|must|should|shall|can|could|may|might|to|or|just|simply|first|next|always|you)\s{1,3})"
    ),
    "<the>": r"(?:(?:the|a|an|your|his|her|their|all|any|every|this|that|our|its|of|whole|entire)\s{1,3}){0,3}",
}
# Letters that word processors and attackers write for ASCII ones, each for one, so that places stay the same.
_LOOKS = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\u3000", " "),
        **dict.fromkeys("\u2018\u2019\u201b\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u2033", '"'),
        **dict(zip("асеорхуіјѕԁһԛԝкм", "aceopxyijsdhqwkm", strict=True)),
        **dict(zip("АВСЕНІЈКМОРЅТХУ", "ABCEHIJKMOPSTXY", strict=True)),
        **dict(zip("ſKıİ", "skiI", strict=True)),
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    }
)
_CONTINUED = re.compile(r"\\\r?\n")
_DRY = re.compile(r"--dry-?run(?!=(?:none|false))(?![\w-])|-WhatIf\b|--what-if\b|--noop\b|--simulate\b|--help\b")
# Families whose programs know such an option; SQL, where `--` begins a remark, is none of them.
_REHEARSABLE = frozenset(
    {"kubernetes", "iac", "cloud", "containers", "queues", "git", "machines", "windows", "backups"}
)
_NEGATION = re.compile(
    r"\b(?:never|do\s+not|don't|does\s+not|must\s+not|mustn't|may\s+not|should\s+not|shouldn't|cannot|can't|can\s+not|need\s+not"
    r"|no\s+one\s+(?:may|should|must)|nobody\s+(?:may|should|must)|avoid|without|instead\s+of|rather\s+than|refuse\s+to"
    r"|nie(?:mals)?|nicht|kein(?:e|en|er)?|nunca|jamás|jamais|ne\s+(?:pas|jamais)|evite|évitez|sin|sans|ohne|statt)\b",
    re.IGNORECASE,
)
# After a negation: another order begins, or what is negated is not the command.
_BROKEN = re.compile(
    r"[.;:!?](?:\s|$)|\n|\b(?:but|instead,|rather,|then|unless|sondern|sino|mais|aber|pero)\b"
    r"|,\s{1,3}(?:just\s+|simply\s+|always\s+|then\s+|please\s+)?(?:run|use|execute|type|enter|do|issue|paste|call)\b"
    r"|\b(?:hesitate|worry|forget|fail|wait|miss|skip|omit|only|be\s+afraid|neglect|delay|zögern|vergessen|zögere|warte)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class RiskyCommand:
    """A line of the list. yes, no: examples that it matches, and look-alikes that it does not."""

    family: str
    name: str
    kind: str
    why: str
    words: tuple[str, ...]
    expression: re.Pattern[str]
    yes: tuple[str, ...]
    no: tuple[str, ...]

    def matches(self, text: str) -> list[re.Match[str]]:
        """List where it stands in a text of plain ASCII looks; what only says what it would do is left out."""
        return [match for match in self.expression.finditer(text) if not _rehearsed(self, text, match)]


@dataclass(frozen=True, slots=True)
class RiskFound:
    """A risky command at `[start, end)`, as it stands there, and whether the text warns of it."""

    name: str
    kind: str
    why: str
    start: int
    end: int
    command: str
    warned: bool


@lru_cache(maxsize=1)
def risky_commands() -> tuple[RiskyCommand, ...]:
    """Read the list, in the order of its files."""
    found = []
    for path in sorted((Path(__file__).parent / "risky").glob("*.toml")):
        for family, lines in tomllib.loads(path.read_text(encoding="utf-8")).items():
            found += [_line(family, name, line) for name, line in lines.items()]
    return tuple(found)


def _line(family: str, name: str, line: dict[str, object]) -> RiskyCommand:
    shape = str(line["shape"])
    for short, long in _SHORT.items():
        shape = shape.replace(short, long)
    words, yes, no = (tuple(map(str, value)) for key in ("words", "yes", "no") if isinstance(value := line[key], list))
    return RiskyCommand(
        family, name, str(line["kind"]), str(line["why"]), words, re.compile(shape, re.IGNORECASE), yes, no
    )


def risks(text: str) -> tuple[RiskFound, ...]:
    """Find risky commands.

    Args:
        text: a sentence or step in plain words, inline code in backticks; any length, in linear time.

    Returns:
        Finds in text order that do not overlap; of two that would, the graver stays.
    """
    shown = _CONTINUED.sub(lambda broken: " " * len(broken.group()), text).translate(_LOOKS)
    low = shown.lower()
    found = [(line, match) for line in risky_commands() if has_any(low, line.words) for match in line.matches(shown)]
    kept: list[tuple[RiskyCommand, re.Match[str]]] = []
    taken = bytearray(len(shown))
    for line, match in sorted(found, key=lambda one: (_GRAVITY.index(one[0].kind), one[1].start())):
        start, end = match.span()
        if taken.find(1, start, end) < 0:
            taken[start:end] = b"\1" * (end - start)
            kept.append((line, match))
    return tuple(_found(line, text, shown, match) for line, match in sorted(kept, key=lambda one: one[1].start()))


def _found(line: RiskyCommand, text: str, shown: str, match: re.Match[str]) -> RiskFound:
    begin = match.start() + len(match.group()) - len(match.group().lstrip(" \t\r\n`;,.:!?(&|$#"))
    start, end = _command(shown, begin, match.end())
    warned = _negated(shown, begin)
    return RiskFound(line.name, line.kind, line.why, match.start(), match.end(), text[start:end], warned)


def _command(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a find to its code span, else to its line or sentence, within what is shown."""
    first = max(0, start - _LINE)
    line = max(first, text.rfind("\n", first, start) + 1)
    open_, close = text.rfind("`", line, start), text.find("`", end, end + _LINE)
    if text.count("`", line, start) % 2 == 1 and close >= 0:
        start, end = open_ + 1, close
    else:
        rest = re.compile(r"[^\n`]{0,200}?(?=[.!?](?:\s|$)|[\n`]|$)").match(text, end)
        end = rest.end() if rest else end
    return start, min(end, start + _SHOWN)


def _rehearsed(line: RiskyCommand, text: str, match: re.Match[str]) -> bool:
    """Tell whether the command only says what it would do."""
    if line.family not in _REHEARSABLE:
        return False
    rest = re.compile(r"[^\n;|&`#]{0,400}").match(text, match.start() + 1)
    return rest is not None and _DRY.search(match.group() + rest.group()) is not None


def _negated(text: str, start: int) -> bool:
    """Tell whether the words before a command forbid it."""
    before = text[max(0, start - _REACH) : start]
    last = max(_NEGATION.finditer(before), key=re.Match.end, default=None)
    return last is not None and _BROKEN.search(re.sub(r"`[^`\n]*`", "", before[last.end() :])) is None
