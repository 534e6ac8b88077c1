"""Tell values from what only looks like them: check digits, chance against words, names of things, placeholders.

Sources: ISO/IEC 7812 and the issuers' published number ranges (cards); ISO 13616 (IBAN); ITU-T E.164 (telephone
numbers); RFC 4291 (IPv6).
"""

import ipaddress
import math
import re
from collections import Counter

# First digits of a card number, and its lengths: any payment network gives out 13 to 19 digits that begin with 2 to 6.
_CARDS = (
    (re.compile(r"[2-6]"), range(13, 20)),
    (re.compile(r"50(?:18|20|38)|5[6-8]|6304|6390|67(?:59|6[1-3])|0604"), range(12, 20)),  # Maestro
    (re.compile(r"1800|8[16]|8699|9792"), range(15, 20)),  # JCB's older ones, UnionPay, Voyager, Troy
)


def card(value: str) -> bool:
    """Check a card number's issuer, length and Luhn digit."""
    digits = "".join(c for c in value if c.isdigit())
    issued = any(len(digits) in lengths and first.match(digits) for first, lengths in _CARDS)
    return issued and len(set(digits)) > 1 and luhn(digits)


def luhn(digits: str) -> bool:
    """Check the last digit of a number by the Luhn formula."""
    doubled = [int(d) if i % 2 == 0 else sum(divmod(2 * int(d), 10)) for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


_SIX = re.compile(r"\d{6}")


def iban(value: str) -> bool:
    """Check an IBAN's length and its remainder modulo 97; every country's has six digits in a row."""
    compact = "".join(c for c in value if c.isalnum()).upper()
    if not 15 <= len(compact) <= 34 or not _SIX.search(compact):
        return False
    moved = compact[4:] + compact[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


_DATE = re.compile(r"\d{1,2}([ ./-])\d{1,2}\1(?:19|20)\d{2}|(?:19|20)\d{2}([ ./-])\d{1,2}\2\d{1,2}")


def telephone(value: str) -> bool:
    """A telephone number has 7 to 15 digits without its extension; a date like 05-11-2026 is none."""
    number = re.split(r"(?i)[^\d\s()./+-]|\(0\)", value, maxsplit=1)[0] if "(0)" not in value else value
    return 7 <= sum(c.isdigit() for c in number) <= 15 and not _DATE.fullmatch(value)


def ip(value: str) -> bool:
    """Check an IPv4 or IPv6 address; `::` and words of letters around it are none."""
    try:
        address = ipaddress.ip_address(value.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    return address.version == 4 or (any(c.isdigit() for c in value) and len(value) >= 4)


def entropy(value: str) -> float:
    """Measure Shannon entropy in bits a character, 0 of nothing."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values()) if size else 0.0


# Share of the entropy that as many characters can have which chance nearly always reaches.
_CHANCE = 0.8
_SERIES = re.compile(
    r"(?i)abcdefg|bcdefgh|1234567|2345678|9876543|8765432|qwerty|(.)\1{4}|(..)\2{3}|(...)\3{2}|(.{4})\4{2}"
)


def series(value: str) -> bool:
    """Tell what counts or repeats itself somewhere."""
    return _SERIES.search(value) is not None


def by_chance(value: str) -> bool:
    """Tell what is drawn by chance from what repeats, counts, or is too even; short values pass."""
    if len(value) < 12:
        return True
    kinds = ((10, str.isdigit), (26, str.islower), (26, str.isupper))
    signs = 16 if re.fullmatch(r"[0-9a-fA-F]+", value) else sum(n for n, kind in kinds if any(map(kind, value)))
    return not series(value) and entropy(value) >= _CHANCE * math.log2(max(2, min(len(value), signs)))


def drawn(value: str) -> bool:
    """Tell a key drawn by chance after its name from samples that count, repeat, or say so."""
    pieces = re.split(r"[^A-Za-z0-9]", value)
    return "example" not in value.lower() and by_chance(max(pieces, key=len)) and not any(map(series, pieces))


_STAND_IN = re.compile(
    r"(?i)^[<\[{(%*$&]|\$\{|\$\(|\{\{|%s|%\(|\*{3}|x{4,}|\.{3}|…|•|your[_ -]|[_-]your\b|redacted|placeholder|example$|"
    r"^<?\w{0,20}(?:password|passwd|secret|token|api[_-]?key)_?(?:here|name|value)?>?$|^change_?me$|^dummy$|^insert[_-]|^replace[_-]"
)


def stand_in(value: str) -> bool:
    """Tell a placeholder or a variable from a value: `<password>`, `$TOKEN`, `xxxx`, `your-key`."""
    return _STAND_IN.search(value) is not None or len(set(value)) <= min(2, len(value) - 1)


_THING = re.compile(
    r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"  # a variable of the environment
    r"|[A-Za-z_$][\w$]*(?:(?:\.|->|::)[A-Za-z_$][\w$]*)+(?:[(\[{].*)?"  # a member of something
    r"|[A-Za-z_][\w.]*[(\[].*"  # a call
    r"|(?:\.{0,2}|~|[A-Za-z]:)[/\\].*|\w[\w.+-]*://.*|arn:.*|(?:env|file|vault|ssm|op|ref|secretref)\+?:.*"  # a place
    r"|.*\.(?:pem|key|crt|cer|p12|pfx|jks|json|ya?ml|txt|env|cfg|conf|ini|toml|xml|html?|js|ts|py|go|java|png|jpe?g|svg|md)"
    r"|\d{4}-\d\d-\d\d.*|v?\d+(?:\.\d+){1,3}"  # a date, a version
)
_WORDS = re.compile(r"[A-Za-z]+(?:[-_./][A-Za-z]+)*")


def thing(value: str) -> bool:
    """Tell what names something else (a variable, a call, a path, a date) from a value."""
    return _THING.fullmatch(value) is not None


def random(value: str) -> bool:
    """Tell a token made by chance from words and stand-ins, whatever stands before it."""
    return entropy(value) >= 3.0 and not stand_in(value)


def _bare(value: str) -> str:
    return value.strip(".,;:!?'\")(")


def password(value: str) -> bool:
    """Tell a password from the plain word after "password:" by a digit or a sign in it."""
    body = _bare(value)
    return len(body) >= 4 and not body.isalpha() and not stand_in(body) and not thing(body) and "</" not in body


def told(value: str) -> bool:
    """Tell a password from the word after "password is", where words with hyphens are mere words."""
    body = _bare(value)
    return password(value) and not re.fullmatch(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", body)


def key(value: str) -> bool:
    """Tell a key or token after its name from words, counts and what names something else."""
    body = _bare(value)
    if len(body) < 6 or stand_in(body) or thing(body) or _WORDS.fullmatch(body):
        return False
    if body.isdecimal():
        return 6 <= len(body) <= 8  # a one-time code
    return any(c.isdigit() for c in body) and any(c.isalpha() for c in body)


def credential(value: str) -> bool:
    """Tell a password within an address or a command from a stand-in for one."""
    return not stand_in(value) and value.lower() not in _USUAL and not thing(value)


_USUAL = frozenset(
    ("password", "pass", "pwd", "passwd", "passwort", "secret", "token", "apikey", "api-key", "api_key", "key", "pw")
)


def certain(value: str) -> bool:
    """Tell a password that is surely one: documents show many that are none."""
    body = _bare(value)
    kinds = (str.isdigit, str.islower, str.isupper, lambda c: not c.isalnum())
    return (
        len(body) >= 8
        and not thing(body)
        and not stand_in(body)
        and not _WORDS.fullmatch(body)
        and sum(any(kind(c) for c in body) for kind in kinds) >= 2
        and any(c.isdigit() for c in body)
        and entropy(body) >= 2.5
    )
