"""What may not be indexed before a person has read it: orders to software, and claims on other documents.

A document is looked at as a whole: its text, its title and other values of its front matter, its id and its file's
name, and what its reader left out, such as hidden parts of a page. Leaves out how orders are told (`guard/`), and
keeping what waits (`store/quarantine.py`).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from citedesk.store.quarantine import Place
from citedesk.text import sha256
from citedesk.types import Document, Injection

# Says of each text how much it reads like orders to software; see `guard.detect`.
Scan = Callable[[Sequence[str]], Sequence[Injection]]

TAKES_ID, SUPERSEDES = "takes_id", "supersedes"
# Documents scanned at once.
_BLOCK = 64
# What parts words in names of files and ids.
_JOINTS = re.compile(r"[-_./\\+]")
_ROW = re.compile(r":[0-9]{1,12}\Z")
# Fields of a document that hold words people chose, beside its text.
_SPOKEN = ("title", "kind", "service", "layer", "owner", "supersedes")
_NAMES = ("id", "source")
_LONG = ("text", "aside")
# Words below which a title, tag or name says no order.
_LEAST = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a document must wait: no places if it need not."""

    places: tuple[Place, ...] = ()
    score: float = 0.0


def scan_nothing(texts: Sequence[str]) -> list[Injection]:
    """Find nothing; for documents whose maker is known."""
    return [Injection()] * len(texts)


def content_of(document: Document, aside: str = "") -> str:
    """Hash all that is looked at: 64 hexadecimal digits. Where a folder lies and how far it is believed is no part."""
    shape = asdict(document) | {"labels": sorted(document.labels), "tags": sorted(document.tags), "origin": ""}
    shape.pop("trust")
    return sha256(json.dumps([shape, aside]))


def look(documents: Sequence[Document], asides: Mapping[str, str], scan: Scan) -> Iterator[tuple[Document, Verdict]]:
    """Look for orders to software.

    Args:
        documents: to be stored.
        asides: document id -> text its reader left out.
        scan: tells orders.

    Yields:
        Each document and what was found, in order.
    """
    for at in range(0, len(documents), _BLOCK):
        block = documents[at : at + _BLOCK]
        fields = [_fields(document, asides.get(document.id, "")) for document in block]
        seen = iter(scan([text for group in fields for _, text in group]))
        for document, group in zip(block, fields, strict=True):
            yield document, _verdict([(name, text, next(seen)) for name, text in group])


def _fields(document: Document, aside: str) -> list[tuple[str, str]]:
    """Name every text of a document; names of files and ids are read as words."""
    spoken = [(name, str(getattr(document, name) or "")) for name in _SPOKEN]
    names = [(name, _JOINTS.sub(" ", str(getattr(document, name)))) for name in _NAMES]
    listed = [("tags", tag) for tag in sorted(document.tags)] + [("labels", label) for label in sorted(document.labels)]
    found = [("text", document.text), *spoken, *names, *listed, ("aside", aside)]
    return [(name, text) for name, text in found if len(text.split()) >= _LEAST or (name in _LONG and text)]


def _verdict(seen: Sequence[tuple[str, str, Injection]]) -> Verdict:
    flagged = [(name, text, injection) for name, text, injection in seen if injection.flagged]
    # A page's hidden part is looked at together with the rest of it, which the text has already.
    shown = [one for one in flagged if one[0] != "aside"] or flagged
    places = [place for name, text, injection in shown for place in _places(name, text, injection)]
    return Verdict(tuple(places), max((injection.score for _, _, injection in flagged), default=0.0))


def _places(name: str, text: str, injection: Injection) -> Iterator[Place]:
    kept = text if name in ("aside", "tags", "labels") else ""
    if not injection.evidence:
        kinds = injection.families or ("learned",)
        yield from (Place(name, kind, 0, len(text), kept) for kind in kinds)
    for found in injection.evidence:
        yield Place(name, found.type, found.start, found.end, kept[found.start : found.end] if kept else "")


def claims(document: Document, known: Mapping[str, Document], may_replace: bool) -> tuple[Place, ...]:
    """Tell which other document this one would push aside without having a right to.

    A document takes the place of one of its own path, of a file that is no longer there, or of the same text; never of
    one of higher trust. The same holds for what it supersedes, where only its own path counts.

    Args:
        document: from a file.
        known: what is stored, by id.
        may_replace: a person said that documents of other places may be replaced.
    """
    places, before = [], known.get(document.id)
    if before is not None and not _may_take(document, before, may_replace):
        places.append(Place("id", TAKES_ID, 0, len(document.id)))
    old = known.get(document.supersedes or "")
    if old is not None and old.id != document.id and not _may_supersede(document, old, may_replace):
        places.append(Place("supersedes", SUPERSEDES, 0, len(old.id)))
    return tuple(places)


def _may_take(document: Document, before: Document, may_replace: bool) -> bool:
    if document.origin == before.origin or path_of(document) == path_of(before):
        return True  # what lies below one path is believed alike; the trust of the path decides
    if document.trust.rank < before.trust.rank:
        return False
    return may_replace or document.version == before.version or _is_gone(before)


def _may_supersede(document: Document, old: Document, may_replace: bool) -> bool:
    if document.trust.rank < old.trust.rank:
        return False
    return may_replace or document.origin == old.origin or _within(document.origin, old.origin)


def _within(one: str, other: str) -> bool:
    """Tell whether one path lies in the other."""
    return bool(one and other) and (Path(one).is_relative_to(other) or Path(other).is_relative_to(one))


def path_of(document: Document) -> Path:
    """Name the file a document came from: a path that is a file is its own origin; a row stands after a colon."""
    origin, source = Path(document.origin), _ROW.sub("", document.source)
    return origin if origin.name == source.split("/")[0] and origin.is_file() else origin / source


def _is_gone(document: Document) -> bool:
    """Tell whether the file a document came from is no longer there: then it was moved; not of a zip's members."""
    if not document.origin:
        return False
    origin, path = Path(document.origin), path_of(document)
    above = [parent for parent in path.parents if parent.is_relative_to(origin)]
    return not path.exists() and not any(parent.is_file() for parent in [origin, *above])
