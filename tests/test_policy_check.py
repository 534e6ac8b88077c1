"""`policy check`: each check finds what it is for, all at once and on the right line; the shipped files are sound."""

import json
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.cli.main import run
from citedesk.settings import shipped
from citedesk.triage import load_catalog, load_policy
from citedesk.triage.check import Issue, Severity, check_files
from citedesk.triage.check.lines import lines_of

CATALOG = """version = 1
[teams.desk]
name = "Desk"
l1 = "d1"
l2 = "d2"
l3 = "d3"
on_call = "duty"
human_queue = true
[teams.net]
name = "Network"
l1 = "d1"
l2 = "n2"
l3 = "n3"
on_call = "n0"
[services.vpn]
name = "VPN"
layer = "network"
criticality = 2
team = "net"
aliases = ["remote access", "tunnel"]
[services.mail]
name = "Mail service"
layer = "workplace"
criticality = 2
team = "desk"
aliases = ["mailbox"]
"""
POLICY = """version = 1
[heads.priority]
labels = ["P1", "P2", "P3"]
ordinal = true
default = "P3"
[heads.tier]
labels = ["L1", "L2", "L3"]
default = "L2"
[heads.team]
default = "desk"
[costs.priority]
P1 = { P1 = 0.0, P2 = 2.0, P3 = 4.0 }
P2 = { P1 = 1.0, P2 = 0.0, P3 = 1.0 }
P3 = { P1 = 2.0, P2 = 1.0, P3 = 0.0 }
[signals.down]
patterns = ["down", "offline"]
reason = "down"
[signals.many]
patterns = ["everyone"]
reason = "many"
[signals.ask]
patterns = ["how do"]
reason = "asks"
[matrix]
many = { down = "P1", degraded = "P2", broken = "P2", minor = "P3" }
team = { down = "P2", degraded = "P3", broken = "P3", minor = "P3" }
single = { down = "P3", degraded = "P3", broken = "P3", minor = "P3" }
[matrix_signals]
many = ["many"]
down = ["down"]
[[rules]]
id = "down-p1"
head = "priority"
label = "P1"
when = ["down", "many"]
unless = ["ask"]
reason = "d"
[[paging]]
id = "p1"
page = true
priority = ["P1"]
reason = "P1 pages"
[routing]
human_queue_below = 0.35
human_queue_team = "desk"
human_queue_reason = "a person assigns it"
service_overrides_below = 0.5
[answer]
answer_at = 0.5
max_sentences = 5
"""


