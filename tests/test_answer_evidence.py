"""The signals of evidence by hand, what is read for them, and that what may not be read has no say in them."""

import math
from pathlib import Path

import pytest

from citedesk.answer import load_evidence
from citedesk.answer.evidence import SIGNALS, EvidenceModel, Near, measure, near_positions, read_near
from citedesk.desk import Desk
from citedesk.encoding.fake import FakeEncoder
from citedesk.errors import IntegrityError
from citedesk.evaluate.evidence import without
from citedesk.index import Entry, Snapshot, SourceDocument, build_snapshot
from citedesk.retrieve import Found, Query, rank
from citedesk.settings import shipped
from citedesk.types import Passage, Principal

ENCODER = FakeEncoder()
READER = Principal("r", labels=frozenset({"staff"}))


def _snapshot(texts: dict[str, list[str]]) -> Snapshot:
    documents = [
        SourceDocument(name, f"v-{name}", name, "article", "svc", "data", ("staff",), None, None) for name in texts
    ]
    entries = [
        Entry(row, Passage(name, f"v-{name}", i, i + 1, (f"About {name}",)), text)
        for row, name in enumerate(texts)
        for i, text in enumerate(texts[name])
    ]
    return build_snapshot("g", ENCODER.name, documents, entries, ENCODER.encode([entry.text for entry in entries]))


def _found(snapshot: Snapshot, question: str) -> Found:
    return rank(snapshot, Query(question), ENCODER.encode([question])[0], READER)


def test_confidence_is_the_logistic_of_the_weighted_sum() -> None:
    model = EvidenceModel(dict(zip(SIGNALS, (1.0, 2.0, 3.0, 4.0, 5.0), strict=True)), -1.0)
    signals = dict(zip(SIGNALS, (0.5, 0.1, 0.0, 0.25, 0.1), strict=True))
    assert model.confidence(signals) == round(1 / (1 + math.exp(-1.2)), 4)


def test_load_evidence_of_an_older_model_names_the_file_and_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text('{"weights": {"dense_top": 1.0}, "intercept": 0.0}')
    with pytest.raises(IntegrityError, match=r"model\.json is missing or damaged; reinstall citedesk or fit it again"):
        load_evidence(tmp_path)


def test_shipped_model_trusts_more_where_any_signal_is_larger() -> None:
    model = load_evidence(shipped("models") / "evidence")
    assert [name for name in SIGNALS if model.weights[name] <= 0] == []


def test_near_positions_are_four_of_the_first_document_and_two_of_the_next_two() -> None:
    snapshot = _snapshot({name: [f"printer jam {name} {i}" for i in range(6)] for name in "abcd"})
    found = _found(snapshot, "printer jam a")
    positions = near_positions(snapshot, found)
    first = int(snapshot.owners[found.ranked[0].position])
    assert [len(group) for group in positions] == [4, 2, 2]
    assert {int(snapshot.owners[p]) for p in positions[0]} == {first}
    assert len({int(snapshot.owners[p]) for group in positions for p in group}) == 3


def test_read_near_leaves_out_what_was_erased_meanwhile() -> None:
    snapshot = _snapshot({"a": ["printer jam", "paper tray"], "b": ["blue whale"]})
    assert read_near(snapshot, [[0, 1], [2]], {1: "Paper tray."}) == Near(("a",), (("About a\nPaper tray.",),))


def test_measure_gives_each_signal_as_computed_by_hand() -> None:
    snapshot = _snapshot({"printer": ["red fox jumps over it", "the end"], "whale": ["blue whale"]})
    question = "red fox printer whale"
    found = _found(snapshot, question)
    vector = ENCODER.encode([question])[0]
    near = Near(("printer", "whale"), (("red fox jumps over it",), ("blue whale",)))
    best = [hit for hit in found.ranked if snapshot.owners[hit.position] == snapshot.owners[found.ranked[0].position]]
    other = next(hit for hit in found.ranked if hit not in best)
    weights = found.weights
    assert measure(snapshot, found, near, question, vector, ENCODER) == pytest.approx(
        {
            # "blue whale" is too short to be a sentence.
            "sentence": float(ENCODER.encode(["red fox jumps over it"])[0] @ vector),
            "passage": best[0].score,
            "lead": best[0].score - other.score,
            "words": 1 - weights["whale"] / sum(weights.values()),
            "length": math.log1p(4),
        }
    )


def test_measure_of_the_only_document_sees_no_lead() -> None:
    snapshot = _snapshot({"printer": ["red fox jumps over it"]})
    found = _found(snapshot, "red fox")
    near = Near(("printer",), (("red fox jumps over it",),))
    assert measure(snapshot, found, near, "red fox", ENCODER.encode(["red fox"])[0], ENCODER)["lead"] == 0.0


def test_measure_of_passages_without_a_sentence_has_no_nearest_one() -> None:
    snapshot = _snapshot({"a": ["red fox"], "b": ["whale"]})
    found = _found(snapshot, "red fox")
    near = Near(("a",), (("red fox",),))
    assert measure(snapshot, found, near, "red fox", ENCODER.encode(["red fox"])[0], ENCODER)["sentence"] == 0.0


@pytest.mark.parametrize(
    "question", ["how do I refund an order", "postmortem of the leaked deploy token", "VPN error 809"]
)
def test_retrieve_signals_are_as_if_unreadable_documents_did_not_exist(desk: Desk, question: str) -> None:
    serving = desk.parts.live.serving()
    snapshot = serving.snapshot
    public = Principal("p", labels=frozenset({"public"}))
    hidden = [row for row in snapshot.living if "public" not in snapshot.documents[row].labels]
    asked = desk.question(serving, question)
    apart = desk.answerer.retrieve(without(serving, hidden), asked, Principal("a", "admin"))
    together = desk.answerer.retrieve(serving, asked, public)
    assert hidden
    assert (together.signals, together.near) == (apart.signals, apart.near)
