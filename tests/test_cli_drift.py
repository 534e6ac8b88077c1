"""`citedesk drift` on a made home: what it prints and writes, over time and by head, and how it refuses."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from citedesk.cli.drift import report_json
from citedesk.cli.drift_render import html_page, print_report, sparkline
from citedesk.cli.main import run
from citedesk.desk import Desk
from citedesk.evaluate.drift import DriftReport, Window, measure_drift, seen_in_file, seen_in_store, window_start
from citedesk.settings import Settings
from citedesk.store.tickets import Feedback
from citedesk.triage.demotions import Demotion, read_demotions, write_demotions
from citedesk.triage.drift import Verdict
from citedesk.triage.reference import Reference, build_reference
from citedesk.types import Ticket
from tests.drift_data import VERSION, judge, make_desk, store_suggestion
from tests.triage_data import inputs_of, texts_and_labels

NOW = datetime.now(UTC)
FIRST, LAST = "2000-01-01", "9999-01-01"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = make_desk(tmp_path)
    yield desk
    desk.close()


def reference_of(desk: Desk) -> Reference:
    """Summarise tickets like those the desk's model was trained on."""
    texts, priorities, teams = texts_and_labels(100, seed=2)
    inputs = inputs_of(texts)
    labels = {"priority": np.array(priorities), "team": np.array(teams)}
    autos = dict.fromkeys(labels, ["auto"] * len(texts))
    return build_reference(inputs.texts, inputs.vectors, labels, autos)


def tickets_of(per_label: int, seed: int, labels: bool = False) -> list[Ticket]:
    texts, priorities, _ = texts_and_labels(per_label, seed)
    return [
        Ticket(f"t{i}", "", text, created_at=f"2026-0{1 + i % 3}-10", fields={"priority": label} if labels else {})
        for i, (text, label) in enumerate(zip(texts, priorities, strict=True))
    ]


def measured(desk: Desk, tickets: list[Ticket], window: str = "month") -> DriftReport:
    return measure_drift(desk, seen_in_file(desk, tickets), reference_of(desk), window)


def test_file_of_tickets_like_the_training_ones_is_steady(desk: Desk) -> None:
    found = measured(desk, tickets_of(50, seed=3))
    assert found.text is not None
    assert (found.text.verdict, [h.verdict for h in found.heads.values()]) == (Verdict.STEADY, [Verdict.STEADY] * 2)


def test_file_of_one_topic_only_asks_to_act_and_says_what_moved(desk: Desk) -> None:
    printers = [t for t in tickets_of(200, seed=3, labels=True) if t.fields["priority"] == "P3"]
    head = measured(desk, printers).heads["priority"]
    label, before, now = head.labels.moved[0]
    assert (head.verdict, label, round(before, 2), now) == (Verdict.ACT, "P3", 0.33, 1.0)


def test_file_whose_right_labels_moved_says_so_though_predictions_did_not(desk: Desk) -> None:
    moved = [Ticket(t.id, "", t.body, fields={"priority": "P3"}) for t in tickets_of(50, seed=3)]
    head = measured(desk, moved).heads["priority"]
    assert (head.labels.verdict, head.given.verdict, head.given.moved[0][0]) == (Verdict.STEADY, Verdict.ACT, "P3")


def test_file_with_labels_gives_the_share_of_wrong_ones_by_month(desk: Desk) -> None:
    windows = measured(desk, tickets_of(20, seed=3, labels=True)).heads["priority"].windows
    assert windows == [Window(f"2026-0{m}-01", 20, {"auto": 20}, 20, 0, 20, 0) for m in (1, 2, 3)]


def test_file_whose_labels_contradict_auto_asks_to_act(desk: Desk) -> None:
    wrong = [Ticket(t.id, "", t.body, fields={"priority": "P2"}) for t in tickets_of(20, seed=3)]
    head = measured(desk, wrong).heads["priority"]
    assert (head.verdict, head.advice[0]) == (
        Verdict.ACT, "60 of 60 auto labels are wrong, 10% are allowed: train again",
    )  # fmt: skip


def test_store_compares_the_model_in_use_and_leaves_others_out(desk: Desk) -> None:
    for i, ticket in enumerate(tickets_of(40, seed=3)):
        store_suggestion(desk, {"priority": ("P3", "auto")}, VERSION[:16] if i % 2 else "other", ticket)
    seen = seen_in_store(desk, FIRST, LAST)
    assert (len(seen.past), len(seen.texts), seen.vectors.shape, seen.other_models) == (60, 60, (60, 64), 60)


def test_store_suggestions_outside_the_days_are_left_out(desk: Desk) -> None:
    store_suggestion(desk, {"priority": ("P3", "auto")})
    tomorrow = (NOW + timedelta(days=1)).date().isoformat()
    counts = [len(seen_in_store(desk, *days).past) for days in ((FIRST, tomorrow), (tomorrow, LAST), (FIRST, FIRST))]
    assert counts == [1, 0, 0]


def test_store_auto_without_feedback_asks_for_a_sample(desk: Desk) -> None:
    for _ in range(60):
        store_suggestion(desk, {"priority": ("P3", "auto")})
    head = measure_drift(desk, seen_in_store(desk, FIRST, LAST), None, "week").heads["priority"]
    assert head.advice == ["no feedback on 60 auto decisions; review a sample of 37 to know"]


