"""The expressions the guard had before, as a baseline to measure against: nothing else uses them."""

import re
from collections.abc import Sequence

from citedesk.guard.find import without_overlaps
from citedesk.guard.patterns import SECRET_TYPES, Pattern
from citedesk.types import Finding

_TOKEN = "|".join(
    (
        r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",  # AWS access key id
        r"gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{22,255}",  # GitHub
        r"glpat-[A-Za-z0-9_-]{20,64}",  # GitLab
        r"xox[abeoprs]-[A-Za-z0-9-]{10,250}|xapp-[A-Za-z0-9-]{10,250}",  # Slack
        r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,250}|whsec_[A-Za-z0-9+/=]{16,250}",  # Stripe style
        r"sk-[A-Za-z0-9_-]{20,250}",  # model providers
        r"AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,250}|GOCSPX-[A-Za-z0-9_-]{20,40}",  # Google
        r"npm_[A-Za-z0-9]{30,64}|pypi-[A-Za-z0-9_-]{40,250}",  # package registries
        r"eyJ[A-Za-z0-9_-]{8,4000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{8,4000}",  # JSON Web Token
        r"hv[sbr]\.[A-Za-z0-9_-]{20,250}|dop_v1_[a-f0-9]{64}|SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}",
        r"lf_(?:live|test|sk)_[A-Za-z0-9]{8,250}",  # the shipped knowledge base's own invented platform
    )
)


def luhn(value: str) -> bool:
    """Check a card number's length, first digit and Luhn digit."""
    digits = [int(c) for c in value if c.isdigit()]
    if not 13 <= len(digits) <= 19 or digits[0] not in (2, 3, 4, 5, 6) or len(set(digits)) == 1:
        return False
    doubled = [d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def iban(value: str) -> bool:
    """Check an IBAN's length and its remainder modulo 97."""
    compact = value.replace(" ", "").upper()
    if not 15 <= len(compact) <= 34:
        return False
    moved = compact[4:] + compact[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


_DATE = re.compile(r"\d{1,2}([ /-])\d{1,2}\1(?:19|20)\d{2}")


def _telephone(value: str) -> bool:
    """A telephone number has 7 to 15 digits; a date like 05-11-2026 is none."""
    return 7 <= sum(c.isdigit() for c in value) <= 15 and not _DATE.fullmatch(value)


def _secret_looking(value: str) -> bool:
    """A secret has a digit or a sign in it; a plain word after "password is" does not."""
    body = value.strip(".,;:!?'\")(")
    return len(body) >= 4 and not body.startswith(("<", "$", "%", "{", "*")) and any(not c.isalpha() for c in body)


_SECRET_NAMES = (
    r"pass(?:word|wd|phrase|code)|pwd|passwort|kennwort|contraseña|contrasena|clave|secret(?:[_ -]?key)?|"
    r"client[_-]secret|api[_ -]?key|access[_-]?key|auth[_-]?token|access[_-]?token|token|aws_secret_access_key"
)

_SECRETS: tuple[Pattern, ...] = (
    Pattern(
        "KEY",
        re.compile(
            r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:[A-Za-z0-9+/=\s:,]|-(?!-)){0,12000}-----END [A-Z ]{0,30}PRIVATE KEY-----"
        ),
    ),
    Pattern("TOKEN", re.compile(rf"(?<![A-Za-z0-9_])(?:{_TOKEN})(?![A-Za-z0-9])")),
)

_PERSONAL: tuple[Pattern, ...] = (
    Pattern("PASSWORD", re.compile(r"(?<=://)[^\s:/@]{1,64}:([^\s:/@<>]{3,128})(?=@)"), group=1),
    Pattern("TOKEN", re.compile(r"(?i)\bbearer\s+([A-Za-z0-9._~+/=-]{16,4000})"), group=1),
    Pattern(
        "PASSWORD",
        re.compile(
            rf"(?i)(?<![A-Za-z])(?:{_SECRET_NAMES})[\"']?\s{{0,3}}(?::=|=>|[:=]|\bis\b|\bist\b|\bes\b)\s{{0,3}}[\"'`]?([^\s\"'`,;]{{4,200}})"
        ),
        _secret_looking,
        group=1,
    ),
    Pattern(
        "EMAIL",
        re.compile(r"(?<![\w.+-])[\w.+%-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.)[A-Za-z0-9.-]{1,120}[A-Za-z]{2,}"),
    ),
    # The printed form twice: words in capitals may follow (groups with a digit only), or belong to it (all groups).
    Pattern(
        "IBAN",
        re.compile(
            r"\b[A-Z]{2}\d{2} [A-Z0-9]{4}(?: (?=[A-Z]{0,3}\d)[A-Z0-9]{4}){1,6}(?: (?=[A-Z]{0,2}\d)[A-Z0-9]{1,3})?\b"
        ),
        iban,
    ),
    Pattern(
        "IBAN",
        re.compile(r"\b[A-Z]{2}\d{2}(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?)\b"),
        iban,
    ),
    # The printed forms first: an expiry date or a check number may follow them.
    Pattern(
        "CARD",
        re.compile(r"(?<![\w.])(?:\d{4}(?:[ -]\d{4}){3}|\d{4}[ -]\d{6}[ -]\d{5}|\d{13,19})(?!\w)"),
        luhn,
    ),
    Pattern("CARD", re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w])"), luhn),
    Pattern("PHONE", re.compile(r"(?<![\w+.])\+\d(?:[ ./()-]{0,3}\d){6,14}(?!\w)"), _telephone),
    Pattern("PHONE", re.compile(r"(?<![\w.-])(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])")),
    Pattern(
        "PHONE",
        re.compile(r"(?<![\w.,:/-])\(?0\d{1,5}\)?[ /-]\d{2,5}(?:[ /-]?\d{2,5}){1,3}(?![\w:-])"),
        _telephone,
    ),
    Pattern(
        "PHONE",
        re.compile(
            r"(?i)\b(?:tel|phone|mobile|cell|call(?: me)?(?: at| on)?|fon|telefon|handy|m[oó]vil|tel[eé]fono|reach me (?:at|on))\b\.?:?\s{0,3}(\d(?:[ ./()-]{0,2}\d){6,14})(?!\w)"
        ),
        group=1,
    ),
)


def find(text: str) -> list[Finding]:
    """Find personal data and secrets as the guard did."""
    return without_overlaps(Finding(p.type, *span) for p in (*_SECRETS, *_PERSONAL) for span in p.spans(text))


def holds_secret(texts: Sequence[str]) -> list[bool]:
    """Tell of each text whether the guard found a secret in it."""
    return [any(found.type in SECRET_TYPES for found in find(text)) for text in texts]


def findings(texts: Sequence[str]) -> list[list[Finding]]:
    """Find in each text what the guard found."""
    return [find(text) for text in texts]