def _swap(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


def _found(policy: str = POLICY, catalog: str = CATALOG) -> list[tuple[str, str, str, int | None, str]]:
    return [(i.severity.value, i.file, i.where, i.line, i.message) for i in check_files(policy, catalog).issues]


def _line(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_check_files_sound_files_give_nothing() -> None:
    assert _found() == []


def test_check_files_shipped_files_hold_no_error_and_only_known_warnings() -> None:
    texts = [(shipped("kb") / name).read_text(encoding="utf-8") for name in ("policy.toml", "catalog.toml")]
    issues = check_files(*texts).issues
    assert [(i.severity.value, i.where) for i in issues if i.severity is not Severity.INFO] == [
        ("warning", "services.collaboration.aliases[3]")
    ]


_SECOND_RULE = '[[rules]]\nid = "two"\nhead = "priority"\nlabel = "P1"\nreason = "r"\n'
_SECOND_PAGING = '[[paging]]\nid = "two"\npage = true\nreason = "r"\n'


@pytest.mark.parametrize(
    ("old", "new", "severity", "where", "message"),
    [
        ('page = true', 'page = "yes please"', "error", "paging[0].page", "valid boolean, unable to interpret input"),
        ('reason = "asks"\n', "", "error", "signals.ask.reason", "this entry is missing; add it"),
        ("max_sentences = 5", "max_sentences = 5\nmin = 1", "error", "answer.min", "no such entry is known"),
        ('"how do"', '"(how"', "error", "signals.ask.patterns", "is not a regular expression"),
        ('"down", "many"', '"dwon", "many"', "error", "rules[0].when", 'no signal "dwon"; did you mean "down"?'),
        ('many = ["many"]', 'many = ["lots"]', "error", "matrix_signals.many", 'there is no signal "lots"'),
        ('head = "priority"', 'head = "prio"', "error", "rules[0].head", 'no head "prio"'),
        ('label = "P1"', 'label = "P9"', "error", "rules[0].label", 'the head priority has no label "P9"'),
        ('head = "priority"', 'head = "team"', "error", "rules[0].label", 'the head team has no label "P1"'),
        ('unless = ["ask"]', 'unless = ["many"]', "error", "rules[0].unless", '"many" is in both `when` and `unless`'),
        ('"how do"', '"everyone"', "error", "rules[0].unless", 'every pattern of "many" also stands in its `unless`'),
        ('"how do"', '"offline"', "warning", "rules[0].unless", "never fires on 'offline'"),
        ('when = ["down", "many"]\n', "", "warning", "rules[0]", "has no `when`"),
        ("[[paging]]", _SECOND_RULE.replace("two", "down-p1") + "[[paging]]", "warning", "rules[1]", "is taken"),
        (
            "[[paging]]",
            _SECOND_RULE + 'when = ["many", "down"]\nunless = ["ask"]\n[[paging]]',
            "warning", "rules[1]", 'repeats "down-p1"',
        ),
        ('priority = ["P1"]', 'priority = ["P0"]', "error", "paging[0].priority", 'priority has no label "P0"'),
        ('priority = ["P1"]\n', "", "error", "paging[0]", "pages for every ticket"),
        (
            "[routing]", _SECOND_PAGING + 'priority = ["P1"]\nwhen = ["down"]\n[routing]',
            "warning", "paging[1]", 'never reached: "p1" matches whenever it does',
        ),
        ('page = true', "page = false", "info", "paging", "nobody is ever woken"),
        ("[matrix]", '[signals.odd]\npatterns = ["x1"]\nreason = "r"\n[matrix]', "info", "signals.odd", "reads this"),
        ('"how do"', '"(?:how)?"', "error", "signals.ask.patterns[0]", "matches the empty string"),
        ('"down", "offline"', '"down", "[a-c]"', "warning", "signals.down.patterns[1]", "single letter or digit 'a'"),
        ('"down", "offline"', '"down", "Down"', "warning", "signals.down.patterns[1]", "stands twice"),
        ('"how do"', '"offline", "how do"', "info", "signals.ask.patterns[0]", "also stands in down"),
        ('default = "P3"', 'default = "P4"', "error", "heads.priority.default", '"P4" is none of its labels'),
        ('default = "desk"', 'default = "dsk"', "error", "heads.team.default", 'did you mean "desk"?'),
        ('"P1", "P2", "P3"', '"P1", "P2", "P3", "P3"', "error", "heads.priority.labels", "stands twice"),
        ('default = "P3"', 'default = "P3"\nsuggest_at = 0.95', "warning", "heads.priority.suggest_at", "above target"),
        ('[heads.tier]\nlabels = ["L1", "L2", "L3"]\ndefault = "L2"\n', "", "info", "heads", "without the heads tier"),
        ("[matrix]", '[definitions.tier]\nL4 = "x"\n[matrix]', "warning", "definitions.tier.L4", 'no label "L4"'),
        ("P1 = { P1 = 0.0, P2 = 2.0, P3 = 4.0 }\n", "", "error", "costs.priority.P1", "lacks P1, P2, P3"),
        (", P3 = 4.0 }", " }", "error", "costs.priority.P1", "the row of true P1 lacks P3"),
        (", P3 = 4.0 }", ", P3 = 4.0, P4 = 5.0 }", "error", "costs.priority.P1.P4", 'priority has no label "P4"'),
        ("{ P1 = 0.0", "{ P1 = 0.5", "error", "costs.priority.P1.P1", "must cost 0, got 0.5"),
        ("P2 = 2.0", "P2 = -2.0", "error", "costs.priority.P1.P2", "cannot cost less than nothing"),
        ("P3 = 4.0", "P3 = 1.5", "warning", "costs.priority.P3.P1", "more than missing a P1 as P3 (1.5)"),
        ("[costs.priority]", "[costs.prio]", "error", "costs.prio", 'did you mean "priority"?'),
        ("[costs.priority]", "[costs.tier]", "info", "heads.priority", "this ordinal head has no costs"),
        (', minor = "P3" }\nteam', " }\nteam", "error", "matrix.many", "the row many lacks minor"),
        ('many = { down = "P1"', 'many = { down = "P7"', "error", "matrix.many.down", 'priority has no label "P7"'),
        ('many = { down = "P1"', 'many = { down = "P3"', "warning", "matrix.many.down", "wider impact is less urgent"),
        ("[matrix_signals]", 'few = { down = "P1" }\n[matrix_signals]', "warning", "matrix.few.down", "is never read"),
        ('down = ["down"]', 'down = ["down"]\nbroken = ["ask"]', "warning", "matrix_signals.broken", "are never read"),
        ('team = "desk"', 'team = "dask"', "error", "routing.human_queue_team", 'no team "dask"; did you mean "desk"?'),
        ('team = "desk"', 'team = "net"', "warning", "routing.human_queue_team", "set human_queue = true in"),
        ("below = 0.35", "below = 0.6", "warning", "routing.human_queue_below", "above service_overrides_below 0.5"),
    ],
)  # fmt: skip
def test_check_files_flaw_in_the_policy_is_found_at_its_entry(
    old: str, new: str, severity: str, where: str, message: str
) -> None:
    found = [issue for issue in _found(_swap(POLICY, old, new)) if message in issue[4]]
    assert [(s, file, at) for s, file, at, _, _ in found] == [(severity, "policy", where)]


@pytest.mark.parametrize(
    ("old", "new", "severity", "where", "message"),
    [
        ('l1 = "d1"\n', "", "error", "teams.desk.l1", "this entry is missing"),
        ('layer = "network"', 'layer = "attic"', "error", "services.vpn.layer", "got 'attic'"),
        ('on_call = "n0"', 'on_call = " "', "error", "teams.net.on_call", "nobody can be paged"),
        ('l2 = "n2"', 'l2 = ""', "error", "teams.net.l2", "cannot be handed over"),
        ('team = "net"', 'team = "ent"', "error", "services.vpn.team", 'its owner "ent" is no team'),
        ('team = "net"', 'team = "desk"', "info", "teams.net", "owns no service"),
        ('team = "net"', 'team = "net"\ndepends_on = ["mial"]', "error", "services.vpn.depends_on", 'you mean "mail"?'),
        ('team = "net"', 'team = "net"\ndepends_on = ["vpn"]', "warning", "services.vpn.depends_on", "vpn → vpn"),
        ('aliases = ["mailbox"]\n', "", "info", "services.mail", "it has no aliases"),
        ('["mailbox"]', '["Mail-boxes", "TUNNELS"]', "error", "services.vpn.aliases[1]", '"tunnel" also names mail'),
        ('["mailbox"]', '["vpn"]', "error", "services.vpn", '"vpn" also names mail'),
        ('["mailbox"]', '["-"]', "error", "services.mail.aliases[0]", "holds no word"),
        ('["mailbox"]', '["m"]', "warning", "services.mail.aliases[0]", "is a single letter"),
        ('["mailbox"]', '["the"]', "warning", "services.mail.aliases[0]", "is a common word"),
        ('["mailbox"]', '["Problems"]', "warning", "services.mail.aliases[0]", "is a common word"),
    ],
)  # fmt: skip
def test_check_files_flaw_in_the_catalog_is_found_at_its_entry(
    old: str, new: str, severity: str, where: str, message: str
) -> None:
    found = [issue for issue in _found(catalog=_swap(CATALOG, old, new)) if message in issue[4]]
    assert [(s, file, at) for s, file, at, _, _ in found] == [(severity, "catalog", where)]


def test_check_files_shared_alias_is_reported_once() -> None:
    assert len(_found(catalog=_swap(CATALOG, '["mailbox"]', '["mailbox", "tunnel"]'))) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('priority = ["P1"]\nunless = ["ask"]', 'priority = ["P1"]'),
        ('priority = ["P1"]\nwhen = ["ask"]', 'priority = ["P1"]'),
        ('priority = ["P1"]', 'priority = ["P1", "P2"]'),
        ('priority = ["P1"]', 'when = ["down"]'),
    ],
)
def test_check_files_later_paging_rule_that_can_be_reached_is_left_in_peace(first: str, second: str) -> None:
    later = f'[[paging]]\nid = "two"\npage = true\nreason = "r"\n{second}\n[routing]'
    assert _found(_swap(_swap(POLICY, 'priority = ["P1"]', first), "[routing]", later)) == []


