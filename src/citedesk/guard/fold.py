"""Fold a text to what a reader makes of it, so that disguised words look like themselves.

Compatibility forms, accents, look-alike letters, invisible characters, HTML entities, spaced-out and hyphenated words,
digits for letters and stretched letters go; every folded character knows where it stood. Leaves out encoded text
(`fragments.py`). Source: Unicode TR 36 and TR 39 (confusables; a selection is listed here).
"""

import html
import re
import unicodedata
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint32]
Positions = NDArray[np.int64]

# Parts of a batch are held apart by it; in a text it is removed as any control character.
BOUNDARY = "\x00"
# Rounds of undoing: what one uncovers the next may undo; hostile text must not decide how many.
_ROUNDS = 6

# Look-alikes that no compatibility form resolves: Cyrillic, Greek, Armenian, small capitals and such, by ASCII letter.
_CONFUSABLES = {
    "a": "аαɑᴀ∀Λ∂ꭺ", "b": "ЬвβʙᏏƀɓ", "c": "сϲᴄⅽ¢ꮯ", "d": "ԁᴅɗđꓒ", "e": "еєεᴇ℮ҽɛəɘǝ€", "f": "ꜰƒϝ", "g": "ɡɢԍց",
    "h": "һнʜհ", "i": "іιɪıɩӏ", "j": "јᴊϳ", "k": "кκᴋƙ", "l": "ʟⅼłƖ", "m": "мᴍɱ", "n": "пηɴոռи",
    "o": "оοσᴏօø๐ჿ०", "p": "рρᴘþ", "q": "ԛգզ", "r": "гᴦʀɾя", "s": "ѕꜱʂ", "t": "тτᴛŧ", "u": "υᴜսμцʊ",
    "v": "ѵνᴠ∨", "w": "ѡωᴡԝшɯ", "x": "хχ×", "y": "уγʏүყ", "z": "ᴢʐƶ", "'": "’‘ʼ`´", '"': "“”„«»",
    "-": "‐‑‒–—−﹣", "<": "‹", ">": "›", "/": "⁄∕", ".": "․·•",
}  # fmt: skip
_LOOKS_LIKE = {ord(odd): plain for plain, odds in _CONFUSABLES.items() for odd in odds}
# Letters in squares and circles that have no compatibility form, and regional indicators: first code point of A to Z.
_ALPHABETS = (0x1F150, 0x1F170, 0x1F1E6, 0xE0041, 0xE0061)
_IGNORED = "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800"
_LOOKS_LIKE |= {first + i: chr(97 + i) for first in _ALPHABETS for i in range(26)} | dict.fromkeys(
    map(ord, _IGNORED), ""
)

_ENTITY = re.compile(r"&(?:(?:amp|#38|#x26);){0,8}(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,24}\d{0,2});")
# Single letters held apart: three or more, then what follows of them.
_SPACED = re.compile(r"(?<![a-z0-9@$!])[a-z0-9@$](?:[ \t._*|/+~,^:;=-]{1,4}[a-z0-9@$](?![a-z0-9@$])){3,}")
_NARROW = re.compile(r"[^a-z0-9@$ \t]")
_LEET = dict(zip("01345789@$!|", "oieastbgasil", strict=True))
_DIGITS_ROW = re.compile(r"\d{3}")
_ORDINAL = re.compile(r"\d{1,2}(?:st|nd|rd|th|er|me)")
_TWICE = re.compile(r"(?<![a-z])(?:([a-z])\1){3,}(?![a-z])")

_LETTER = np.zeros(128, dtype=bool)
_LETTER[97:123] = True
_WORD = np.zeros(128, dtype=bool)
_WORD[[*range(48, 58), *range(97, 123), *map(ord, "@$!|")]] = True
_LONGEST_WORD = 25
_SEPARATOR = np.zeros(128, dtype=bool)
_SEPARATOR[[ord(c) for c in "-._*~|^+"]] = True
_BLANK = np.zeros(128, dtype=bool)
_BLANK[[9, 11, 12, 32]] = True


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text in lower case; `starts[i]` is where its character i stood in the raw text, never falling."""

    text: str
    starts: Positions

    def span(self, start: int, end: int, length: int) -> tuple[int, int]:
        """Give the raw span of folded characters `[start, end)`; `length` is the raw text's."""
        if start >= end:
            return (0, 0)
        first, last = int(self.starts[start]), int(self.starts[end - 1])
        return first, min(last + 1, length)


def fold(text: str) -> Folded:
    """Fold a text; folding again changes nothing. Takes any string, half characters too, in linear time."""
    folded, starts = fold_parts(text.replace(BOUNDARY, " "))
    return Folded(folded, starts)


