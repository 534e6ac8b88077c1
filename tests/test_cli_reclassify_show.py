"""`citedesk reclassify show`: what people, spreadsheets and machines get of a plan made by hand."""

import csv
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from rich.console import Console

from citedesk.batch.plan import CHANGES, HEADER, Plan, load_plan
from citedesk.batch.view import Selection
from citedesk.cli.plan_page import html_page
from citedesk.cli.plan_rows import csv_pieces
from citedesk.cli.plan_text import change_text, print_summary
from citedesk.cli.reclassify_show import Wanted, chosen, show, show_plan
from citedesk.errors import CiteDeskError, InputError, IntegrityError, NotFoundError
from citedesk.settings import Settings
from tests.plan_data import moving, planned, write_header, write_plan

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "\"><script src='//evil.example/x.js'>alert(1)</script>\x1b[2J\x9b31m\u202egnp.exe\u2066\x00\ud800\r\n=x]]>"
BATCHES = [
    [
        planned(1, moving("P3", "P1", 0.95, reason="rule outage: nobody can work"),
                moving("net", "db", 0.55, "suggest", "team")),
        planned(2, moving("P3", "P2", 0.7, "suggest")),
        planned(3, refused="too long"),
    ],
    [planned(4, moving("", "P4", 0.3, "abstain"), moving("db", "net", 0.9, "auto", "team"))],
]  # fmt: skip
SHOWN = """\
Plan {id}: 9 tickets, 3 of them with a change
model 53aa51172d14, policy 9c0ffee172d1; from tickets.jsonl
no prediction: 2 without text, 1 refused; these stay as they are and are in no count below

priority (column prio): 3 stay, 3 move
      auto  suggest  abstain  outweighed  all
stay     3        0        0           0    3
move     1        1        1           0    3
2 up, 0 down (P1 is the top, P4 the bottom)
abstained on 1, which a person should decide; 1 of these would move

from \\ to   P1  P2  P4  all
P3           1   1   ·    2
(no label)   ·   ·   1    1
all          1   1   1    3

load        now  after auto  +/-  after all  +/-
P1            0           1   +1          1   +1
P2            3           3    0          4   +1
P3            2           1   -1          0   -2
P4            0           0    0          1   +1
(no label)    1           1    0          0   -1

team: 0 stay, 2 move
      auto  suggest  abstain  outweighed  all
stay     0        0        0           0    0
move     1        1        0           0    2

from \\ to  db  net  all
db          =    1    1
net         1    =    1
all         1    1    2

load  now  after auto  +/-  after all  +/-
net     1           2   +1          1    0
db      1           0   -1          1    0
"""
LISTED = """\
T-1           priority  P3 → P1                   0.95  auto
    rule outage: nobody can work
T-1           team      net → db                  0.55  suggest
    words: x
"""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    stays = [("priority", "P2", "auto", 3)]
    return write_plan(tmp_path / "plan", BATCHES, {"priority": "prio", "team": "team"}, stays, empty=2)


def _run(plan: Plan, *options: str) -> Result:
    result = CliRunner().invoke(show, [str(plan.folder), *options], obj=Settings(home=plan.folder / "home"))
    if result.exception and not isinstance(result.exception, SystemExit | CiteDeskError):
        raise result.exception
    return result


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def _ids(result: Result) -> list[str]:
    return [f"{one['id']} {one['head']}" for one in json.loads(result.output)["changes"]]


def test_show_prints_the_summary(plan: Plan) -> None:
    assert _lines(_run(plan).output) == _lines(SHOWN.format(id=plan.id))


def test_show_fits_80_columns_whatever_labels_are_called(tmp_path: Path) -> None:
    names = [
        f"A rather long name of the team in charge of {word * 3}" for word in ("net", "db", "identity", "web", "x")
    ]
    changes = [planned(i, moving(names[i % 5], names[(i + 1) % 5], head="team")) for i in range(1, 40)]
    stays = [("team", name, "auto", 1_234_567) for name in names]
    made = write_plan(tmp_path / "p", [changes], stays=stays)
    tables = [line for line in _run(made).output.splitlines() if line.count("  ") > 1]
    assert (max(map(len, tables)) <= 80, "1,234,575" in "".join(tables)) == (True, True)


