"""Read what is encoded within a text: base64, hexadecimal, percent signs, numbers for letters, Morse, rot13, backwards.

Leaves out compressed and encrypted data. What is read is read once more, up to a depth and a total size.
"""

import base64
import binascii
import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

# Encodings one within the other that are still undone.
_DEPTH = 3
# Fewer characters give no order.
_LEAST = 12
# Digits, and characters of a word, from which something may be encoded.
_DIGITS = 6
_LONG_WORD = 16
# Encoded pieces of a text that are read; the longest come first, for an order needs room.
_MOST = 64
# Share of letters, digits and blanks that makes bytes text.
_READABLE = 0.7


@dataclass(frozen=True, slots=True)
class Fragment:
    """A decoded text, how it was encoded, and the span `[start, end)` of the raw text it stands for."""

    text: str
    kind: str
    start: int
    end: int


def _base64(piece: str) -> str:
    plain = re.sub(r"\s", "", piece).replace("-", "+").replace("_", "/").rstrip("=")
    if _BASE32.fullmatch(plain):
        return _decoded(base64.b32decode(plain + "=" * (-len(plain) % 8)))
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    return _decoded(base64.b64decode(plain + "=" * (-len(plain) % 4)))


def _hexadecimal(piece: str) -> str:
    digits = re.sub(r"\\x|0x|[\s:,]", "", piece)
    return _decoded(bytes.fromhex(digits[: len(digits) // 2 * 2]))


def _binary(piece: str) -> str:
    digits = re.sub(r"\s", "", piece)
    return _decoded(bytes(int(digits[i : i + 8], 2) for i in range(0, len(digits) - 7, 8)))


def _numbers(piece: str) -> str:
    return "".join(chr(n) for n in map(int, re.findall(r"\d+", piece)) if n < 128)


def _percent(piece: str) -> str:
    return unquote(piece.replace("+", " "), errors="replace")


def _escapes(piece: str) -> str:
    return re.sub(r"\\u\{?([0-9a-fA-F]{4})\}?", lambda m: chr(int(m.group(1), 16)), piece)


def _morse(piece: str) -> str:
    words = re.split(r"\s*/\s*|\s{2,}", piece.strip())
    return " ".join("".join(MORSE.get(letter, "") for letter in word.split()) for word in words)


def _rot13(piece: str) -> str:
    return codecs.encode(piece, "rot13")


def _leetspeak(piece: str) -> str:
    return piece.translate(_DIGITS_FOR_LETTERS)


def _backwards(piece: str) -> str:
    return piece[::-1]


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "strict")


_BASE32 = re.compile(r"[A-Z2-7]{16,}")
_SIGNS = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.. "
    "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----."
)
MORSE = dict(zip(_SIGNS.split(), "abcdefghijklmnopqrstuvwxyz0123456789", strict=True))
_READERS: tuple[tuple[str, re.Pattern[str], Callable[[str], str]], ...] = (
    ("base64", re.compile(r"(?<![\w+/-])[\w+/-]{16,}(?:\r?\n[\w+/-]{16,}){0,500}={0,2}"), _base64),
    ("hexadecimal", re.compile(r"(?<![^\W_])(?:(?:\\x|0x)?[0-9A-Fa-f]{2}[\s:,]?){12,}(?![^\W_])"), _hexadecimal),
    ("binary", re.compile(r"(?<!\d)(?:[01]{8}\s?){4,}(?!\d)"), _binary),
    ("numbers", re.compile(r"(?<![\d.,])(?:\d{2,3}[ ,;\t]{1,3}){11,}\d{2,3}(?!\d)"), _numbers),
    ("percent", re.compile(r"(?:%[0-9A-Fa-f]{2}[\w.+-]{0,40}){3,}"), _percent),
    ("escapes", re.compile(r"(?:\\u\{?[0-9a-fA-F]{4}\}?[ ]?){4,}"), _escapes),
    ("morse", re.compile(r"(?<![.\-\w])[.-]{1,5}(?:[ /]{1,4}[.-]{1,5}){11,}(?![.\-\w])"), _morse),
)  # fmt: skip
_MAY_HOLD = re.compile(
    r"[A-Za-z0-9+/_-]{16}|(?:[0-9A-Fa-f]{2}[\s:,]){6}|(?:\\x|0x)[0-9A-Fa-f]{2}|(?:[01]{8}\s){2}|(?:\d{2,3}[ ,;\t]){4}|"
    r"(?:%[0-9A-Fa-f]{2}|\\u\{?[0-9a-fA-F]{4})|[.-]{1,5} [.-]{1,5} [.-]{1,5} "
)
# Frequent words of an order, as they read in rot13 and backwards; one of them makes a paragraph worth reading so,
# unless it is a word as it stands; then two do.
_WORDS = (
    "ignore disregard previous instruction instructions your and the system prompt you now all rules reveal with this "
    "that password access granted say print repeat forget output follow text message"
)
_ROT13_WORDS = codecs.encode(_WORDS, "rot13").split()
_BACKWARDS_WORDS = _WORDS[::-1].split()
# Digits and signs that stand for letters; words that mix them with letters, and the least share of a paragraph's words.
_DIGITS_FOR_LETTERS = str.maketrans("431057@$", "aeiostas")
_MIXED = re.compile(r"(?<![^\W_])(?:[A-Za-z]+[013457@$]|[013457@$]+[A-Za-z])[A-Za-z013457@$]*(?![^\W_])")
_MIXED_LEAST, _MIXED_SHARE = 3, 0.3
_PLAIN_TOO = frozenset({"dna", "won", "yas", "bhe"})
_PARAGRAPH = re.compile(r"[^\n]+(?:\n[^\n]+)*")


def fragments(text: str) -> list[Fragment]:
    """Read what is encoded within a text.

    Returns:
        At most as many characters as the text has, times the depth; in the order of their spans, outer before inner.
    """
    found: list[Fragment] = []
    left = _DEPTH * len(text)
    layer = [Fragment(text, "", 0, len(text))]
    for _ in range(_DEPTH):
        layer = [inner for outer in layer for inner in _within(outer)][:_MOST]
        for one in layer:
            left -= len(one.text)
            if left < 0:
                return found
            found.append(one)
    return found


def _within(outer: Fragment) -> Iterator[Fragment]:
    """Read what is encoded in a text or, one layer down, in a fragment, which keeps the outer one's span."""
    text = outer.text
    for kind, start, end, decode in _pieces(text):
        plain = _try(decode, text[start:end])
        if len(plain) >= _LEAST and _readable(plain):
            span = (outer.start, outer.end) if outer.kind else (start, end)
            yield Fragment(plain, f"{outer.kind} {kind}".strip(), *span)


def _pieces(text: str) -> list[tuple[str, int, int, Callable[[str], str]]]:
    pieces = []
    if _could_hold(text) and _MAY_HOLD.search(text):
        for kind, expression, decode in _READERS:
            pieces += [(kind, *match.span(), decode) for match in expression.finditer(text)]
    if _digits_at_least(text, _MIXED_LEAST):
        pieces += [("leetspeak", start, end, _leetspeak) for start, end in _paragraphs_mixed(text)]
    low = text.lower()
    for kind, words, decode in (("rot13", _ROT13_WORDS, _rot13), ("backwards", _BACKWARDS_WORDS, _backwards)):
        pieces += [(kind, start, end, decode) for start, end in _paragraphs_with(text, low, words)]
    longest = sorted(pieces, key=lambda piece: (piece[1] - piece[2], piece[1], piece[0]))[:_MOST]
    return sorted(longest, key=lambda piece: (piece[1], piece[2], piece[0]))


def _could_hold(text: str) -> bool:
    """Tell fast whether a text has the digits, signs or long words that everything encoded has."""
    return (
        "%" in text
        or "\\" in text
        or sum(map(text.count, "0123456789")) >= _DIGITS
        or text.count(".") + text.count("-") >= _LEAST
        or max(map(len, text.split()), default=0) >= _LONG_WORD
    )


def _digits_at_least(text: str, least: int) -> bool:
    return sum(map(text.count, "013457")) >= least


def _paragraphs_mixed(text: str) -> list[tuple[int, int]]:
    """Find the paragraphs of which many words mix letters with digits that look like letters."""
    spans = []
    for paragraph in _PARAGRAPH.finditer(text):
        words = paragraph.group().count(" ") + 1
        mixed = sum(1 for _ in _MIXED.finditer(paragraph.group()))
        if mixed >= max(_MIXED_LEAST, _MIXED_SHARE * words):
            spans.append(paragraph.span())
    return spans


def _paragraphs_with(text: str, low: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Find the paragraphs that hold the words; `low` is the text in lower case."""
    if not any(word in low for word in words):
        return []
    hits = [
        (match.start(), 1 if match.group().lower() in _PLAIN_TOO else 2)
        for match in re.finditer(rf"(?i)\b(?:{'|'.join(words)})\b", text)
    ]
    spans, at = [], 0
    for paragraph in _PARAGRAPH.finditer(text):
        shown = 0
        while at < len(hits) and hits[at][0] < paragraph.end():
            shown, at = shown + hits[at][1], at + 1
        if shown >= 2:
            spans.append(paragraph.span())
    return spans


def _try(decode: Callable[[str], str], piece: str) -> str:
    try:
        return decode(piece)
    except (ValueError, binascii.Error):
        return ""


def _readable(text: str) -> bool:
    """Tell whether a text is mostly letters, digits and blanks."""
    sample = text[:2000]
    return sum(c.isalnum() or c == " " for c in sample) >= _READABLE * len(sample) and sum(
        map(str.isprintable, sample)
    ) >= 0.9 * len(sample)
