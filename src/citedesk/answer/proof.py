"""What became of a citation: its document changes, the proof stays.

A citation is proved by the stored text of its own version, which is kept until the document is erased. Beside that
the reader wants to know whether the words still stand in the document as it is now, and where.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from citedesk.knowledge.chunk import blocks, heading_text
from citedesk.store import Store
from citedesk.store.citations import Spot
from citedesk.types import Citation, Document, Principal

# Characters before and after a quote that tell which of several equal places is the one that was cited.
_AROUND = 200
# Places of one quote that are looked at; a quote that stands there more often is no proof of anything.
_PLACES = 200


class State(StrEnum):
    """What became of a citation, the worst last."""

    VALID = "valid"
    MOVED = "moved"
    CHANGED = "changed"
    GONE = "gone"
    BROKEN = "broken"


_WORST = tuple(State)


@dataclass(frozen=True, slots=True)
class Proof:
    """The state of a citation, and where its words stand now if they do.

    valid: the cited version is the current one. moved: the words stand unchanged in a newer version, at `now`.
    changed: there is a newer version without them. gone: the document was removed or erased, or may not be read by who
    asks; these look the same. broken: the quote is not what the stored text of its own version says: an alarm.
    """

    state: State
    now: Spot | None = None


GONE = Proof(State.GONE)


class Prover:
    """Proves many citations against one state of the documents; each text is read once."""

    def __init__(self, store: Store, principal: Principal) -> None:
        self._store, self._principal = store, principal
        self._current: dict[str, Document | None] = {}
        self._texts: dict[tuple[str, str], str | None] = {}
        self._proved: dict[tuple[Spot, str], Proof] = {}

    def prove(self, citation: Citation) -> Proof:
        """Tell what became of a citation."""
        spot = Spot(citation.document_id, citation.version, citation.start, citation.end)
        key = (spot, citation.quote)
        if key not in self._proved:
            self._proved[key] = self._prove(spot, citation.quote)
        return self._proved[key]

    def prove_spot(self, spot: Spot) -> Proof:
        """Tell what became of a span, taking the stored text of its version for the quote."""
        text = self._text(spot.document_id, spot.version)
        return GONE if text is None else self.prove(_citation(spot, text[spot.start : spot.end]))

    def _prove(self, spot: Spot, quote: str) -> Proof:
        current = self._document(spot.document_id)
        own = self._text(spot.document_id, spot.version)
        if current is None or own is None:
            return GONE
        if not quote or own[spot.start : spot.end] != quote:
            return Proof(State.BROKEN)
        if current.version == spot.version:
            return Proof(State.VALID, spot)
        start = _nearest(own, current.text, spot, quote)
        if start is None:
            return Proof(State.CHANGED)
        return Proof(State.MOVED, Spot(spot.document_id, current.version, start, start + len(quote)))

    def _document(self, document_id: str) -> Document | None:
        """Fetch a document as it is now; None if it is not found any more, or not for this principal."""
        if document_id not in self._current:
            with self._store.lock:
                active = self._store.documents.is_active(document_id)
                found = self._store.documents.get(document_id) if active else None
            readable = found is not None and self._principal.may_read(found.labels)
            self._current[document_id] = found if readable else None
        return self._current[document_id]

    def _text(self, document_id: str, version: str) -> str | None:
        key = (document_id, version)
        if key not in self._texts:
            with self._store.lock:
                self._texts[key] = self._store.documents.texts([key]).get(key)
        return self._texts[key]


def state_of(citation: Citation, store: Store, principal: Principal) -> Proof:
    """Tell what became of one citation, as far as the principal may know; see `Proof`."""
    return Prover(store, principal).prove(citation)


def states_of(citations: Iterable[Citation], store: Store, principal: Principal) -> list[Proof]:
    """Tell what became of each citation, in order."""
    prover = Prover(store, principal)
    return [prover.prove(citation) for citation in citations]


def worst(states: Iterable[State]) -> State:
    """Give the state that most needs a person to look; valid if there is none."""
    return max(states, key=_WORST.index, default=State.VALID)


def survey(store: Store, principal: Principal) -> Mapping[State, int]:
    """Count stored suggestions by the worst state of what they cite.

    Only spans of documents that changed are looked at, through the table of citations. The quotes themselves are not
    compared with what is stored of them: `kb check --only citations` does that.
    """
    with store.lock:
        total, outdated = store.citations.suggestions(), store.citations.outdated()
    prover = Prover(store, principal)
    states: dict[str, list[State]] = {}
    for spot, suggestions in outdated.items():
        state = prover.prove_spot(spot).state
        for suggestion_id in suggestions:
            states.setdefault(suggestion_id, []).append(state)
    counts = Counter(worst(found) for found in states.values())
    counts[State.VALID] += total - len(states)
    return {state: counts[state] for state in State}


def _citation(spot: Spot, quote: str) -> Citation:
    return Citation(spot.document_id, spot.version, spot.start, spot.end, quote)


def _nearest(own: str, text: str, spot: Spot, quote: str) -> int | None:
    """Find where a quote stands in another version: below the same heading, in the likest company, the least far."""
    starts: list[int] = []
    at = text.find(quote)
    while at >= 0 and len(starts) < _PLACES:
        starts.append(at)
        at = text.find(quote, at + 1)
    if len(starts) < 2:
        return starts[0] if starts else None
    heading = _heading(own, spot.start)

    def fit(start: int) -> tuple[bool, int, int]:
        around = _alike(own[: spot.start][::-1], text[:start][::-1]) + _alike(
            own[spot.end :], text[start + len(quote) :]
        )
        return _heading(text, start) == heading, around, -abs(start - spot.start)

    return max(starts, key=fit)


def _alike(one: str, other: str) -> int:
    """Count the characters two texts begin with alike, up to _AROUND."""
    pairs = zip(one[:_AROUND], other[:_AROUND], strict=False)
    return next((count for count, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other), _AROUND))


@lru_cache(maxsize=256)
def _headings(text: str) -> Sequence[tuple[int, str]]:
    found = [block for block in blocks(text) if block.kind == "heading"]
    return [(block.start, heading_text(text[block.start : block.end])) for block in found]


def _heading(text: str, at: int) -> str:
    return next((name for start, name in reversed(_headings(text)) if start <= at), "")
