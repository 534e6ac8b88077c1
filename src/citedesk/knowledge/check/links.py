"""Check `links`: links that lead to no document, no heading or no definition, and to what was superseded.

A relative link is resolved against the document's file, then as an id. Only links to documents are judged: images and
other files are not in the knowledge base. Addresses on the web are never fetched; only their form is read.
"""

import posixpath
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from citedesk.knowledge.check.issue import Corpus, Issue, Severity, shown
from citedesk.knowledge.check.outline import Outline, Prose
from citedesk.types import Document

CHECK = "links"

# Bounded runs only, so that the time is linear. A destination may hold one level of parentheses.
_LINK = re.compile(
    r"(?<![\\!])(?<!\[!INCLUDE )\[((?:[^\[\]\\]|\\.|!?\[[^\[\]]{0,300}\]){0,600})\]"
    r"\([ \t]*(<[^<>\n]{0,2000}>|(?:[^\s()<>]|\([^\s()]{0,300}\)){0,2000})((?:\s+[\"'(][^\n]{0,300}?[\"')])?[ \t\n]*)\)"
)
_REFERENCE = re.compile(r"(?<![\\!\w\]])\[([^\[\]\\^=]{1,200})\]\[([^\[\]\\^=]{0,200})\](?=[\s.,;:!?)*_|]|$)")
_DEFINITION = re.compile(r"^ {0,3}\[([^\[\]^]{1,200})\]:[ \t]*\n?[ \t]*(<[^<>\n]*>|\S+)", re.M)
_REVERSED = re.compile(r"\([^()\n]{1,100}\)\[(https?://[^\s\]]{1,500})\]")
_SPACED = re.compile(r"(?<!!)\[[^\[\]]{1,200}\]\([ \t]*(https?://[^\s()<>\"']{0,300}[ \t]+[^()\"'\n]{1,300})\)")
# Not a link's name: templates write [id][id].
_IDENTIFIER = re.compile(r"[0-9a-fA-F-]{20,}")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{1,20}):")
_ANCHOR = re.compile(r"<[a-zA-Z][^<>]{0,200}?\b(?:id|name)\s*=\s*[\"']?([^\"'\s>]{1,200})")
_OWN_ANCHOR = re.compile(r"\{[^{}]{0,60}#([\w:.-]{1,100})[^{}]{0,60}\}\s*$")
_HEADING_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")
_HOST = re.compile(r"[\w.~%<>{}$*-]+|\[[0-9a-fA-F:.%]+\]")
_TEXTS = (".md", ".markdown")


@dataclass(frozen=True, slots=True)
class _Link:
    """Where a link leads, its words, and its line."""

    target: str
    words: str
    line: int


class Targets:
    """What a link may lead to: documents by file and by id, and the anchors of each."""

    def __init__(self, corpus: Corpus, outlines: Mapping[str, Outline]) -> None:
        self._outlines = outlines
        self._anchors: dict[str, frozenset[str]] = {}
        self.corpus = corpus
        self._files = {(d.origin, d.source): d.id for d in corpus.documents if d.source}
        self._paths: dict[str, str] = {}
        for document in corpus.documents:
            self._paths.setdefault(_full(document.origin, document.source), document.id)
        self._names: dict[str, str] = {}
        for document in corpus.documents:
            self._names.setdefault(posixpath.basename(_bare(document.source)).casefold(), document.id)
        self._names |= {document.id.casefold(): document.id for document in corpus.documents}

    def find(self, document: Document, path: str) -> str | None:
        """Name the document a relative path leads to from another; None if it leads nowhere."""
        folder = posixpath.dirname(document.source)
        below = posixpath.normpath(posixpath.join(folder, path.lstrip("/") if path.startswith("/") else path))
        rooted = posixpath.normpath(path.lstrip("/"))
        for name in (below, rooted) if path.startswith("/") else (below,):
            for ending in ("", *_TEXTS, "/README.md", "/index.md", "/_index.md"):
                found = self._files.get((document.origin, name + ending))
                found = found or self._paths.get(_full(document.origin, name + ending))
                if found:
                    return found
        return self._by_id(path, below)

    def _by_id(self, path: str, below: str) -> str | None:
        known = self.corpus.by_id
        bare = _bare(path)
        for name in (path, bare, _bare(below), posixpath.basename(bare)):
            if name in known:
                return name
        return None

    def alike(self, path: str) -> str | None:
        """Name a document whose id or file differs from a path in case, or in its folder alone."""
        name = posixpath.basename(_bare(path))
        return self._names.get(name.casefold())

    def anchors(self, document_id: str) -> frozenset[str]:
        """Give the anchors of a document, squashed."""
        if document_id not in self._anchors:
            self._anchors[document_id] = frozenset(_anchors(self._outlines[document_id]))
        return self._anchors[document_id]