def test_check_files_circle_of_three_names_it_in_the_order_of_dependence() -> None:
    extra = '[services.dns]\nname = "DNS"\nlayer = "edge"\ncriticality = 1\nteam = "net"\naliases = ["x1"]\n'
    catalog = _swap(CATALOG, 'team = "net"\n', 'team = "net"\ndepends_on = ["mail"]\n')
    catalog = _swap(catalog, 'team = "desk"\n', 'team = "desk"\ndepends_on = ["dns"]\n')
    issues = _found(catalog=catalog + extra + 'depends_on = ["vpn"]\n')
    circle = issues[0][4].split(": ")[1].split("; ")[0].split(" → ")
    assert (len(circle), set(pairwise(circle))) == (
        4,
        {("vpn", "mail"), ("mail", "dns"), ("dns", "vpn")},
    )


def test_check_files_many_flaws_are_all_reported_errors_first() -> None:
    policy = _swap(_swap(POLICY, 'reason = "asks"\n', ""), '"down", "many"', '"dwon", "many"')
    policy = _swap(policy, "max_sentences = 5", 'max_sentences = "x"')
    catalog = _swap(_swap(CATALOG, 'team = "net"', 'team = "nte"'), '["mailbox"]', '["problem"]')
    assert [(severity, file, where, line) for severity, file, where, line, _ in _found(policy, catalog)] == [
        ("error", "policy", "signals.ask.reason", _line(policy, "[signals.ask]")),
        ("error", "policy", "rules[0].when", _line(policy, "when =")),
        ("error", "policy", "answer.max_sentences", _line(policy, "max_sentences")),
        ("error", "catalog", "services.vpn.team", _line(catalog, 'team = "nte"')),
        ("warning", "catalog", "services.mail.aliases[0]", _line(catalog, '["problem"]')),
        ("info", "catalog", "teams.net", _line(catalog, "[teams.net]")),
    ]