def test_show_says_what_came_of_an_apply(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    show_plan(plan, Wanted(Selection(), False, None), {"applied": 512, "conflicts": 3})
    assert "applied: 512 applied, 3 conflicts" in capsys.readouterr().out


def test_show_names_the_store_and_the_conditions(tmp_path: Path) -> None:
    source = {"kind": "store", "place": "0123"}
    made = write_plan(tmp_path / "p", BATCHES, source=source, where=["team=net", "priority!=P4"])
    assert "from the ticket store, where team=net, where priority!=P4" in _run(made).output


def test_show_of_a_plan_without_tickets_prints_its_header(tmp_path: Path) -> None:
    made = write_plan(tmp_path / "p", [], summary={"tickets": 0, "changed": 0, "unpredicted": {}, "heads": {}})
    assert _run(made, "--json").exit_code == _run(made).exit_code == 0


def test_changes_are_listed_in_the_order_of_the_plan(plan: Plan) -> None:
    output = _run(plan, "--limit", "2", "--changes").output
    assert output.endswith(LISTED + "2 changes; there are more, --limit 0 shows all\n")


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--changes"], ["T-1 priority", "T-1 team", "T-2 priority", "T-4 priority", "T-4 team"]),
        (["--head", "team"], ["T-1 team", "T-4 team"]),
        (["--from", "P3", "--to", "P2"], ["T-2 priority"]),
        (["--from", ""], ["T-4 priority"]),
        (["--decision", "auto"], ["T-1 priority", "T-4 team"]),
        (["--decision", "auto", "--decision", "abstain"], ["T-1 priority", "T-4 priority", "T-4 team"]),
        (["--min-probability", "0.9"], ["T-1 priority", "T-4 team"]),
        (["--max-probability", "0.55"], ["T-1 team", "T-4 priority"]),
        (["--ticket", "T-2"], ["T-2 priority"]),
        (["--ticket", "T-9"], []),
    ],
)
def test_filter_lists_what_fulfils_it(plan: Plan, options: list[str], found: list[str]) -> None:
    assert _ids(_run(plan, *options, "--json")) == found


def test_list_that_is_empty_says_so(plan: Plan) -> None:
    assert _run(plan, "--ticket", "T-9").output.endswith(
        "no change fits; loosen the filters, or see the summary without any\n"
    )


@pytest.mark.parametrize(("limit", "count", "more"), [("1", 1, True), ("5", 5, False), ("0", 5, False)])
def test_json_changes_stop_at_the_limit_and_say_so(plan: Plan, limit: str, count: int, more: bool) -> None:
    document = json.loads(_run(plan, "--changes", "--limit", limit, "--json").output)
    assert (len(document["changes"]), document["more"]) == (count, more)


def test_list_without_a_limit_is_twenty_long(tmp_path: Path) -> None:
    made = write_plan(tmp_path / "p", [[planned(i, moving("P1", "P2")) for i in range(1, 40)]])
    assert len(_ids(_run(made, "--changes", "--json"))) == 20


def test_json_of_the_summary_has_no_changes(plan: Plan) -> None:
    document = json.loads(_run(plan, "--json").output)
    names = ["id", "versions", "source", "where", "trust", "summary", "applied"]
    assert (list(document), document["id"]) == (names, plan.id)


def test_csv_holds_every_change_unless_limited(plan: Plan) -> None:
    assert _run(plan, "--csv", "-").output == (
        "row,id,updated_at,head,from,to,probability,decision,reason\n"
        "1,T-1,2026-01-01T00:00:01Z,priority,P3,P1,0.95,auto,rule outage: nobody can work\n"
        "1,T-1,2026-01-01T00:00:01Z,team,net,db,0.55,suggest,words: x\n"
        "2,T-2,2026-01-01T00:00:02Z,priority,P3,P2,0.7,suggest,words: x\n"
        "4,T-4,2026-01-01T00:00:04Z,priority,,P4,0.3,abstain,words: x\n"
        "4,T-4,2026-01-01T00:00:04Z,team,db,net,0.9,auto,words: x\n"
    )


def test_csv_takes_filters_and_a_limit(plan: Plan) -> None:
    output = _run(plan, "--csv", "-", "--head", "team", "--limit", "1").output
    assert [row["id"] for row in csv.DictReader(output.splitlines())] == ["T-1"]


def test_files_are_written_and_named(plan: Plan, tmp_path: Path) -> None:
    table, page = tmp_path / "changes.csv", tmp_path / "page.html"
    output = _run(plan, "--csv", str(table), "--html", str(page)).output
    assert output.endswith(f"written: {table}\nwritten: {page}\n")
    assert table.read_text(encoding="utf-8") == _run(plan, "--csv", "-").output
    assert page.read_text(encoding="utf-8") == html_page(plan, chosen(plan, Selection()))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["changes.csv", "page.html", "plan"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--head", "colour"], "the plan has no head 'colour'; its heads are priority, team"),
        (["--min-probability", "0.9", "--max-probability", "0.1"], "--min-probability 0.9 is above"),
        (["--json", "--csv", "-"], "both write to standard output"),
        (["--csv", "nowhere/x.csv"], "in a folder that does not exist"),
        (["--html", "nowhere/x.html"], "in a folder that does not exist"),
    ],
)
def test_bad_options_are_refused_in_one_line(plan: Plan, options: list[str], says: str) -> None:
    error = _run(plan, *options).exception
    assert isinstance(error, InputError)
    assert (says in str(error), "\n" in str(error)) == (True, False)


