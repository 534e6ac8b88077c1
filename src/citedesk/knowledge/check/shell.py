"""Does a shell command parse? Quotes, substitutions, here-documents and operators, read as a POSIX shell or bash would.

A scanner, not a parser: it reports only what no shell takes, so that documentation with placeholders (`<name>`, `...`)
passes. Leaves out keywords (if, for, case) and what the command does; nothing is ever run. Own code, as shlex knows
neither substitutions nor here-documents, bashlex is under the GPL, and `bash -n` is not on every machine.
Source: POSIX.1-2024, Shell Command Language, 2.2 Quoting, 2.3 Token Recognition, 2.7.4 Here-Document; bash(1).
"""

import re
from dataclasses import dataclass, field

# `<name>`, `<your pod's name>`, `<<token>>`: a word to be filled in, which may hold an apostrophe.
_PLACEHOLDER = re.compile(r"<[A-Za-z_$][^<>|&;\n\"`]{0,80}>|<<[A-Za-z_][^<>\s]{0,80}>>")
_HERE = re.compile(r"<<(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([A-Za-z_!][\w.!-]*))")
_CASE = re.compile(r"\bcase\b")
_BLANK_TO_END = re.compile(r"[ \t]+\n")
_SINGLE = re.compile(r"'[^']*'")
_ANSI = re.compile(r"'(?:[^'\\]|\\[\s\S])*'")
_OPERATORS = ("&&", "||", "|&", ";;", "|", ";", "&")
# Operators that need a command after them, and one before.
_BINARY = ("&&", "||", "|&", "|")
_NAMES = {
    "$(": "the substitution $( is not closed; add the missing )",
    "((": "the arithmetic (( is not closed; add the missing ))",
    "(": "the parenthesis ( is not closed; add the missing ), or quote it",
    "${": "the expansion ${ is not closed; add the missing }",
    "`": "the backtick ` is not closed; add the missing one",
    '"': 'the quote " is not closed; add the missing one, or escape it',
    "'": "the quote ' is not closed; add the missing one, or escape it",
}
_FOREIGN = {
    "\u00a0": "a non-breaking space", "\u200b": "an invisible zero-width space",
    "\u2018": "the typographic quote ‘", "\u2019": "the typographic quote ’",
    "\u201c": "the typographic quote “", "\u201d": "the typographic quote ”",
}  # fmt: skip
_DASHES = {"\u2013": "an en dash", "\u2014": "an em dash", "\u2212": "a minus sign"}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a command, and the character where it is.

    open: the text ends too soon, so that more lines might mend it.
    """

    message: str
    place: int
    open: bool = False


@dataclass(slots=True)
class _Scan:
    """The state of one reading: what is open, here-documents waiting for the line's end, and the last operator.

    begun: the command has a word. word: the next character goes on with one. tick: where in the stack a backtick is.
    cases: the text holds a `case`.
    """

    text: str
    at: int = 0
    stack: list[tuple[str, int]] = field(default_factory=list)
    waiting: list[tuple[str, bool, int]] = field(default_factory=list)
    operator: tuple[str, int] | None = None
    begun: bool = False
    word: bool = False
    tick: int = -1
    cases: bool = False
    faults: list[Fault] = field(default_factory=list)


def fault(text: str) -> Fault | None:
    """Find the first thing that keeps a shell from reading a text; None if there is none.

    Args:
        text: one or more commands, of any length; read once.
    """
    scan = _Scan(text.rstrip(), cases=_CASE.search(text) is not None)
    while scan.at < len(scan.text) and not scan.faults:
        _step(scan)
    if not scan.faults:
        _end(scan)
    return scan.faults[0] if scan.faults else None


def _step(scan: _Scan) -> None:
    """Read on by at least one character."""
    inside = scan.stack[-1][0] if scan.stack else ""
    char = scan.text[scan.at]
    if char == "\\":
        _escape(scan)
    elif inside == '"':
        _quoted(scan, char)
    elif inside == "${":
        _expansion(scan, char)
    elif char == "\n":
        _line_end(scan)
    elif char in " \t\r":
        scan.at, scan.word = scan.at + 1, False
    elif char == "#" and not scan.word and inside != "((":
        end = scan.text.find("\n", scan.at)
        scan.at = len(scan.text) if end < 0 else end
    else:
        _plain(scan, char, inside)


def _take(scan: _Scan, end: int) -> None:
    """Take what stands before a place as part of a word."""
    scan.at, scan.word, scan.operator, scan.begun = end, True, None, True


def _escape(scan: _Scan) -> None:
    """Read a backslash and what it escapes; before white space it must end the line."""
    after = scan.text[scan.at + 1 : scan.at + 2]
    outside = not scan.stack or scan.stack[-1][0] != '"'
    if after == "" and outside:
        scan.faults.append(Fault("it ends in a backslash; add the missing line or remove it", scan.at, open=True))
    elif outside and _BLANK_TO_END.match(scan.text, scan.at + 1):
        scan.faults.append(Fault("a space follows the backslash, so the command ends there; remove it", scan.at))
    elif after == "\n":
        scan.at += 2
    else:
        _take(scan, scan.at + 2)


def _quoted(scan: _Scan, char: str) -> None:
    """Read inside double quotes, where only $, ` and the quote itself mean anything."""
    if char == '"':
        scan.stack.pop()
        scan.at += 1
    elif char == "$" and scan.text[scan.at + 1 : scan.at + 2] in ("(", "{"):
        _open(scan, "$((" if scan.text.startswith("$((", scan.at) else scan.text[scan.at : scan.at + 2])
    elif char == "`":
        _backtick(scan)
    else:
        scan.at += 1


