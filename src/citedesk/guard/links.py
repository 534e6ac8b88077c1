"""Find links in any of their forms, and say which of them an answer may make active.

A link is active only if its host is allowed, label by label from the right; everything else stays plain text. What
looks like an allowed host and leads elsewhere, or runs code, is called a trick. Linear-time. Leaves out shortened
addresses and what a host serves.
Source: RFC 3986 (addresses), RFC 5890 (names in other scripts), the WHATWG URL rules for backslashes and numeric hosts.
"""

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass

# Schemes that a browser opens as a page; no other can be active.
_ACTIVE = ("https", "http")
_LINK = re.compile(
    r"(?P<script>\b(?:javascript|vbscript)\s{0,3}:(?!\s)[^\s<>\"')\]]{1,2000})"
    r"|(?P<data>\bdata:[a-z]{1,20}/[\w.+-]{1,60}[;,][^\s<>\"')\]]{0,2000})"
    r"|(?P<url>(?<![A-Za-z0-9+.-])(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{1,20}):(?:[/\\]{2,4})(?P<rest>[^\s<>\"'`)\]]{1,2000}))"
    r"|(?P<unc>(?<![\\\w:])\\\\[\w.-]{1,120}\\[^\s<>\"'`]{1,500})"
    r"|(?P<bare>(?<![\w@/.\\-])www\.[\w.-]{1,200}[^\s<>\"'`)\]]{0,500})"
    r"|(?P<relative>(?<=\]\()[/\\]{2}[\w.-]{1,200}[^\s)]{0,500})"
    r"|(?P<mail>\bmailto:[^\s<>\"'`)\]]{1,500})",
    re.IGNORECASE,
)
_TRAILING = ".,;:!?*_~"
_NUMERIC = re.compile(r"(?:0x[0-9a-f]{1,8}|\d{1,10})(?:\.(?:0x[0-9a-f]{1,8}|\d{1,10})){0,3}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LinkSpan:
    """A link at `[start, end)`. verdict: `active`, `plain`, or `trick`. why: what speaks against it, or nothing."""

    start: int
    end: int
    host: str
    verdict: str
    why: str = ""


def link_spans(text: str, hosts: Collection[str] = ()) -> tuple[LinkSpan, ...]:
    """Find links, bare or in Markdown, HTML, autolinks and reference lines.

    Args:
        text: any text.
        hosts: allowed ones; each stands for those below it too.

    Returns:
        Their addresses in text order: the part to make active, to show as plain text, or not to show.
    """
    if ":" not in text and "\\\\" not in text and "//" not in text and "www." not in text.lower():
        return ()
    allowed = [_labels(host) for host in hosts]
    return tuple(_judged(match, allowed) for match in _LINK.finditer(text))


def host_allowed(host: str, hosts: Collection[str]) -> bool:
    """Tell whether a host is an allowed one or below it; compared by label, without case, in ASCII form."""
    return _below(_labels(host), [_labels(one) for one in hosts])


def defanged(text: str, hosts: Collection[str] = ()) -> str:
    """Write links that are not allowed so that no program makes them active: `hxxps://evil[.]example`."""
    parts, at = [], 0
    for span in link_spans(text, hosts):
        if span.verdict != "active":
            raw = text[span.start : span.end]
            # Every dot and colon goes, so that what is found once is not found again.
            safe = re.sub(r"(?i)^http", "hxxp", raw).replace("://", "[:]//").replace(".", "[.]")
            parts += [text[at : span.start], safe if "[" in safe else safe.replace(":", "[:]", 1)]
            at = span.end
    return "".join([*parts, text[at:]])


def _judged(match: re.Match[str], allowed: list[tuple[str, ...]]) -> LinkSpan:
    raw = match.group()
    end = match.start() + len(raw.rstrip(_TRAILING))
    kind = match.lastgroup if match.lastgroup not in ("scheme", "rest") else "url"
    if match["script"] or match["data"]:
        return LinkSpan(match.start(), end, "", "trick", "runs code")
    if match["url"] is None:
        return LinkSpan(match.start(), end, "", "plain", "is no web address" if kind != "relative" else "has no scheme")
    scheme = match["scheme"].lower()
    if scheme not in _ACTIVE:
        return LinkSpan(match.start(), end, "", "plain", "is no web address")
    return _web(match, end, allowed)


def _web(match: re.Match[str], end: int, allowed: list[tuple[str, ...]]) -> LinkSpan:
    authority = re.split(r"[/\\?#]", match["rest"], maxsplit=1)[0].rstrip(_TRAILING)
    user, at, place = authority.rpartition("@")
    host = place if place.startswith("[") else place.split(":", 1)[0]
    start = match.start()
    if at:
        # What stands before the @ is a name to sign in with; a host's name there is meant to be taken for the host.
        trick = "." in user or "%" in user or "@" in user
        why = "hides its host behind a name" if trick else "carries a name to sign in with"
        return LinkSpan(start, end, host, "trick" if trick else "plain", why)
    if "\\" in match.group() or match["url"][len(match["scheme"]) + 1 :].startswith("///") or "%" in host:
        return LinkSpan(start, end, host, "plain", "is written in an unusual way")
    if host.startswith("[") or _NUMERIC.fullmatch(host.rstrip(".")) or _address(host):
        return LinkSpan(start, end, host, "plain", "names a number, not a host")
    labels = _labels(host)
    if not labels or not _below(labels, allowed):
        return LinkSpan(start, end, host, "plain", "its host is not allowed")
    return LinkSpan(start, end, ".".join(reversed(labels)), "active")


def _labels(host: str) -> tuple[str, ...]:
    """Write a host as its labels from the right, lower case, in ASCII; nothing if it is no host."""
    try:
        name = host.strip().rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ()
    return tuple(reversed(name.split("."))) if name else ()


def _below(labels: tuple[str, ...], allowed: list[tuple[str, ...]]) -> bool:
    return any(one and labels[: len(one)] == one for one in allowed)


def _address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
