"""`policy replay`: what changed is counted, every page named with its rule, and known labels judge the changes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from citedesk.cli.main import run
from citedesk.desk import Desk
from citedesk.encoding.fake import FakeEncoder
from citedesk.encoding.protocol import Progress, Vectors
from citedesk.encoding.remember import RememberingEncoder
from citedesk.settings import shipped
from citedesk.triage.predict import Triaged
from citedesk.triage.replay import PageChange, Replayed, Tally, compare, replayed
from citedesk.types import Decision, Evidence, FiredRule, Prediction, Route, Ticket
from tests.policy_data import POLICY


class _Counting(FakeEncoder):
    """The shipped fake, counting what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def encode(self, texts: Any, progress: Progress | None = None) -> Vectors:
        self.asked += texts
        return super().encode(texts, progress)


def test_remembering_encoder_same_text_is_encoded_once_to_the_same_vector() -> None:
    plain = _Counting()
    encoder = RememberingEncoder(plain)
    first, second = encoder.encode(["a", "b", "a"]), encoder.encode(["b", "c"])
    assert plain.asked == ["a", "b", "c"]
    expected = FakeEncoder().encode(["a", "b", "a", "b", "c"])
    assert np.array_equal(np.concatenate([first, second]), expected)


def test_remembering_encoder_no_texts_give_no_vectors() -> None:
    assert RememberingEncoder(FakeEncoder()).encode([]).shape == (0, 64)


def _triaged(priority: str, team: str, page: bool, rules: tuple[str, ...] = ()) -> Triaged:
    evidence = Evidence(rules=tuple(FiredRule(rule, "P1", "r") for rule in rules))
    decision = Decision.AUTO if priority == "P1" else Decision.SUGGEST
    predictions = {
        "priority": Prediction("priority", priority, 0.8, decision, evidence=evidence),
        "team": Prediction("team", team, 0.8, Decision.SUGGEST),
    }
    return Triaged(predictions, Route(team, f"{team}-2", page, f"because {priority}", ""))


_OLD, _NEW = _triaged("P1", "net", True, ("down-p1", "many")), _triaged("P2", "net", False, ("many", "slow"))


def _four() -> list[Replayed]:
    lost = {"priority": "P1", "page": "true"}
    return [
        Replayed("a", "s", _OLD, _NEW, lost, ("p1", None)),
        Replayed("b", "s", _NEW, _OLD, {"priority": "P1"}),
        Replayed("c", "s", _OLD, _OLD, lost),
        Replayed("d", "s", _OLD, _triaged("P1", "desk", True), {"team": "mail"}),
    ]


def test_compare_labels_are_counted_from_and_to() -> None:
    found = compare(_four())
    assert (found.labels, found.decisions["priority"]) == (
        {
            "priority": {"P1": {"P1": 2, "P2": 1}, "P2": {"P1": 1}},
            "team": {"net": {"desk": 1, "net": 3}},
        },
        {"auto": {"auto": 2, "suggest": 1}, "suggest": {"auto": 1}},
    )


def test_compare_routes_and_pages_are_counted() -> None:
    found = compare(_four())
    assert (found.routes, found.paged, [ticket.id for ticket in found.changed]) == (
        {
            ("net-2 of net, page", "net-2 of net"): 1,
            ("net-2 of net", "net-2 of net, page"): 1,
            ("net-2 of net, page", "desk-2 of desk, page"): 1,
        },
        (3, 3),
        ["a", "b", "d"],
    )


def test_compare_page_lost_names_reasons_rules_and_verdict() -> None:
    assert compare(_four()).pages[0] == PageChange(
        id="a",
        subject="s",
        gained=False,
        before=_OLD.route,  # type: ignore[arg-type]
        after=_NEW.route,  # type: ignore[arg-type]
        paging_rules=("p1", None),
        priority=("P1 auto", "P2 suggest"),
        labelled="P1",
        rules=("-down-p1", "+slow"),
        verdict="wrong",
    )


def test_compare_known_labels_judge_each_change() -> None:
    assert compare(_four()).tallies == {
        "priority": Tally(right=1, wrong=1),
        "page": Tally(wrong=1),
        "team": Tally(still_wrong=1),
        "route team": Tally(still_wrong=1),
    }


@pytest.mark.parametrize(
    ("fields", "labels"),
    [
        ({"priority": "P1", "team": "net", "page": True}, {"priority": "P1", "team": "net", "page": "true"}),
        ({"priority": 1, "page": False, "service": "vpn"}, {"priority": "1", "page": "false"}),
        ({"priority": None, "team": ""}, {}),
    ],
)
def test_replayed_labels_are_read_from_the_fields(fields: dict[str, object], labels: dict[str, str]) -> None:
    assert replayed(Ticket("t", "s", "b", fields=fields), (POLICY, POLICY), _OLD, _OLD).labels == labels


def test_replayed_page_change_names_the_paging_rules_that_decided() -> None:
    ticket = Ticket("t", "", "my laptop is down")
    assert replayed(ticket, (POLICY, POLICY), _OLD, _NEW).paging_rules == ("single", "single")


_TICKETS = [
    {
        "id": "out",
        "subject": "Checkout outage",
        "body": "Checkout is completely down for all customers since 9:00, nobody can pay. I am jane@example.org",
        "priority": "P1",
        "page": True,
    },
    {"id": "print", "subject": "printer", "body": "The printer in room 4 is jammed.", "priority": "P3"},
    {"id": "none", "subject": "", "body": ""},
]


@pytest.fixture
def tickets(tmp_path: Path) -> Path:
    path = tmp_path / "tickets.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in _TICKETS), encoding="utf-8")
    return path


