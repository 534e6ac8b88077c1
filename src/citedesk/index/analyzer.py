"""Text to index terms: words lower-cased, without stop words, stemmed; identifiers kept whole as well.

An identifier is what people paste from a screen: `ORA-01555`, `E11000`, `v2.14.3`, `nginx.conf`,
`x-request-id`. Its words are indexed like any others, and the whole once more as an exact term, so that
the one document that names it is found. Source: Lucene's EnglishAnalyzer for words and stop words;
Porter, "Snowball", 2001, for the stemmer.
"""

import re
from functools import lru_cache

import Stemmer

# Part of an index's identity: change it whenever a text would give other terms.
ANALYZER = "english-v1"
_STOP_WORDS = (
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these "
    "they this to was will with"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())
# Exact terms begin with this sign, which no word can contain.
EXACT = "="

_WORD = re.compile(r"\w+")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_]+(?:[-./:@][A-Za-z0-9_]+)+|[A-Za-z_]*\d[A-Za-z0-9_]{2,}|\w*[a-z][A-Z]\w+")
# A longer run is a hash or an encoded blob; it is not a name anybody types.
_LONGEST = 60


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    return str(_stemmer().stemWord(word))


@lru_cache(maxsize=1)
def _stemmer() -> Stemmer.Stemmer:
    stemmer = Stemmer.Stemmer("english")
    stemmer.maxCacheSize = 0
    return stemmer


def words(text: str) -> list[str]:
    """List the stemmed words of a text in order, stop words left out."""
    found = (match.group() for match in _WORD.finditer(text.lower()))
    return [_stem(word) for word in found if word not in STOP_WORDS and len(word) <= _LONGEST]


def identifiers(text: str) -> list[str]:
    """List the exact terms of a text in order: lower-cased identifiers, each marked with `=`."""
    found = (match.group() for match in _IDENTIFIER.finditer(text))
    return [EXACT + name.lower() for name in found if len(name) <= _LONGEST]
