"""Reduce a text to what it means: atoms in order, with the few differences of wording taken out that change nothing.

Two texts of the same atoms say the same: the same words in the same order and form, every value and command character
for character. What is taken out is closed and listed in `meaning_words.py`: "please", contractions, pairs of
words that are alike, and the place of one condition ("if X, do Y" and "do Y if X"). Nothing is stemmed: "restart" and
"restarted", "pod" and "pods" differ in what is claimed. Leaves out paraphrase: what is not provably the same differs.
Every expression reads a text in time linear in its length.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from citedesk.answer import meaning_words as known

# A command or name in backticks; a label in quotation marks; else what stands between spaces.
_TOKEN = re.compile(r'`[^`\n]{1,4000}`|"[^"\n]{1,500}"|[^\s`"]+|[`"]')
_NUMBERED = re.compile(r"\s{0,8}(\d{1,3})[.)]\s")
_PLAIN_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_NUMBER = re.compile(r"[+-]?\d[\d.,]*")
_BEFORE, _BEHIND = "([{<'", ".,;:!?)]}>'…"
_STOPS = {".": ".", "!": ".", ";": ".", "?": "?"}
_TYPOGRAPHY = str.maketrans({"“": '"', "”": '"', "„": '"', "’": "'", "‘": "'"})


class Atom(NamedTuple):
    """One thing said: kind `word`, `value`, `code` or `mark`; `name` marks a word that is capital within a sentence."""

    kind: str
    text: str
    name: bool = False


COMMA, COLON = Atom("mark", ","), Atom("mark", ":")
Said = tuple[Atom, ...]
_THE = Atom("word", "the")
_JOINING = frozenset({"and", "or", "but", "because", "so"})


def numbered(text: str) -> str:
    """Give the number a step begins with, such as `3.`; nothing if it has none."""
    found = _NUMBERED.match(text)
    return f"{found[1]}." if found else ""


def without_number(text: str) -> str:
    """Take the number of a step off its front."""
    found = _NUMBERED.match(text)
    return text[found.end() :] if found else text


def meaning(text: str) -> tuple[Said, ...]:
    """Reduce a text to its sentences, each of atoms; the number of a step does not count.

    Two texts of the same meaning say the same; different ones may yet.
    """
    return tuple(in_normal_order(sentence) for sentence in sentences(text))


def says_the_same(claim: Sequence[Said], quote: Sequence[Said]) -> bool:
    """Tell whether a claim means what a quote means; it may leave out "the" where that bounds nothing, not add it.

    Args:
        claim: as `meaning` reduces it.
        quote: the same.
    """
    return len(claim) == len(quote) and all(map(_matches, claim, quote))


def _matches(claim: Said, quote: Said) -> bool:
    at = 0
    for place, atom in enumerate(quote):
        if at < len(claim) and claim[at] == atom:
            at += 1
        elif atom != _THE or quote[place + 1 : place + 2] == () or quote[place + 1].text in known.QUANTITIES:
            return False
    return at == len(claim)


def atoms(text: str) -> Said:
    """List the atoms of a text before clauses change places."""
    return tuple(atom for sentence in sentences(text) for atom in sentence)


def sentences(text: str) -> list[Said]:
    """Cut a text into sentences of atoms, words reduced, clauses where they stand."""
    found: list[Said] = []
    current: list[Atom] = []
    for atom in _tokens(without_number(text).translate(_TYPOGRAPHY)):
        if atom.kind == "mark" and atom.text in _STOPS:
            if current:
                # A question is no statement, whatever its words.
                found.append((*_reduced(current), *([Atom("mark", "?")] if atom.text == "?" else [])))
            current = []
        else:
            current.append(atom)
    return [*found, _reduced(current)] if current else found


def _tokens(text: str) -> Iterator[Atom]:
    for found in _TOKEN.finditer(unicodedata.normalize("NFC", text)):
        token = found.group()
        if len(token) > 1 and token[0] == "`":
            yield Atom("code", token[1:-1])
        elif len(token) > 1 and token[0] == '"':
            # A comma or stop within the quotation marks is part of the label.
            yield Atom("value", token)
        else:
            yield from _peeled(token)


def _peeled(token: str) -> Iterator[Atom]:
    """Take the punctuation off both ends of what stood between spaces."""
    start, end = 0, len(token)
    while start < end and token[start] in _BEFORE:
        yield Atom("mark", token[start])
        start += 1
    behind: list[Atom] = []
    while end > start and token[end - 1] in _BEHIND:
        end -= 1
        behind.append(Atom("mark", token[end]))
    if start < end:
        yield from _core(token[start:end])
    yield from reversed(behind)


def _core(core: str) -> Iterator[Atom]:
    if _PLAIN_WORD.fullmatch(core) and not any(c.isupper() for c in core[1:]):
        yield Atom("word", core, core[0].isupper())
    elif core[-1] == "%" and _NUMBER.fullmatch(core[:-1]):
        yield from (Atom("value", core[:-1]), Atom("mark", "%"))
    else:
        yield Atom("value" if any(c.isalnum() for c in core) else "mark", core)


def _reduced(raw: Sequence[Atom]) -> Said:
    """Write each word as its group's first, without what says nothing."""
    expanded: list[Atom] = []
    for place, atom in enumerate(raw):
        # The first word is capital in any sentence, so that this says nothing about it.
        name = atom.name and place > 0
        if atom.kind == "word" and not name:
            word = atom.text.lower()
            expanded += [Atom("word", part) for part in known.CONTRACTIONS.get(word, (word,))]
        else:
            expanded.append(Atom(atom.kind, atom.text, name))
    return _without_idle_commas(_grouped(_compared(_joined(expanded))))


