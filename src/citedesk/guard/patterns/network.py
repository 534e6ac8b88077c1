"""Addresses of machines: reported where somebody asks, and left in tickets, which engineers read for them.

Sources: RFC 3986 (URL), RFC 791 and 4291 (IP), IEEE 802 (MAC).
"""

import re

from citedesk.guard.patterns.checks import ip
from citedesk.guard.patterns.pattern import Pattern

# Top-level domains that are no endings of files and no words that follow a full stop without a space.
_TOP = (
    "com|org|net|edu|gov|mil|int|info|biz|io|co|dev|app|cloud|ai|tv|uk|ca|au|de|fr|es|nl|ch|se|dk|fi|pl|pt|ie|jp|cn|br|mx|ru|"
    "za|nz|eu|tech|online|site|store|shop|xyz|cz|gr|hu|ro|kr|tw|il|ar|cl|tr|ua"
)

URLS: tuple[Pattern, ...] = (
    Pattern(
        "URL",
        re.compile(r"(?i)(?<![A-Za-z0-9+.-])(?:https?|ftps?|sftp|wss?)://[^\s<>\"'`{}|\\^]{1,2000}[^\s<>\"'`{}|\\^.,;:!?)\]]"),
        words=("://",),
    ),
    Pattern(
        "URL",
        re.compile(
            rf"(?i)(?<![\w@./:-])(?:(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.){{1,6}}(?:{_TOP})|www\.(?:[a-z0-9-]{{1,63}}\.){{1,5}}[a-z]{{2,12}})(?![\w@-]|\.\w)(?::\d{{2,5}})?"
            r"(?:/[^\s<>\"'`{}|\\^]{0,2000}[^\s<>\"'`{}|\\^.,;:!?)\]])?"
        ),
        words=(".",),
    ),
)  # fmt: skip

MACHINES: tuple[Pattern, ...] = (
    Pattern(
        "MAC",
        re.compile(r"(?i)(?<![\w:-])[0-9a-f]{2}(?:(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){5})(?![\w:-])"),
        words=(":", "-"),
    ),
    Pattern("MAC", re.compile(r"(?i)(?<![\w.])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![\w.])"), words=(".",)),
    Pattern(
        "IP",
        re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)"),
        ip,
        words=(".",),
        digits=4,
    ),
    Pattern(
        "IP",
        re.compile(
            r"(?i)(?<![\w:.])(?:[0-9a-f]{1,4}:|:(?=:)){1,7}(?::|[0-9a-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?(?:::?[0-9a-f]{1,4}){0,7}(?![\w:]|\.\d)"
        ),
        ip,
        words=(":",),
        digits=1,
    ),
)

NETWORK: tuple[Pattern, ...] = (*MACHINES, *URLS)