def fold_parts(text: str) -> tuple[str, Positions]:
    """Fold texts that are held apart by BOUNDARY, which stays.

    Returns:
        The folded text, and for each character its raw position (int64).
    """
    codes, starts = codes_of(text), np.arange(len(text), dtype=np.int64)
    for _ in range(_ROUNDS):
        before = len(codes)
        codes, starts, now = _round(codes, starts, text)
        if now == text and len(codes) == before:
            break
        text = now
    return text, starts


def codes_of(text: str) -> Codes:
    """Give a text's code points: (n,) uint32."""
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), dtype=np.uint8).astype(np.uint32)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).copy()


def text_of(codes: Codes) -> str:
    """Give the text of code points."""
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


def _round(codes: Codes, starts: Positions, text: str) -> tuple[Codes, Positions, str]:
    if "&" in text:
        codes, starts = _entities(codes, starts, text)
        text = text_of(codes)
    codes, starts = _plain(codes, starts)
    codes, starts = _without_blanks(codes, starts)
    text = text_of(codes)
    keep = np.ones(len(codes), dtype=bool)
    starting, ending = _runs(codes)
    if _held_apart(starting, ending):
        for match in _SPACED.finditer(text):
            _join(match, keep)
    for start, end in _mixed(codes, starting, ending):
        _letters_for_digits(text[start:end], start, codes)
    keep &= ~_inner_separators(codes) & ~_stretched(codes)
    codes, starts = codes[keep], starts[keep]
    text = text_of(codes)
    halves = [match.span() for match in _TWICE.finditer(text)] if _in_pairs(codes) else []
    if halves:
        keep = np.ones(len(codes), dtype=bool)
        for start, end in halves:
            keep[start + 1 : end : 2] = False
        codes, starts = codes[keep], starts[keep]
        text = text_of(codes)
    return codes, starts, text


def _entities(codes: Codes, starts: Positions, text: str) -> tuple[Codes, Positions]:
    keep = np.ones(len(codes), dtype=bool)
    for match in _ENTITY.finditer(text):
        plain = html.unescape(re.sub(r"(?:amp|#38|#x26);", "", match.group()))
        if not plain.startswith("&") or plain == "&":
            codes[match.start()] = ord(plain[0]) if plain and plain[0] != BOUNDARY else 32
            keep[match.start() + 1 : match.end()] = False
    return codes[keep], starts[keep]


def _plain(codes: Codes, starts: Positions) -> tuple[Codes, Positions]:
    """Turn characters into what they look like: none, one or several in lower case."""
    odd = np.flatnonzero(codes > 127)
    lengths = np.ones(len(codes), dtype=np.int64)
    plain = _ASCII[np.minimum(codes, 127)]
    lengths[plain == _GONE] = 0
    if not len(odd):
        return (plain, starts) if lengths.all() else (plain[lengths > 0], starts[lengths > 0])
    known, which = np.unique(codes[odd], return_inverse=True)
    looks = [_looks(chr(code)) for code in known.tolist()]
    lengths[odd] = np.array([len(look) for look in looks], dtype=np.int64)[which]
    plain[odd] = np.array([ord(look[0]) if look else _GONE for look in looks], dtype=np.uint32)[which]
    first = np.cumsum(lengths) - lengths
    result = np.repeat(plain, lengths)
    for at in odd[lengths[odd] > 1].tolist():
        look = looks[int(np.searchsorted(known, codes[at]))]
        result[first[at] : first[at] + len(look)] = [ord(c) for c in look]
    return result, np.repeat(starts, lengths)


def _looks(character: str) -> str:
    """Say what a character looks like, in lower case."""
    if character.isascii():
        return character.lower() if character.isprintable() or character in "\n\t\x00" else _control(character)
    if (plain := _LOOKS_LIKE.get(ord(character))) is not None:
        return plain
    if unicodedata.category(character) in ("Cf", "Cc", "Mn", "Me", "Cs"):
        return ""
    wide = unicodedata.normalize("NFKD", character)
    plain = wide if wide != character else character.lower()
    if plain == character:
        return " " if character.isspace() else character
    return "".join(_looks(c) for c in plain if c != character)


def _control(character: str) -> str:
    return "\n" if character in "\r\x0b\x0c\x1c\x1d\x1e" else ""


def _without_blanks(codes: Codes, starts: Positions) -> tuple[Codes, Positions]:
    """Keep of a run of blanks three, of a run of line ends two."""
    small = np.minimum(codes, 127)
    blank, line = _BLANK[small], codes == 10
    keep = ~((blank & _same_before(blank, 3)) | (line & _same_before(line, 2)))
    return codes[keep], starts[keep]