def test_check_files_file_that_is_not_toml_leaves_the_other_checked() -> None:
    catalog = _swap(CATALOG, 'team = "net"', 'team = "nte"')
    found = _found("version = \n", catalog)
    assert [(severity, file, line) for severity, file, _, line, _ in found] == [
        ("error", "policy", 1),
        ("error", "catalog", _line(catalog, '"nte"')),
        ("info", "catalog", _line(catalog, "[teams.net]")),
    ]


@pytest.mark.parametrize(
    "table", ["signals", "heads", "rules", "paging", "matrix", "matrix_signals", "costs", "routing"]
)
@pytest.mark.parametrize("value", ["3", '"text"', "[1]", "{ x = 1 }"])
def test_check_files_table_of_a_wrong_type_is_an_error_and_no_crash(table: str, value: str) -> None:
    raw = tomllib.loads(POLICY)
    other = "\n".join(f"{name} = {_inline(v)}" for name, v in raw.items() if name != table)
    issues: list[Issue] = list(check_files(f"{other}\n{table} = {value}\n", CATALOG).issues)
    assert [i for i in issues if i.severity is Severity.ERROR and i.where.startswith(table)]


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_inline(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return json.dumps(value)


def test_check_files_without_errors_means_that_both_load(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "c.toml").write_text(CATALOG, encoding="utf-8")
    assert load_policy(tmp_path / "p.toml").file.rules[0].id == "down-p1"
    assert sorted(load_catalog(tmp_path / "c.toml").services) == ["mail", "vpn"]


_TRICKY = '''# [not.a.table]
a = """
[nor.this]
x = 1
"""
"b.c" = 'it''
d = [
  "one", # ]
  ["two",
   { e = 0.5, f = 1979-05-27T07:32:00Z }],
]
[t."x y".z]
g.h = true
[[r]]
k = 1
[r.s]
m = 2
[[r]]
k = 2
'''


def test_lines_of_tricky_toml_finds_every_entry() -> None:
    text = _TRICKY.replace("'it''", "'it'")
    assert tomllib.loads(text)
    lines = lines_of(text).of
    assert {path: lines[path] for path in [
        ("a",), ("b.c",), ("d",), ("d", 0), ("d", 1), ("d", 1, 0), ("d", 1, 1, "e"), ("t", "x y", "z"),
        ("t", "x y", "z", "g", "h"), ("r", 0), ("r", 0, "k"), ("r", 0, "s", "m"), ("r", 1, "k"),
    ]} == {
        ("a",): 2, ("b.c",): 6, ("d",): 7, ("d", 0): 8, ("d", 1): 9, ("d", 1, 0): 9, ("d", 1, 1, "e"): 10,
        ("t", "x y", "z"): 12, ("t", "x y", "z", "g", "h"): 13, ("r", 0): 14, ("r", 0, "k"): 15,
        ("r", 0, "s", "m"): 17, ("r", 1, "k"): 19,
    }  # fmt: skip


_STRINGS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8)