def _expansion(scan: _Scan, char: str) -> None:
    """Read inside ${...}, where an apostrophe means nothing certain: bash and sh differ within quotes."""
    if char == "}":
        scan.stack.pop()
        scan.at += 1
    elif char == '"':
        _open(scan, '"')
    elif char == "$" and scan.text[scan.at + 1 : scan.at + 2] in ("(", "{"):
        _open(scan, scan.text[scan.at : scan.at + 2])
    else:
        scan.at += 1


def _plain(scan: _Scan, char: str, inside: str) -> None:
    """Read a character of a command outside of quotes."""
    text, at = scan.text, scan.at
    if inside == "((" or not _operator(scan):  # within arithmetic, | and & are numbers' business
        if char == "'":
            _single(scan)
        elif char == '"':
            _open(scan, '"')
        elif char == "`":
            _backtick(scan)
        elif char == "$" and text[at + 1 : at + 2] in ("(", "{"):
            _open(scan, "$((" if text.startswith("$((", at) else text[at : at + 2])
        elif char == "(":
            _open(scan, "((" if text.startswith("((", at) and inside != "((" else "(")
        elif char == ")":
            _close(scan, inside)
        else:
            _word(scan, inside)


def _operator(scan: _Scan) -> bool:
    found = next((sign for sign in _OPERATORS if scan.text.startswith(sign, scan.at)), None)
    if found is None or scan.text[scan.at - 1 : scan.at] in ("<", ">") or scan.text.startswith("&>", scan.at):
        return False
    if found in _BINARY:
        if not scan.begun:
            scan.faults.append(Fault(f"nothing stands before {found}; join it to the line before it", scan.at))
        scan.operator = (found, scan.at)
    else:
        scan.operator = None
    scan.at, scan.word, scan.begun = scan.at + len(found), False, False
    return True


def _single(scan: _Scan) -> None:
    """Read '...' or $'...', to the closing quote."""
    ansi = scan.at > 0 and scan.text[scan.at - 1] == "$"
    match = (_ANSI if ansi else _SINGLE).match(scan.text, scan.at)
    if match is None:
        scan.faults.append(Fault(_NAMES["'"], scan.at, open=True))
        return
    _take(scan, match.end())


