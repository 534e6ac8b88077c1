"""The measure of poisoning: what is planted, and that it is counted where it belongs."""

import shutil
from pathlib import Path

import pytest

from citedesk.errors import InputError
from citedesk.evaluate.guard.planted import KINDS, Target, plant
from citedesk.evaluate.guard.poison import evaluate_poison, read_answerable
from citedesk.settings import Settings, shipped
from citedesk.types import Document

TARGET = Target("why does it fail", Document("rb-x", "v", "# X\n\n1. Check it.\n2. Mend it.\n", "X"))


def test_plant_of_the_same_seed_is_the_same_and_has_every_kind() -> None:
    planted = plant([TARGET], 40, 7)
    assert (plant([TARGET], 40, 7), {one.kind for one in planted}) == (planted, set(KINDS))
    assert len({one.name for one in planted}) == 40


def test_plant_of_a_flood_is_one_page_with_a_word_changed() -> None:
    flood = [one.text for one in plant([TARGET], 24, 0) if one.kind == "flood"][:3]
    assert flood[1:] == [f"{flood[0]}\nEdition {number}.\n" for number in (1, 2)]


def test_read_answerable_without_a_question_is_refused(tmp_path: Path) -> None:
    (tmp_path / "queries.jsonl").write_text('{"_id": "a", "text": "x"}\n', encoding="utf-8")
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n", encoding="utf-8")
    (tmp_path / "expected.jsonl").write_text('{"_id": "a", "answerable": false}\n', encoding="utf-8")
    with pytest.raises(InputError, match="no answerable question"):
        read_answerable(tmp_path)


@pytest.mark.parametrize("share", [0.0, 1.5])
def test_share_out_of_range_is_refused(tmp_path: Path, share: float) -> None:
    with pytest.raises(InputError, match="above 0 and at most 1"):
        evaluate_poison(Settings(home=tmp_path), tmp_path, share)


def test_poison_of_low_trust_is_cited_in_no_answer_and_orders_are_held(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "few"
    folder.mkdir()
    source = shipped("kb") / "golden" / "dev"
    for name in ("qrels.tsv", "expected.jsonl"):
        shutil.copy(source / name, folder)
    rows = (source / "queries.jsonl").read_text(encoding="utf-8").splitlines()[:12]
    (folder / "queries.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    report = evaluate_poison(Settings(home=home, threads=1), folder, 0.1)
    held = {
        kind: row["held"] == row["planted"] for kind, row in report["low"]["kinds"].items() if row["what"] == "order"
    }
    assert (report["low"]["answers_citing"], report["low"]["followed"], report["normal"]["followed"]) == (0, 0, 0)
    assert held == {"orders": True, "hidden": True, "metadata": True}