@given(st.lists(st.tuples(_STRINGS, st.lists(_STRINGS, max_size=3)), max_size=6, unique_by=lambda pair: pair[0]))
def test_lines_of_any_keys_and_texts_agrees_with_where_they_were_written(pairs: list[tuple[str, list[str]]]) -> None:
    text, expected = "", {}
    for number, (key, values) in enumerate(pairs):
        expected[(key,)] = 2 * number + 1
        text += f"{json.dumps(key, ensure_ascii=False)} = {json.dumps(values, ensure_ascii=False)}\n\n"
    assert {path: line for path, line in lines_of(text).of.items() if len(path) == 1} == expected


def _write(tmp_path: Path, policy: str = POLICY, catalog: str = CATALOG) -> list[str]:
    (tmp_path / "new.toml").write_text(policy, encoding="utf-8")
    (tmp_path / "cat.toml").write_text(catalog, encoding="utf-8")
    files = ["--policy", str(tmp_path / "new.toml"), "--catalog", str(tmp_path / "cat.toml")]
    return ["--home", str(tmp_path), "policy", "check", *files]


@pytest.mark.parametrize(
    ("policy", "strict", "code"),
    [
        (POLICY, True, 0),
        (POLICY.replace("below = 0.35", "below = 0.6"), False, 0),
        (POLICY.replace("below = 0.35", "below = 0.6"), True, 1),
        (POLICY.replace('"P1", "P2"', '"P2"'), False, 1),
    ],
)
def test_policy_check_exit_code_follows_severity(
    tmp_path: Path, policy: str, strict: bool, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*_write(tmp_path, policy), *(["--strict"] if strict else [])]) == code


def test_policy_check_json_holds_counts_and_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*_write(tmp_path, POLICY.replace("below = 0.35", "below = 0.6")), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["counts"], [sorted(finding) for finding in report["findings"]]) == (
        {"error": 0, "warning": 1, "info": 0},
        [["check", "file", "line", "message", "severity", "where"]],
    )


def test_policy_check_text_names_file_line_and_entry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = POLICY.replace("below = 0.35", "below = 0.6")
    run(_write(tmp_path, policy))
    shown = capsys.readouterr().out
    assert f"new.toml:{_line(policy, 'human_queue_below')}" in shown
    assert shown.splitlines()[-1] == "new.toml, cat.toml: 0 error, 1 warning, 0 info"


@pytest.mark.parametrize(
    ("name", "content", "code", "line"),
    [
        ("absent.toml", None, 3, "absent.toml does not exist; give a TOML file"),
        (".", None, 3, "is a folder; give a TOML file"),
        ("bytes.toml", b"\xff\xfa", 2, "bytes.toml is not UTF-8 text"),
    ],
)
def test_policy_check_unreadable_file_is_one_clear_line(
    tmp_path: Path, name: str, content: bytes | None, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert run(["--home", str(tmp_path), "policy", "check", "--policy", str(tmp_path / name)]) == code
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n"), line in captured.err) == ("", 1, True)