def _changed(tmp_path: Path, old: str, new: str) -> Path:
    text = (shipped("kb") / "policy.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "new.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def _no_p1_page(tmp_path: Path) -> Path:
    return _changed(tmp_path, 'id = "p1-pages"\npage = true', 'id = "p1-never"\npage = false')


def test_policy_replay_lost_page_is_shown_with_rules_and_verdict(
    desk: Desk, home: Path, tmp_path: Path, tickets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = _no_p1_page(tmp_path)
    assert run(["--home", str(home), "policy", "replay", str(tickets), "--policy", str(new), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    lost = found["pages"].pop("lost")
    assert (found["tickets"], found["skipped"], found["changed"], found["pages"]) == (
        2,
        1,
        1,
        {"before": 1, "after": 0, "gained": []},
    )
    assert [(page["id"], page["labelled"], page["paging_rule"], page["verdict"]) for page in lost] == [
        ("out", "P1", {"from": "p1-pages", "to": "p1-never"}, "wrong")
    ]
    assert found["verdicts"] == {"page": {"right": 0, "wrong": 1, "still_wrong": 0}}
    assert found["versions"]["before"]["policy"] != found["versions"]["after"]["policy"]


def test_policy_replay_out_holds_the_changed_tickets_redacted(
    desk: Desk, home: Path, tmp_path: Path, tickets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "changed.jsonl"
    files = ["--policy", str(_no_p1_page(tmp_path)), "--out", str(out)]
    assert run(["--home", str(home), "policy", "replay", str(tickets), *files]) == 0
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [(row["id"], row["changes"]) for row in rows] == [
        ("out", [{"what": "page", "before": "true", "after": "false", "right": "true", "verdict": "wrong"}])
    ]
    assert "jane@" not in out.read_text(encoding="utf-8") + capsys.readouterr().out
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_policy_replay_same_policy_changes_nothing(
    desk: Desk, home: Path, tickets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same = str(shipped("kb") / "policy.toml")
    assert run(["--home", str(home), "policy", "replay", str(tickets), "--policy", same]) == 0
    assert capsys.readouterr().out == (
        "2 tickets (1 empty or unreadable left out): 0 would change; pages 1 → 1, 0 gained, 0 lost\n"
    )


def test_policy_replay_before_is_what_triage_writes(
    desk: Desk, home: Path, tmp_path: Path, tickets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed, triaged = tmp_path / "changed.jsonl", tmp_path / "triaged.jsonl"
    files = ["--policy", str(_no_p1_page(tmp_path)), "--out", str(changed)]
    assert run(["--home", str(home), "policy", "replay", str(tickets), *files]) == 0
    assert run(["--home", str(home), "triage", str(tickets), "--out", str(triaged)]) == 0
    rows = {row["id"]: row for row in map(json.loads, triaged.read_text(encoding="utf-8").splitlines())}
    before = json.loads(changed.read_text(encoding="utf-8").splitlines()[0])["before"]
    assert before == rows["out"]


def test_policy_replay_changed_catalog_moves_the_owner(
    desk: Desk, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (shipped("kb") / "catalog.toml").read_text(encoding="utf-8")
    catalog, tickets = tmp_path / "catalog.toml", tmp_path / "t.jsonl"
    old = 'criticality = 3\nteam = "workplace-it"\naliases = ["printer"'
    catalog.write_text(text.replace(old, old.replace("workplace-it", "edge-network"), 1), encoding="utf-8")
    tickets.write_text('{"id": "p", "body": "It is jammed.", "service": "printing"}\n', encoding="utf-8")
    assert run(["--home", str(home), "policy", "replay", str(tickets), "--catalog", str(catalog), "--json"]) == 0
    assert [
        (r["from"].split(" of ")[1], r["to"].split(" of ")[1]) for r in json.loads(capsys.readouterr().out)["routes"]
    ] == [("workplace-it", "edge-network")]


@pytest.mark.parametrize(
    ("rows", "policy", "options", "code", "line"),
    [
        ('{"body": "x"}', None, [], 2, "nothing is changed; name the changed file with --policy NEW"),
        (None, "same", [], 3, "absent.jsonl does not exist"),
        ("", "same", [], 2, "holds no ticket"),
        ("{bad", "same", [], 2, "is not JSON"),
        ('{"body": "x"}\n{"body": 7}', "same", [], 2, 'row 2 of'),
        ('{"text": "x"}', "same", [], 2, 'no text in "subject" or "body"; name the columns'),
        ('{"body": "x"}', "version = ", [], 2, "is not TOML"),
        ('{"body": "x"}', 'version = "one"', [], 2, "correct that entry"),
        ('{"body": "x"}', "same", ["--catalog", "absent.toml"], 2, "absent.toml does not exist"),
        ('{"body": "x"}', "same", ["--out", "no/such/folder/x.jsonl"], 2, "is no folder"),
    ],
)  # fmt: skip
def test_policy_replay_bad_input_is_one_clear_line(
    desk: Desk, home: Path, tmp_path: Path, rows: str | None, policy: str | None, options: list[str], code: int,
    line: str, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    source, new = tmp_path / ("absent.jsonl" if rows is None else "t.jsonl"), tmp_path / "p.toml"
    if rows is not None:
        source.write_text(rows, encoding="utf-8")
    shipped_text = (shipped("kb") / "policy.toml").read_text(encoding="utf-8")
    new.write_text(shipped_text if policy == "same" else policy or "", encoding="utf-8")
    files = [] if policy is None else ["--policy", str(new)]
    assert run(["--home", str(home), "policy", "replay", str(source), *files, *options]) == code
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n"), line in captured.err) == ("", 1, True)