@pytest.mark.parametrize(("option", "name"), [("--csv", "plan.json"), ("--html", "x.html")])
def test_files_are_not_written_into_the_plan(plan: Plan, option: str, name: str) -> None:
    error = _run(plan, option, str(plan.folder / name)).exception
    assert (isinstance(error, InputError), sorted(p.name for p in plan.folder.iterdir())) == (True, [CHANGES, HEADER])


def _edit_header(plan: Plan) -> None:
    path = plan.folder / HEADER
    path.write_text(path.read_text(encoding="utf-8").replace('"changed": 3', '"changed": 1'), encoding="utf-8")


def _edit_changes(plan: Plan) -> None:
    path, (_, size, _) = plan.folder / CHANGES, plan.header["blocks"][0]
    other = write_plan(plan.folder.parent / "other", [[planned(9, moving("P1", "P4"))]])
    path.write_bytes(path.read_bytes()[:size] + (other.folder / CHANGES).read_bytes())


def _cut_changes(plan: Plan) -> None:
    path = plan.folder / CHANGES
    path.write_bytes(path.read_bytes()[:-9])


def _add_changes(plan: Plan) -> None:
    path = plan.folder / CHANGES
    path.write_bytes(path.read_bytes() * 2)


@pytest.mark.parametrize("options", [["--changes"], ["--to", "P1", "--json"], ["--csv", "-"], ["--html", "page.html"]])
@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (_edit_header, "is not the header of a plan as it was made"),
        (_edit_changes, "what it says of tickets 4 to 4 is not what was planned"),
        (_cut_changes, "what it says of tickets 4 to 4 is not what was planned"),
        (_add_changes, "holds more than was planned"),
    ],
)
def test_damaged_plan_shows_no_change(
    plan: Plan, damage: Any, says: str, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(plan.folder.parent)
    damage(plan)
    result = _run(plan, *options)
    error = result.exception
    assert isinstance(error, IntegrityError)
    assert (says in str(error), "\n" in str(error), error.exit_code, result.output) == (True, False, 6, "")
    assert not Path("page.html").exists()


def test_summary_needs_the_header_only(plan: Plan) -> None:
    _cut_changes(plan)
    assert _lines(_run(plan).output) == _lines(SHOWN.format(id=plan.id))


@pytest.mark.parametrize(("name", "kind", "code"), [(HEADER, IntegrityError, 6), (CHANGES, IntegrityError, 6)])
def test_missing_file_is_named(plan: Plan, name: str, kind: type[CiteDeskError], code: int) -> None:
    (plan.folder / name).unlink()
    error = _run(plan).exception
    assert isinstance(error, kind)
    assert (error.exit_code, "not finished" in str(error)) == (code, True)


def test_missing_plan_is_not_found(tmp_path: Path) -> None:
    error = CliRunner().invoke(show, [str(tmp_path / "none")], obj=Settings(home=tmp_path)).exception
    assert isinstance(error, NotFoundError)
    assert error.exit_code == 3


def _hostile(folder: Path, text: str) -> Plan:
    """Make a plan in which every text that comes from files is this one."""
    change = moving(text, text + "x", head=text, reason=text)
    made = write_plan(folder, [[planned(1, change, name=text)]], {text: text + "y"})
    header = dict(made.header) | {"where": [text], "source": {"kind": "file", "place": text}}
    write_header(folder, header)
    return load_plan(folder)


@pytest.mark.parametrize("options", [[], ["--changes"], ["--changes", "--json"], ["--json"], ["--csv", "-"]])
def test_hostile_texts_print_nothing_a_terminal_obeys(tmp_path: Path, options: list[str]) -> None:
    output = _run(_hostile(tmp_path / "p", HOSTILE), *options).output
    assert output.replace("\n", "").isprintable()


def test_hostile_label_is_whole_in_json(tmp_path: Path) -> None:
    (change,) = json.loads(_run(_hostile(tmp_path / "p", HOSTILE), "--changes", "--json").output)["changes"]
    assert (change["id"], change["head"], change["from"]) == (HOSTILE, HOSTILE, HOSTILE)


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "\t=1", "＝1"])
def test_csv_has_no_cell_a_spreadsheet_runs(tmp_path: Path, text: str) -> None:
    made = _hostile(tmp_path / "p", text)
    rows = list(csv.DictReader("".join(csv_pieces(chosen(made, Selection()))).splitlines()))
    assert [rows[0][name][:1] for name in ("id", "head", "from", "to", "reason")] == ["'"] * 5


