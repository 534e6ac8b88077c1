"""Copies count once, whoever says them; a flood of any size takes one place; stuffed passages fall."""

from pathlib import Path

import numpy as np
import pytest

from citedesk.encoding.fake import FakeEncoder
from citedesk.knowledge import LiveIndex, add_documents
from citedesk.knowledge.live import Serving
from citedesk.retrieve import Query, best_per_document, rank
from citedesk.retrieve.candidates import Candidates, Words
from citedesk.retrieve.demote import stuffed
from citedesk.store import open_store
from citedesk.text import sha256
from citedesk.types import Document, Principal, Trust

ENCODER = FakeEncoder()
STAFF = Principal("s", labels=frozenset({"staff"}))
BOSS = Principal("b", "admin")


def document(name: str, text: str, trust: Trust = Trust.NORMAL, label: str = "staff") -> Document:
    return Document(name, sha256(text), text, "Note", labels=frozenset({label}), trust=trust)


def serving(folder: Path, documents: list[Document]) -> Serving:
    """Index documents, stored one after the other in the order given."""
    store = open_store(None)
    for one in documents:
        add_documents(store, [one])
    live = LiveIndex(store, ENCODER, folder, "fake", lambda _: ENCODER)
    live.build()
    found = live.serving()
    store.close()
    return found


def found(folder: Path, documents: list[Document], query: str, reader: Principal = STAFF) -> list[str]:
    snapshot = serving(folder, documents).snapshot
    ranked = rank(snapshot, Query(query), ENCODER.encode([query])[0], reader).ranked
    return [snapshot.documents[int(snapshot.owners[h.position])].id for h in best_per_document(ranked, snapshot.owners)]


TRUE = "When the spooler hangs restart it and then print one page to see that all is well again"
OTHERS = [document(f"o{i}", text) for i, text in enumerate(("spooler hangs at night", "spooler hangs on paper"))]


def test_flood_of_one_page_takes_one_place(tmp_path: Path) -> None:
    flood = [document(f"f{i}", "spooler hangs restart nothing") for i in range(20)]
    assert found(tmp_path, [*OTHERS, *flood], "spooler hangs")[:3] == ["o0", "f0", "o1"]


@pytest.mark.parametrize("trust", [Trust.NORMAL, Trust.LOW])
def test_copy_stands_behind_the_document_that_was_there_first(tmp_path: Path, trust: Trust) -> None:
    copy = document("a-copy", TRUE, trust)
    assert found(tmp_path, [document("true", TRUE), *OTHERS, copy], "print one page")[0] == "true"


def test_earlier_copy_of_lower_trust_stands_behind(tmp_path: Path) -> None:
    copy = document("a-copy", TRUE, Trust.LOW)
    assert found(tmp_path, [copy, *OTHERS, document("true", TRUE)], "spooler hangs restart")[0] == "true"


def test_copy_of_a_document_the_asker_may_not_read_is_ranked_as_if_that_were_not_there(tmp_path: Path) -> None:
    hidden, copy = document("true", TRUE, label="security"), document("copy", TRUE)
    with_hidden = found(tmp_path / "a", [hidden, *OTHERS, copy], "spooler hangs restart")
    assert with_hidden == found(tmp_path / "b", [*OTHERS, copy], "spooler hangs restart")
    assert found(tmp_path / "c", [hidden, *OTHERS, copy], "spooler hangs restart", BOSS)[0] == "true"


def test_equal_scores_go_to_higher_trust(tmp_path: Path) -> None:
    pair = [document("a", "apples are red", Trust.LOW), document("b", "apples are red")]
    assert found(tmp_path, pair, "apples")[0] == "b"


@pytest.mark.parametrize(
    ("counts", "length", "expected"),
    [([6, 6, 6, 6], 30, True), ([1, 1, 1, 1], 6, False), ([6, 6, 0, 0], 14, False), ([6, 6, 6, 6], 60, False)],
    ids=["over and over", "a short title", "two words only", "in a longer text"],
)
def test_passage_is_stuffed_if_it_is_little_but_the_query_repeated(
    counts: list[int], length: int, expected: bool
) -> None:
    words = Words(np.array([counts], dtype=np.float64), np.array([float(length)]), 20.0, np.ones(4), 4.0)
    one = np.zeros(1, np.float32)
    asked = Candidates(np.array([0]), np.array([0], np.int32), np.ones((1, 2), np.float32), one, one, words)
    assert stuffed(asked).tolist() == [expected]