def _full(origin: str, source: str) -> str:
    """Write the whole path of a source; an origin that is a file is its own source."""
    if posixpath.basename(origin) == source:
        return origin
    return posixpath.normpath(posixpath.join(origin, source))


def _bare(path: str) -> str:
    return next((path[: -len(ending)] for ending in _TEXTS if path.lower().endswith(ending)), path)


def _squash(anchor: str) -> str:
    """Keep letters and digits: sites make anchors of headings in many ways that differ in the rest."""
    plain = unicodedata.normalize("NFKC", unquote(anchor)).casefold()
    return "".join(char for char in plain if char.isalnum())


def _anchors(read: Outline) -> Iterator[str]:
    counted: dict[str, int] = {}
    for heading in read.headings:
        own = _OWN_ANCHOR.search(heading)
        if own:
            yield _squash(own.group(1))
        words = _HEADING_LINK.sub(r"\1", _OWN_ANCHOR.sub("", heading))
        name = _squash(words)
        yield name
        if name in counted:
            yield f"{name}{counted[name]}"
        counted[name] = counted.get(name, 0) + 1
    for text in (*read.html, *(prose.text for prose in read.prose if "<" in prose.text)):
        for match in _ANCHOR.finditer(text):
            yield _squash(match.group(1))


def links(document: Document, read: Outline, targets: Targets) -> list[Issue]:
    """Find the links of a document that lead nowhere."""
    definitions = dict(_definitions(read))
    issues = [issue for prose in read.prose for issue in _malformed(document, prose)]
    for prose in read.prose:
        for match in _REFERENCE.finditer(prose.plain):
            name = match.group(2) or match.group(1)
            if _key(name) not in definitions and _key(name) and not _IDENTIFIER.fullmatch(name):
                message = f"the link [{shown(name)}] is not defined; add a line `[{shown(name)}]: ADDRESS`"
                issues.append(Issue(CHECK, Severity.ERROR, document.id, message, prose.line_at(match.start())))
    for link in (*_inline_links(read), *definitions.values()):
        issues += _judge(document, link, targets)
    return sorted(issues, key=lambda issue: (issue.line or 0, issue.message))


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()


def _definitions(read: Outline) -> Iterator[tuple[str, _Link]]:
    for prose in read.prose:
        for match in _DEFINITION.finditer(prose.plain):
            target = match.group(2).strip("<>")
            yield _key(match.group(1)), _Link(target, match.group(1), prose.line_at(match.start()))


def _inline_links(read: Outline) -> Iterator[_Link]:
    for prose in read.prose:
        if "](" in prose.plain:
            for match in _LINK.finditer(prose.plain):
                # A link's words may hold code, which is blanked out in `plain`.
                words = prose.text[match.start(1) : match.end(1)]
                yield _Link(match.group(2).strip("<>"), words, prose.line_at(match.start()))


def _malformed(document: Document, prose: Prose) -> Iterator[Issue]:
    for match in _REVERSED.finditer(prose.plain):
        message = f"the brackets of the link to {shown(match.group(1))} are swapped; write [words](address)"
        yield Issue(CHECK, Severity.ERROR, document.id, message, prose.line_at(match.start()))
    for match in _SPACED.finditer(prose.plain):
        message = f"a space stands in the address {shown(match.group(1))}; write %20 for it, or put it in <>"
        yield Issue(CHECK, Severity.ERROR, document.id, message, prose.line_at(match.start()))


