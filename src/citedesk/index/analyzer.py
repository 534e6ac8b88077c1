r"""Text to index terms: words lower-cased, without stop words, stemmed; identifiers kept whole as well.

An identifier is what people paste from a screen: `ORA-01555`, `0x80070005`, `v2.14.3`, `nginx.conf`,
`x-request-id`, `java.lang.NullPointerException`, `kube_node_role`, `10.0.0.6:8080`, `C#`. Its words are indexed
like any others, and the whole once more as an exact term, so that the one document that names it is found.
Of a path every name counts, not the path.

Words of other languages are never dropped and, where they hold a letter outside ASCII, never stemmed; scripts
written without spaces (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese) are cut into pairs of characters.
Accents count. Leaves out taking compounds apart, and stemmers of other languages.

Every expression reads a text in time linear in its length. Source: Lucene's EnglishAnalyzer for words and stop
words, its CJKAnalyzer for pairs; Porter, "Snowball", 2001, for the stemmer.
"""

import re
import unicodedata
from functools import lru_cache

import Stemmer

# Part of an index's identity: change it whenever other terms would come out.
ANALYZER = "exact-v2"

_STOP_WORDS = (
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these "
    "they this to was will with"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())
# Lucene keeps "I", which stands in most questions and few articles, so that one letter would decide.
_IGNORED = STOP_WORDS | {"i"}
# Exact terms begin with this sign, which no word can contain.
EXACT = "="

# Scripts written without spaces: no space shows where a word or a name in Latin letters ends.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
# Marks that belong to the letter before them, which `\w` does not know: accents, points, Indic vowel signs.
_MARKS = (
    "\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0962\u0963"
    "\u0980-\u0983\u09bc-\u09d7\u0a00-\u0a03\u0a3c-\u0a51\u0a80-\u0a83\u0abc-\u0acd\u0b00-\u0b03\u0b3c-\u0b57"
    "\u0b80-\u0b83\u0bbe-\u0bd7\u0c00-\u0c04\u0c3c-\u0c56\u0c80-\u0c83\u0cbc-\u0cd6\u0d00-\u0d03\u0d3b-\u0d4d\u0d57"
)
_ASCII_WORD = re.compile(r"\w+", re.ASCII)
_WORD = re.compile(rf"[{_UNSPACED}]+|(?:[^\W{_UNSPACED}]|[{_MARKS}])+")
_FIRST_UNSPACED = re.compile(f"[{_UNSPACED}]")
# What is left of "don't", "it's", "we'll" behind the apostrophe says nothing.
_TAIL = re.compile(r"(?<=\w)['’](?:s|t|d|m|ll|re|ve)\b")
# Names joined by one sign each, perhaps with the dot of `.NET` in front or the signs of `C++` and `C#` behind.
_ASCII_RUN = re.compile(r"\.?\w+(?:[-.:/\\@]\w+)*(?:\+\+|#(?!\w))?", re.ASCII)
_LETTER = rf"[^\W{_UNSPACED}]"
_RUN = re.compile(rf"\.?{_LETTER}+(?:[-.:/\\@]{_LETTER}+)*(?:\+\+|#(?!\w))?")
_PART = re.compile(r"\w+")
_BREAK = re.compile(r"([:/\\@])")
_NUMBERED = re.compile(r"(?:0x|kb)(\w{5,})")
_MIXED = re.compile(r"[A-Za-z]+[a-z][A-Z][A-Za-z]*")
_VERSION = re.compile(r"\d+(?:\.\d+)+")
# A longer part is a hash or an encoded blob, a longer name nothing that anybody types.
_LONGEST, _LONGEST_NAME = 60, 120
# A query of so few words is a name, or names; a word of so many letters may be one typed without capitals.
_FEW_WORDS, _SHORTEST_MIXED = 2, 6
# Digits of the longest port.
_PORT = 5


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    return str(_stemmer().stemWord(word)) if word.isascii() else word


@lru_cache(maxsize=1)
def _stemmer() -> Stemmer.Stemmer:
    stemmer = Stemmer.Stemmer("english")
    stemmer.maxCacheSize = 0
    return stemmer


def words(text: str) -> list[str]:
    """List the stemmed words of a text in order, stop words left out."""
    folded = _folded(text).lower()
    if "'" in folded or "’" in folded:
        folded = _TAIL.sub("", folded)
    found = _split(folded)
    if "_" in folded:
        found = [word.strip("_") for word in found]
    return [_stem(word) for word in found if word not in _IGNORED and 0 < len(word) <= _LONGEST]


def _folded(text: str) -> str:
    """Give characters that look alike one form: composed accents, plain instead of full-width letters."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _split(text: str) -> list[str]:
    if text.isascii():
        return _ASCII_WORD.findall(text)
    found: list[str] = []
    for word in _WORD.findall(text):
        if len(word) > 1 and _FIRST_UNSPACED.match(word):
            found += [word[i : i + 2] for i in range(len(word) - 1)]
        else:
            found.append(word)
    return found


def identifiers(text: str) -> list[str]:
    """List the exact terms of a text in order: lower-cased identifiers, each marked with `=`."""
    folded = _folded(text)
    runs = (_ASCII_RUN if folded.isascii() else _RUN).findall(folded)
    return [EXACT + form for run in runs if not _plain(run) for name in _names(run) for form in _forms(name)]


def sought(query: str) -> list[str]:
    """List the exact terms that a query may mean: its identifiers, and in a query of few words each longer word.

    People search for `KubePodCrashLooping` without its capitals. A word that no text writes as an identifier is
    then an unknown term and costs nothing. In a sentence `youtube` is a word: seeking it there finds less.
    """
    folded = _folded(query)
    runs = (_ASCII_RUN if folded.isascii() else _RUN).findall(folded)
    plain = [run for run in runs if _plain(run)] if len(runs) <= _FEW_WORDS else []
    return identifiers(query) + [EXACT + run.lower() for run in plain if _SHORTEST_MIXED <= len(run) <= _LONGEST]


def _plain(run: str) -> bool:
    """Tell whether a run is an ordinary word: letters only, and capitals only in front or everywhere."""
    return run.isalpha() and (run.islower() or run.istitle() or run.isupper())


def _names(run: str) -> list[str]:
    """List the names of a path, and its addresses: host:port, name@host."""
    if len(run) > _LONGEST and max(map(len, _PART.findall(run))) > _LONGEST:
        return []
    parts = _BREAK.split(run)
    joined = [
        left + sign + right
        for left, sign, right in zip(parts[::2], parts[1::2], parts[2::2], strict=False)
        if sign == "@" or (sign == ":" and right.isdigit() and 2 <= len(right) <= _PORT and not left.isdigit())
    ]
    return [name for name in parts[::2] + joined if len(name) <= _LONGEST_NAME]


def _forms(name: str) -> list[str]:
    """Spell an identifier in the ways people do; nothing for ordinary words and short numbers."""
    stripped = name.strip("_")
    low = stripped.lower()
    if low.startswith(".") and not low[1:].isalpha():
        low = low[1:]
    if _plain(stripped) or len(low) < 2 or (len(low) < 3 and low.isalnum()):
        return []
    if _VERSION.fullmatch(low):
        return ["v" + low]
    numbered = _NUMBERED.fullmatch(low)
    if numbered:
        return [low, numbered.group(1)]
    # People give a class without its package: `NullPointerException`.
    return [low, *(part.lower() for part in stripped.split(".")[1:] if _MIXED.fullmatch(part))]