def _same_before(mask: NDArray[np.bool_], n: int) -> NDArray[np.bool_]:
    """Tell where the n places before are marked too."""
    found = np.zeros(len(mask), dtype=bool)
    if len(mask) > n:
        found[n:] = mask[n - 1 : -1]
        for i in range(1, n):
            found[n:] &= mask[n - 1 - i : len(mask) - 1 - i]
    return found


def _join(match: re.Match[str], keep: NDArray[np.bool_]) -> None:
    """Join letters held apart: blanks part words where signs hold letters apart, or where they are wider."""
    run, start = match.group(), match.start()
    signs = _NARROW.search(run) is not None
    i = 0
    while i < len(run):
        end = i
        while end < len(run) and not (run[end].isalnum() or run[end] in "@$"):
            end += 1
        gap = run[i:end]
        if gap:
            keep[start + i : start + end] = False
            if (" " in gap or "\t" in gap) if signs else len(gap) > 1:
                keep[start + i + max(gap.find(" "), 0)] = True
        i = end + 1


def _runs(codes: Codes) -> tuple[Positions, Positions]:
    """Find where words begin and end, of letters and what is written for letters."""
    inside = np.zeros(len(codes) + 2, dtype=bool)
    inside[1:-1] = _WORD[np.minimum(codes, 127)]
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    return edges[::2], edges[1::2]


def _held_apart(starts: Positions, ends: Positions) -> bool:
    """Tell whether four characters stand alone one after the other."""
    alone = (ends - starts) == 1
    return len(alone) > 3 and bool((alone[:-3] & alone[1:-2] & alone[2:-1] & alone[3:]).any())


def _mixed(codes: Codes, starts: Positions, ends: Positions) -> list[tuple[int, int]]:
    """Find words of letters and signs for letters."""
    if not len(starts):
        return []
    small = np.minimum(codes, 127)
    letters = np.concatenate([[0], np.cumsum(_LETTER[small])])
    lengths = ends - starts
    count = letters[ends] - letters[starts]
    odd = (count > 0) & (count < lengths) & (2 * count >= lengths - 2) & (lengths > 2) & (lengths <= _LONGEST_WORD)
    return list(zip(starts[odd].tolist(), ends[odd].tolist(), strict=True))


def _letters_for_digits(word: str, at: int, codes: Codes) -> None:
    """Read digits as letters in a word that would be one then: mostly letters, vowels among them, no number in it."""
    word = word.rstrip("!|")
    letters = sum("a" <= c <= "z" for c in word)
    if (
        2 * letters < len(word)
        or letters == len(word)
        or _DIGITS_ROW.search(word)
        or word[-2:].isdigit()
        or _ORDINAL.fullmatch(word)
    ):
        return
    read = "".join(_LEET.get(c, c) for c in word)
    if len(read) < 3 or not read.isalpha() or not set(read) & set("aeiou"):
        return
    for i, letter in enumerate(read):
        codes[at + i] = ord(letter)


def _inner_separators(codes: Codes) -> NDArray[np.bool_]:
    """Mark signs between two letters: "ig-nore", "sys.tem"."""
    found = np.zeros(len(codes), dtype=bool)
    if len(codes) > 2:
        small = np.minimum(codes, 127)
        letter = _LETTER[small]
        found[1:-1] = _SEPARATOR[small][1:-1] & letter[:-2] & letter[2:]
    return found


def _in_pairs(codes: Codes) -> bool:
    """Tell whether three pairs of the same letter follow one another."""
    pair = (codes[1:] == codes[:-1]) & _LETTER[np.minimum(codes[1:], 127)]
    return len(pair) > 4 and bool((pair[:-4] & pair[2:-2] & pair[4:]).any())


def _stretched(codes: Codes) -> NDArray[np.bool_]:
    """Mark letters that stand three times or more but once, and other characters beyond eight."""
    same = np.zeros(len(codes), dtype=bool)
    same[1:] = codes[1:] == codes[:-1]
    letter = _LETTER[np.minimum(codes, 127)]
    three = same & _same_before(same, 1)
    inner = np.zeros(len(codes), dtype=bool)
    inner[:-1] = same[:-1] & three[1:]
    return np.asarray((letter & (three | inner)) | (~letter & same & _same_before(same, 7) & (codes != 0)))


_GONE = np.uint32(0xFFFFFFFF)
_ASCII = np.array([ord(look) if (look := _looks(chr(code))) else _GONE for code in range(128)], dtype=np.uint32)