def test_store_demoted_head_asks_to_act_and_names_the_way_back(desk: Desk) -> None:
    judge(desk, [True] * 8 + [False] * 12)
    desk.judge_heads()
    head = measure_drift(desk, seen_in_store(desk, FIRST, LAST), reference_of(desk), "day").heads["priority"]
    assert (head.verdict, head.decisions.verdict) == (Verdict.ACT, Verdict.UNKNOWN)
    assert "8 of 20 auto labels, 10% were allowed" in head.advice[0]
    assert "citedesk drift reinstate priority" in head.advice[0]


def test_store_override_rate_counts_auto_and_suggest_and_auto_alone(desk: Desk) -> None:
    judge(desk, [True, False, False])
    suggestion = store_suggestion(desk, {"priority": ("P3", "suggest")})
    with desk.store.transaction():
        desk.store.tickets.put_feedback(suggestion, "agent", Feedback("edited", {"priority": "P1"}))
    windows = measure_drift(desk, seen_in_store(desk, FIRST, LAST), None, "month").heads["priority"].windows
    assert [(w.tickets, w.judged, w.overridden, w.auto_judged, w.auto_overridden) for w in windows] == [(4, 4, 2, 3, 1)]


@pytest.mark.parametrize(
    ("window", "expected"), [("day", "2026-11-25"), ("week", "2026-11-23"), ("month", "2026-11-01")]
)
def test_window_start_of_a_wednesday(window: str, expected: str) -> None:
    assert (window_start("2026-11-25T10:00:00+00:00", window), window_start("", window)) == (expected, "")


def test_sparkline_draws_shares_and_gaps() -> None:
    assert sparkline([0.0, 0.5, None, 1.0]) == "▁▅·█"


def test_report_shows_no_ticket_text_in_any_form(desk: Desk) -> None:
    secret = [Ticket(f"t{i}", "", f"printer paper jam unique{i}word{i}") for i in range(120)]
    found = measured(desk, secret)
    out = Console(width=200, record=True, quiet=True)
    print_report(out, found)
    written = out.export_text() + html_page(found) + json.dumps(report_json(found))
    assert ("unique" in written, "jam" in written, "paper jam" in written) == (False, True, False)


def test_html_page_is_well_formed_and_loads_nothing(desk: Desk) -> None:
    judge(desk, [True] * 3)
    page = html_page(measure_drift(desk, seen_in_store(desk, FIRST, LAST), None, "week"))
    opened: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert not {"src", "href"} & dict(attrs).keys()
            if tag != "meta":
                opened.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

    Reader().feed(page.removeprefix("<!doctype html>"))
    assert (opened, "<h2>priority: unknown</h2>" in page) == ([], True)


@pytest.fixture(scope="module")
def home_of_cli(tmp_path_factory: pytest.TempPathFactory, home: Path, encoder: object) -> Path:
    folder = tmp_path_factory.mktemp("drift")
    (folder / "encoders").symlink_to(home / "encoders")
    return folder


def test_command_on_an_empty_home_says_so(home_of_cli: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--home", str(home_of_cli), "drift"]) == 0
    assert capsys.readouterr().out.startswith("0 tickets classified by model ")


def test_command_on_a_file_prints_json_and_writes_a_page(
    home_of_cli: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"id": t.id, "body": t.body, "created_at": t.created_at} for t in tickets_of(2, seed=3)]
    source, page = tmp_path / "t.jsonl", tmp_path / "drift.html"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    days = ["--since", "2026-02-01", "--until", "2026-02-28"]
    assert run(["--home", str(home_of_cli), "drift", str(source), *days, "--json", "--html", str(page)]) == 0
    shape = json.loads(capsys.readouterr().out)
    assert (shape["tickets"], sorted(shape["heads"]), page.read_text(encoding="utf-8").startswith("<!doctype")) == (
        2, ["priority", "team", "tier", "type"], True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--since", "yesterday"], "--since must be a day such as 2026-09-14, got 'yesterday'"),
        (["nowhere.jsonl"], "nowhere.jsonl does not exist"),
        (["reinstate", "team", "--why", "x"], "the head 'team' is not demoted; demoted: none is"),
    ],
)
def test_command_bad_input_is_one_line(
    home_of_cli: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert run(["--home", str(home_of_cli), "drift", *arguments]) in (2, 3)
    assert says in capsys.readouterr().err


def test_doctor_names_a_demoted_head_and_reinstate_mends_it(
    home_of_cli: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["--home", str(home_of_cli), "drift", "--json"])
    model = json.loads(capsys.readouterr().out)["model"]
    path = Settings(home=home_of_cli).demotions
    write_demotions(path, [Demotion(model, "team", "2026-11-23", 20, 8, 0.1)])
    with pytest.raises(SystemExit):
        run(["--home", str(home_of_cli), "doctor", "--json"])
    before = json.loads(capsys.readouterr().out)["auto heads"]
    assert run(["--home", str(home_of_cli), "drift", "reinstate", "team", "--why", "mended", "--by", "jo"]) == 0
    kept = read_demotions(path)[0]
    assert (before["ok"], "team" in before["detail"], kept.by, kept.why) == (False, True, "jo", "mended")