def _open(scan: _Scan, sign: str) -> None:
    scan.stack.append((sign.removeprefix("$") if sign == "$((" else sign, scan.at))
    scan.at, scan.operator = scan.at + len(sign), None
    scan.word = sign in ('"', "${")
    scan.begun = scan.word or sign.endswith("((")


def _backtick(scan: _Scan) -> None:
    if scan.tick < 0:
        scan.tick = len(scan.stack)
        _open(scan, "`")
        return
    del scan.stack[scan.tick :]
    scan.at, scan.tick, scan.word, scan.begun = scan.at + 1, -1, True, True


def _close(scan: _Scan, inside: str) -> None:
    """Close a parenthesis; one that was never opened may end a pattern of `case`."""
    width = 1
    if inside == "" and not scan.cases:
        scan.faults.append(Fault("the ) closes nothing; remove it, or quote it", scan.at))
    if inside == "((" and scan.text.startswith("))", scan.at):
        width = 2
        scan.stack.pop()
    elif inside == "((":  # it was a subshell first thing in a substitution or a subshell
        scan.stack[-1] = ("(", scan.stack[-1][1])
    elif inside in ("$(", "("):
        scan.stack.pop()
    _take(scan, scan.at + width)


def _word(scan: _Scan, inside: str) -> None:
    """Read a character of a word, a redirection, a here-document's mark or a placeholder."""
    text, at = scan.text, scan.at
    if text[at] == "<" and inside != "((":
        filled = _PLACEHOLDER.match(text, at)
        if filled:
            _take(scan, filled.end())
            return
        if text.startswith("<<<", at):
            scan.at, scan.word, scan.operator, scan.begun = at + 3, False, None, True
            return
        here = _HERE.match(text, at)
        if here:
            mark = here.group(2) or here.group(3) or here.group(4)
            scan.waiting.append((mark, bool(here.group(1)), at))
            _take(scan, here.end())
            return
    _foreign(scan, text[at])
    scan.at, scan.word, scan.operator, scan.begun = at + 1, text[at] not in "<>", None, True


def _foreign(scan: _Scan, char: str) -> None:
    """Report a character that a word processor put in place of a plain one."""
    if char in _FOREIGN:
        message = f"{_FOREIGN[char]} stands in the command; type the plain character"
        scan.faults.append(Fault(message, scan.at))
    elif char in _DASHES and not scan.word and scan.text[scan.at + 1 : scan.at + 2].isalnum():
        message = f"{_DASHES[char]} begins an option; type - or --"
        scan.faults.append(Fault(message, scan.at))


def _line_end(scan: _Scan) -> None:
    scan.at, scan.word = scan.at + 1, False
    if scan.operator is None:
        scan.begun = False
    for mark, tabs, place in scan.waiting:
        if not _skip_here(scan, mark, tabs):
            message = f"the here-document is not closed; end it with a line of {mark} alone"
            scan.faults.append(Fault(message, place, open=True))
            return
    scan.waiting.clear()


def _skip_here(scan: _Scan, mark: str, tabs: bool) -> bool:
    """Pass over the lines of a here-document; False if no line ends it."""
    while scan.at < len(scan.text):
        end = scan.text.find("\n", scan.at)
        end = len(scan.text) if end < 0 else end
        line = scan.text[scan.at : end]
        scan.at = min(end + 1, len(scan.text))
        if (line.lstrip("\t") if tabs else line).rstrip("\r") == mark:
            return True
    return False


def _end(scan: _Scan) -> None:
    if scan.stack:
        sign, place = scan.stack[-1]
        scan.faults.append(Fault(_NAMES[sign], place, open=True))
    elif scan.waiting:
        mark, _, place = scan.waiting[0]
        message = f"the here-document is not closed; end it with a line of {mark} alone"
        scan.faults.append(Fault(message, place, open=True))
    elif scan.operator:
        sign, place = scan.operator
        scan.faults.append(Fault(f"it ends in {sign}; add the command that follows, or remove it", place, open=True))