def _joined(found: Sequence[Atom]) -> list[Atom]:
    """Write phrases as one word, longest first, and leave out free words."""
    kept: list[Atom] = []
    words = [atom for atom in found if atom.kind != "word" or atom.name or atom.text not in known.FREE]
    at = 0
    while at < len(words):
        length = next((n for n in (4, 3, 2) if _phrase(words[at : at + n], n)), 0)
        if length:
            kept.append(Atom("word", _phrase(words[at : at + length], length)))
        else:
            kept.append(words[at])
        at += length or 1
    while len(kept) > 1 and kept[0].kind == "word" and kept[0].text in known.LEADS:
        kept = kept[2:] if kept[1] == COMMA else kept[1:]
    return kept


def _phrase(words: Sequence[Atom], length: int) -> str:
    if len(words) < length or any(atom.kind != "word" or atom.name for atom in words):
        return ""
    return known.PHRASES.get(tuple(atom.text for atom in words), "")


def _compared(found: Sequence[Atom]) -> list[Atom]:
    """Write numbers as digits, and comparisons and units beside a number as one."""
    digits = [
        Atom("value", known.NUMBERS[atom.text]) if atom.kind == "word" and atom.text in known.NUMBERS else atom
        for atom in found
    ]
    kept: list[Atom] = []
    for place, atom in enumerate(digits):
        number_next = place + 1 < len(digits) and _is_number(digits[place + 1])
        if atom.kind == "word" and number_next and atom.text in known.COMPARES:
            kept.append(Atom("word", known.COMPARES[atom.text]))
        elif atom == Atom("word", "percent"):
            kept.append(Atom("mark", "%"))
        else:
            kept.append(atom)
    return kept


def _is_number(atom: Atom) -> bool:
    return atom.kind == "value" and _NUMBER.fullmatch(atom.text) is not None


def _grouped(found: Sequence[Atom]) -> list[Atom]:
    grouped = []
    for place, atom in enumerate(found):
        behind_number = place > 0 and _is_number(found[place - 1])
        alike = atom.kind == "word" and not atom.name and (atom.text not in known.UNITS or behind_number)
        grouped.append(Atom(atom.kind, known.SAME.get(atom.text, atom.text) if alike else atom.text))
    return grouped