def _judge(document: Document, link: _Link, targets: Targets) -> Iterator[Issue]:
    scheme = _SCHEME.match(link.target)
    if scheme and "/" not in link.target[: scheme.end()] and len(scheme.group(1)) > 1:
        wrong = web_fault(link.target)
        if wrong:
            message = f"{wrong}: {shown(link.target)}"
            yield Issue(CHECK, Severity.ERROR, document.id, message, link.line)
        return
    if not link.target:
        if link.words.strip():
            message = f"the link of {shown(link.words)!r} leads nowhere; write its address, or remove it"
            yield Issue(CHECK, Severity.ERROR, document.id, message, link.line)
        return
    path, _, anchor = link.target.partition("#")
    path = unquote(path.partition("?")[0])
    if link.target.startswith("//") or "<" in path or "{" in path or "$" in path:
        return
    found = targets.find(document, path) if path else document.id
    if found is None:
        yield from _missing(document, link, path, targets)
        return
    yield from _old(document, link, found, targets)
    if anchor and not _has_anchor(targets, found, anchor):
        where = "this document" if found == document.id else found
        message = f"no heading of {where} gives the anchor #{shown(anchor)}; correct it to the heading's words"
        yield Issue(CHECK, Severity.ERROR, document.id, message, link.line, _others(document, found))


def _others(document: Document, found: str) -> tuple[str, ...]:
    return () if found == document.id else (found,)


def _has_anchor(targets: Targets, document_id: str, anchor: str) -> bool:
    squashed = _squash(anchor)
    return anchor.startswith((":~:", "tab/")) or squashed in ("", "top") or squashed in targets.anchors(document_id)


def _missing(document: Document, link: _Link, path: str, targets: Targets) -> Iterator[Issue]:
    """Report a path that names a document which is not there; other files are not ours to know."""
    alike = targets.alike(path)
    if not path.lower().endswith(_TEXTS) and (alike is None or "/" in path or "." in path):
        return
    instead = f"; did you mean {alike}?" if alike else "; correct the path, or add that document"
    instead = "; write / for \\" if "\\" in path else instead
    message = f"there is no document at {shown(link.target)}{instead}"
    yield Issue(CHECK, Severity.ERROR, document.id, message, link.line, (alike,) if alike else ())


def _old(document: Document, link: _Link, found: str, targets: Targets) -> Iterator[Issue]:
    """Report a link to what was superseded, unless it stands in what is old itself or in the successor."""
    newer = targets.corpus.replaced.get(found)
    if newer is None or newer == document.id or document.id in targets.corpus.replaced:
        return
    message = f"it links to {found}, which {newer} supersedes; link to {newer}"
    yield Issue(CHECK, Severity.WARNING, document.id, message, link.line, (found, newer))


def web_fault(address: str) -> str | None:
    """Tell what is wrong with the form of an address that has a scheme; None if nothing is."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return "the address cannot be read (brackets or port)"
    if parts.scheme in ("http", "https"):
        return _host_fault(parts)
    if re.match(r"[a-z]{2,12}:https?://", address, re.I) and parts.scheme not in ("view-source", "git", "svn"):
        return f"{parts.scheme}: stands before the address; remove it"
    if parts.scheme in ("htp", "htps", "http s", "hhtp", "hhtps", "httpss", "htttp", "htttps", "ttps"):
        return f"{parts.scheme}: is no scheme; write https:"
    return None


def _host_fault(parts: SplitResult) -> str | None:
    if not parts.netloc:
        return f"{parts.scheme}: is not followed by // and a host; correct the address"
    host = parts.netloc.rpartition("@")[2]
    host = host if host.startswith("[") else host.partition(":")[0]
    if not _HOST.fullmatch(host) or ".." in host:
        return "its host is no host's name; correct the address"
    if host.lower() in ("http", "https"):
        return "the scheme stands there twice; remove one"
    return None


def supersedings(corpus: Corpus) -> list[Issue]:
    """Find documents that supersede nothing, themselves, or each other."""
    issues = []
    for document in corpus.documents:
        old = document.supersedes
        if old is None:
            continue
        if old == document.id:
            message = f"it supersedes itself ({old}); name the older document, or remove the line"
            issues.append(Issue(CHECK, Severity.ERROR, document.id, message))
        elif old not in corpus.by_id:
            message = (
                f"it supersedes {shown(old)}, which is not in the knowledge base; correct the id or remove the line"
            )
            issues.append(Issue(CHECK, Severity.WARNING, document.id, message))
        elif _circle(corpus, document):
            message = f"it supersedes {old}, which comes to supersede it; remove one of the two lines"
            issues.append(Issue(CHECK, Severity.ERROR, document.id, message, related=(old,)))
    return issues


def _circle(corpus: Corpus, document: Document) -> bool:
    seen: set[str] = set()
    at: Document | None = document
    while at is not None and at.supersedes and at.id not in seen:
        seen.add(at.id)
        at = corpus.by_id.get(at.supersedes)
    return at is not None and at.id == document.id
