"""The peer of the lexical leg, on passages of our own."""

import json
import math
from pathlib import Path

import pytest

from citedesk.encoding.fake import FakeEncoder
from citedesk.evaluate.lexical import bm25s_peer, passage_texts
from citedesk.evaluate.retrieval import evaluate_retrieval
from citedesk.types import Document, Passage

pytest.importorskip("bm25s")


def test_peer_of_two_texts_scores_as_the_formula_by_hand() -> None:
    # N = 2, df = 1, |d| = 2, avgdl = 3: idf = ln(1 + 1.5/1.5), norm = 1.2 (0.25 + 0.75 * 2/3) = 0.9.
    search = bm25s_peer(["crash pods", "replica lag key token"])
    ((position, score),) = search("the crashes")
    assert (position, round(score, 6)) == (0, round(math.log(2) / 1.9, 6))


def test_peer_asked_for_unknown_words_finds_nothing() -> None:
    assert bm25s_peer(["crash pods", "replica lag"])("zebra") == []


def test_passage_texts_are_title_headings_and_text() -> None:
    document = Document(id="a", version="v", text="# Top\n\nBody.", title="Title")
    assert passage_texts([document], [Passage("a", "v", 7, 12, ("Top",))]) == ["Title > Top\nBody."]


def test_retrieval_with_the_peer_reports_it_and_the_difference(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    rows = [{"_id": "a", "title": "Pods", "text": "Pods crash."}, {"_id": "b", "title": "Mail", "text": "Mail waits."}]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "queries.jsonl").write_text(json.dumps({"_id": "q", "text": "crashing pods"}) + "\n", encoding="utf-8")
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq\ta\t1\n", encoding="utf-8")
    report, _ = evaluate_retrieval(folder, FakeEncoder(), tmp_path / "set.db", peer="bm25s")
    legs = report["legs"]
    assert isinstance(legs, dict)
    assert legs["bm25s"] == {"ndcg@10": 1.0, "recall@10": 1.0, "mrr@10": 1.0, "p@1": 1.0}
    assert report["lexical_minus_bm25s"] == {"ndcg@10": 0.0, "p_value": 1.0}