def _without_idle_commas(found: Sequence[Atom]) -> Said:
    """Drop the comma before the one "and", "or", "but", "because" or "so" of a plain sentence.

    Where anything is denied, conditional or nested a comma says what belongs together, and stays.
    """
    said = Counter(atom.text for atom in found if atom.kind == "word")
    joining = sum(said[word] for word in _JOINING)
    nested = (known.NEGATIONS | known.OPENERS | known.TANGLED | known.OTHERS | {"only"}) - _JOINING
    if joining != 1 or said.keys() & nested:
        return tuple(found)
    following = [*found[1:], COMMA]
    return tuple(a for a, b in zip(found, following, strict=True) if a != COMMA or b.text not in _JOINING)


def in_normal_order(sentence: Said) -> Said:
    """Put the one condition of a sentence of atoms first, if it may stand on either side."""
    at = [place for place, atom in enumerate(sentence) if atom.kind == "word" and atom.text in known.OPENERS]
    if len(at) != 1 or any(a.kind == "mark" and a not in (COMMA, Atom("mark", "%")) for a in sentence):
        return sentence
    commas = [place for place, atom in enumerate(sentence) if atom == COMMA]
    if at[0] == 0 and len(commas) == 1:
        clause, rest = sentence[: commas[0]], sentence[commas[0] + 1 :]
        rest = rest[1:] if rest[:1] == (Atom("word", "then"),) else rest
    elif at[0] > 0 and commas in ([], [at[0] - 1]):
        clause, rest = sentence[at[0] :], sentence[: at[0] - len(commas)]
    else:
        return sentence
    if len(clause) < 2 or len(rest) < 2 or _tangled(clause, rest):
        return sentence
    return _leading(clause, rest)


def _tangled(clause: Said, rest: Said) -> bool:
    """Tell whether it would be unclear in another order what the clause belongs to."""
    opener, inner = clause[0].text, clause[1:]
    words = {atom.text for atom in (*inner, *rest) if atom.kind == "word"}
    main = {atom.text for atom in rest}
    asked = opener in ("if", *known.ALIKE_IN_FRONT) and main & known.COMPLEMENTED
    denied = opener == "because" and words & known.NEGATIONS
    movable = opener in known.MOVABLE or (
        opener in known.MOVABLE_BEFORE_DOING and _leading(clause, rest)[1].kind == "doing"
    )
    return bool(
        not movable
        or asked
        or denied
        or words & (known.TANGLED | {"only"})
        or main & known.OTHERS
        or rest[-1].text in known.BINDS_NEXT
        or rest[-1].text.endswith(known.PARTICIPLES)
        or (opener != "because" and _of_the_past(inner))
    )


def _of_the_past(inner: Said) -> bool:
    return any(
        after.text in known.PAST or (after.text.endswith("ed") and before.text not in known.AUXILIARIES)
        for before, after in pairwise((COMMA, *inner))
    )


def _leading(clause: Said, rest: Said) -> Said:
    opener = known.ALIKE_IN_FRONT.get(clause[0].text, clause[0].text)
    inner = _doing(clause[1:]) if rest[0].text in known.ORDERS else clause[1:]
    return (Atom("word", opener), *inner, COMMA, *rest)


def _doing(inner: Said) -> Said:
    """Write "you restart" and "restarting" alike, where the reader is told to do something."""
    if len(inner) > 1 and inner[0] == Atom("word", "you") and inner[1].kind == "word":
        return (Atom("doing", _root(inner[1].text)), *inner[2:])
    if inner[0].kind == "word" and inner[0].text.endswith("ing") and inner[0].text not in known.NOT_DOING:
        return (Atom("doing", _root(inner[0].text[:-3])), *inner[1:])
    return inner


def _root(verb: str) -> str:
    """Cut a verb to what its forms share before "-ing": "mov" of move and moving, "run" of run and running."""
    cut = verb.removesuffix("e")
    return cut[:-1] if len(cut) > 2 and cut[-1] == cut[-2] and cut[-1] in "bdgmnprt" else cut