def _tree(page: str) -> ElementTree.Element:
    return ElementTree.fromstring(page.removeprefix("<!doctype html>\n"))


def _table(page: str, first: str) -> list[list[str]]:
    """Read the rows of the last table whose first column is named so."""
    tables = [[["".join(cell.itertext()) for cell in row] for row in table] for table in _tree(page).iter("table")]
    return [rows[1:] for rows in tables if rows[0][0] == first][-1]


def test_page_draws_moves_load_and_probabilities_for_each_head(plan: Plan) -> None:
    page = html_page(plan, chosen(plan, Selection()))
    names = [svg.get("aria-label") for svg in _tree(page).iter(f"{SVG}svg")]
    assert names == ["Moves", "Load", "Probabilities"] * 2


def test_page_lists_changes_and_load(plan: Plan) -> None:
    page = html_page(plan, chosen(plan, Selection()))
    assert _table(page, "ticket")[3] == ["T-4", "priority", "(no label)", "P4", "0.30", "abstain", "words: x"]
    assert _table(page, "load") == [["net", "1", "2", "+1", "1", "0"], ["db", "1", "0", "-1", "1", "0"]]


def test_page_matrix_counts_what_moves(plan: Plan) -> None:
    titles = [title.text for title in _tree(html_page(plan, [])).iter(f"{SVG}title")]
    assert "1 move from (no label) to P4" in titles


def test_page_probabilities_stand_on_each_other(plan: Plan) -> None:
    drawn = [svg for svg in _tree(html_page(plan, [])).iter(f"{SVG}svg") if svg.get("aria-label") == "Probabilities"]
    titles = [title.text for title in drawn[0].iter(f"{SVG}title")]
    assert titles == ["auto: 1 from 90% to 100%", "suggest: 1 from 70% to 80%", "abstain: 1 from 30% to 40%"]


def test_page_shows_the_first_500_changes(tmp_path: Path) -> None:
    made = write_plan(tmp_path / "p", [[planned(i, moving("P1", "P2")) for i in range(1, 502)]])
    page = html_page(made, chosen(made, Selection()))
    assert (len(_table(page, "ticket")), "The first 500, in the order of the plan." in page) == (500, True)


def test_page_says_how_to_apply_and_undo_and_what_came_of_it(plan: Plan) -> None:
    page = html_page(plan, [], {"applied": 4, "conflicts": 1})
    assert f"citedesk reclassify apply {plan.folder} --out FILE" in page
    assert f"citedesk reclassify undo {plan.folder}" in page
    assert "applied: 4 applied, 1 conflicts" in page


def test_page_of_the_store_names_no_output(tmp_path: Path) -> None:
    made = write_plan(tmp_path / "p", BATCHES, source={"kind": "store", "place": "x"})
    assert "--out FILE" not in html_page(made, [])


def test_page_has_no_script_and_loads_nothing(tmp_path: Path) -> None:
    made = _hostile(tmp_path / "p", HOSTILE)
    page = html_page(made, chosen(made, Selection()))
    attributes = {name for element in _tree(page).iter() for name in element.attrib}
    names = {element.tag.removeprefix(SVG) for element in _tree(page).iter()}
    assert attributes & {"src", "href", "action", "data", "onload", "onclick"} == set()
    assert names & {"script", "link", "img", "iframe", "object"} == set()
    assert ("url(" in page, "@import" in page, "<script" in page) == (False, False, False)
    assert page.replace("\n", "").isprintable()


def test_page_has_colours_for_the_dark_and_rules_for_print(plan: Plan) -> None:
    page = html_page(plan, [])
    assert ("prefers-color-scheme:dark" in page, "@media print" in page) == (True, True)


@given(st.text(st.characters(), min_size=1, max_size=30))
@hypothesis(max_examples=40, deadline=None)
def test_any_text_is_shown_harmless(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    made = _hostile(tmp_path_factory.mktemp("any"), text)
    console = Console(width=80, record=True, markup=False, highlight=False, emoji=False, quiet=True)
    print_summary(console, made)
    lines = [change_text(one, 80) for one in chosen(made, Selection())]
    page = html_page(made, chosen(made, Selection()))
    _tree(page)
    assert all(part.replace("\n", "").isprintable() for part in (*lines, page, console.export_text()))
