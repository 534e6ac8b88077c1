"""The page of a training: well-formed, alone, every text escaped, and true to the report."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.cli.main import run
from citedesk.cli.svg import Axis, Plane, chart, dot, line, matrix, plain, shares
from citedesk.cli.train_page import html_page
from citedesk.encoding import Encoder
from tests.triage_data import texts_and_labels

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "\"><script src='//evil.example/x.js'>alert(1)</script>&amp;\x00\x0b\ud800]]>"
UNIT = Plane(Axis("x", 0.0, 1.0, {}), Axis("y", 0.0, 1.0, {}))


def _report(labels: list[str], **changes: Any) -> dict[str, Any]:
    by_label = {"n": 10, "precision": 0.5, "recall": 0.25, "auto_share": 0.0, "auto_precision": None}
    return {
        "n": 100, "learnable": True, "accuracy": 0.7, "macro_f1": 0.6, "macro_f1_interval": (0.5, 0.7),
        "macro_f1_majority": 0.1, "qwk": None, "ece": 0.02, "auto_at": 0.8, "auto_share": 0.4, "auto_precision": 0.95,
        "members": {"text": 1.0}, "rare_classes": [labels[0]],
        "reliability": [(0.3, 0.25, 40), (0.9, 0.5, 60)],
        "risk_coverage": [(tenth / 10, tenth * 0.03) for tenth in range(1, 11)],
        "curve": {"points": [(20, 0.4), (40, 0.5), (80, 0.55)], "twice": 0.025},
        "by_label": {label: dict(by_label) for label in labels},
        "confusion": {label: {labels[0]: 3, label: 7} for label in labels},
        "disagreements": [{"id": "T-7", "label": labels[0], "said": labels[-1], "probability": 0.91}],
    } | changes  # fmt: skip


def _page(head: str, report: dict[str, Any]) -> str:
    return html_page({"tickets": 100, "data_sha256": "ab" * 32, "folds": 5, "metrics": {head: report}})


def _tree(page: str) -> ElementTree.Element:
    return ElementTree.fromstring(page.removeprefix("<!doctype html>\n"))


def _captions(page: str) -> list[str]:
    return [caption.text or "" for caption in _tree(page).iter("figcaption")]


def _rows(page: str, first: str) -> list[list[str]]:
    """Read the rows of the table whose first column is named so."""
    tables = ([[cell.text or "" for cell in row] for row in table] for table in _tree(page).iter("table"))
    return next(rows[1:] for rows in tables if rows[0][0] == first)


def test_page_holds_four_charts_for_each_head() -> None:
    about = {name: _report(["P1", "P2"]) for name in ("priority", "severity")}
    page = html_page({"tickets": 100, "data_sha256": "ab" * 32, "folds": 5, "metrics": about})
    names = [svg.get("aria-label") for svg in _tree(page).iter(f"{SVG}svg")]
    assert names == ["Reliability", "Risk over coverage", "Learning curve", "Confusion"] * 2


@pytest.mark.parametrize("place", ["label", "head", "id"])
def test_page_hostile_name_is_text_only(place: str) -> None:
    report = _report([HOSTILE if place == "label" else "P1", "P2"])
    report["disagreements"][0]["id"] = HOSTILE if place == "id" else "T-7"
    page = _page(HOSTILE if place == "head" else "priority", report)
    names = {element.tag.removeprefix(SVG) for element in _tree(page).iter()}
    assert ("script" in names, "<script" in page, "evil.example" in page) == (False, False, True)
    page.encode("utf-8")


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_page_any_label_is_well_formed_and_read_back(one: str, other: str) -> None:
    rows = _rows(_page(other, _report([one, "P2"])), "ticket")
    shown = plain(one).replace("\r\n", "\n").replace("\r", "\n")
    assert rows == [["T-7", ElementTree.fromstring(f"<a>{shown}</a>").text, "P2", "0.91"]]


def test_page_loads_nothing_and_says_so() -> None:
    page = _page("priority", _report(["P1", "P2"]))
    attributes = {name for element in _tree(page).iter() for name in element.attrib}
    assert attributes & {"src", "href", "action", "data", "onload", "onclick"} == set()
    assert ("default-src &#x27;none&#x27;" in page, "url(" in page, "@import" in page) == (True, False, False)


def test_page_by_label_shows_a_dash_where_there_is_no_figure() -> None:
    assert _rows(_page("priority", _report(["P1", "P2"])), "label") == [
        ["P1", "10", "0.5", "0.25", "0.0", "–"],
        ["P2", "10", "0.5", "0.25", "0.0", "–"],
    ]


def test_page_counts_the_bins_that_chance_does_not_explain() -> None:
    # .25 right of 40 at .3 is chance, .5 right of 60 at .9 is not
    assert "outside here: 1 of 2." in _captions(_page("priority", _report(["P1", "P2"])))[0]


def test_page_of_many_labels_lists_the_commonest_mistakes() -> None:
    labels = [f"L{i:02}" for i in range(30)]
    report = _report(labels)
    report["confusion"]["L09"]["L05"] = 8
    rows = _rows(_page("queue", report), "true")
    assert (rows[:2], len(rows)) == ([["L09", "L05", "8"], ["L01", "L00", "3"]], 15)


def test_page_of_a_head_that_learned_nothing_says_so_and_rings_nothing() -> None:
    report = _report(["P1", "P2"], learnable=False, auto_at=None, auto_share=0.0, auto_precision=None)
    page = _page("priority", report)
    assert ("NOTHING CAN BE LEARNED" in page, "Ring" in _captions(page)[1]) == (True, False)


def test_page_of_two_measured_sizes_expects_nothing() -> None:
    page = _page("priority", _report(["P1", "P2"], curve={"points": [(40, 0.5), (80, 0.55)], "twice": 0.0}))
    assert ("Ring" in _captions(page)[2], 'class="expected"' in page) == (False, False)


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_page_of_an_extreme_score_is_drawn(score: float) -> None:
    curve = {"points": [(20, score), (40, score), (80, score)], "twice": 0.0}
    errors = [(tenth / 10, 1.0 - score) for tenth in range(1, 11)]
    page = _page("priority", _report(["P1", "P2"], curve=curve, risk_coverage=errors, auto_precision=None))
    assert len(list(_tree(page).iter(f"{SVG}svg"))) == 4


def test_line_places_its_points_between_the_margins() -> None:
    # 380 x 260 with margins left 52, right 24, top 12, bottom 44
    assert (
        line(UNIT, [(0, 0), (0.5, 0.25), (1, 1)])
        == '<polyline class="line" points="52.0,216.0 204.0,165.0 356.0,12.0"/>'
    )


def test_dot_names_itself_escaped() -> None:
    drawn = ElementTree.fromstring(dot(UNIT, (1, 0), "<b> & 5", 3))
    assert (drawn.attrib, drawn[0].text) == ({"class": "dot", "cx": "356.0", "cy": "216.0", "r": "3"}, "<b> & 5")


def test_matrix_cell_says_its_count_and_is_shaded_by_its_share() -> None:
    tree = ElementTree.fromstring(matrix("m", {"a": {"a": 3, "b": 1}, "b": {"b": 2}}))
    cells = [(g[0].text, [float(r.get("fill-opacity", 0)) for r in g.iter(f"{SVG}rect")]) for g in tree.iter(f"{SVG}g")]
    assert cells == [
        ("3 of 4 a were called a", [0.45, 0.0]), ("1 of 4 a were called b", [0.15, 0.0]),
        ("0 of 2 b were called a", [0.0]), ("2 of 2 b were called b", [0.6, 0.0]),
    ]  # fmt: skip


def test_chart_shortens_names_of_ticks_only() -> None:
    plane = Plane(Axis("x" * 40, 0.0, 1.0, {0.5: "t" * 40}), shares("y"))
    texts = [text.text for text in ElementTree.fromstring(chart(plane, "about")).iter(f"{SVG}text")]
    assert ("t" * 17 + "…" in texts, "x" * 40 in texts) == (True, True)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    texts, priorities, _ = texts_and_labels(12, seed=6)
    rows = [
        {"id": f"t{i}", "body": text, "priority": p} for i, (text, p) in enumerate(zip(texts, priorities, strict=True))
    ]
    file = tmp_path / "history.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return file


def _train(home: Path, history: Path, page: Path) -> int:
    options = ["--head", "priority", "--features", "words", "--out", str(history.parent / "model"), "--html", str(page)]
    return run(["--home", str(home), "train", str(history), *options, "--json"])


def test_train_html_writes_the_page_of_its_report(
    home: Path, encoder: Encoder, history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = history.parent / "new" / "page.html"
    assert _train(home, history, page) == 0
    report = json.loads(capsys.readouterr().out)["metrics"]["priority"]
    written = page.read_text(encoding="utf-8")
    assert _rows(written, "head")[0][:3] == ["priority", "36", str(report["macro_f1"])]
    assert "toner" not in written


def test_train_html_that_cannot_be_written_keeps_the_model(
    home: Path, encoder: Encoder, history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = _train(home, history, history / "page.html")
    assert (code, "choose another --html" in capsys.readouterr().err) == (7, True)
    assert (history.parent / "model" / "manifest.json").is_file()
