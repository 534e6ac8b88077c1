"""Catalog and policy files: the shipped ones hold, and an error names file and field."""

import re
from pathlib import Path
from re import _constants as constants  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from citedesk.errors import ConfigError
from citedesk.settings import shipped
from citedesk.triage import load_catalog, load_policy

CATALOG = (shipped("kb") / "catalog.toml").read_text(encoding="utf-8")
POLICY = (shipped("kb") / "policy.toml").read_text(encoding="utf-8")
_SIGNALS = sorted(load_policy(shipped("kb") / "policy.toml").file.signals.items())


def _with(tmp_path: Path, text: str, old: str, new: str) -> Path:
    assert old in text
    path = tmp_path / "file.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('l2 = "service-desk-l2"', "l2 = 2", r"file\.toml: teams\.service-desk\.l2: .*string; correct"),
        ('on_call = "service-desk-duty"\n', "", r"teams\.service-desk\.on_call: Field required"),
        ("version = 1", 'version = "one"', r"version: .*integer"),
        ("human_queue = true", "human_kew = true", r"teams\.service-desk\.human_kew: Extra inputs"),
        ("version = 1", "version = ", r"file\.toml is not TOML: .*line \d+"),
    ],
)
def test_load_catalog_broken_entry_names_file_and_field(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_catalog(_with(tmp_path, CATALOG, old, new))


@pytest.mark.parametrize(
    ("addition", "message"),
    [
        ('layer = "api"\ncriticality = 4\nteam = "security"', r"services\.zz\.criticality: .*less than or equal to 3"),
        ('layer = "attic"\ncriticality = 1\nteam = "security"', r"services\.zz\.layer: Input should be 'edge'"),
        ('layer = "api"\ncriticality = 1\nteam = "nobody"', r"service zz: no team 'nobody'"),
        (
            'layer = "api"\ncriticality = 1\nteam = "security"\ndepends_on = ["nothing"]',
            r"service zz: depends on unknown service 'nothing'",
        ),
    ],
)
def test_load_catalog_wrong_service_is_named(tmp_path: Path, addition: str, message: str) -> None:
    path = tmp_path / "file.toml"
    path.write_text(f'{CATALOG}\n[services.zz]\nname = "Zz"\n{addition}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_catalog(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("target_precision = 0.9", "target_precision = 1.9", r"heads\.priority\.target_precision: .*less than"),
        ('when = ["breach"]', 'when = ["breech"]', r"rule breach-is-p1: no signal 'breech'"),
        ('head = "tier"', 'head = "tear"', r"rule breach-is-l3: no head 'tear'"),
        ('degraded = ["degraded"]', 'degraded = ["slow"]', r"matrix_signals\.degraded: no signal 'slow'"),
        ('"data ?loss"', '"(data"', r"signals\.data_loss\.patterns: .*'\(data' is not a regular expression"),
        ('"data ?loss"', '"(?i)data ?loss"', r"signals\.data_loss\.patterns: .*do not fit together: global flags"),
        ("max_sentences = 12", "max_sentences = 0", r"answer\.max_sentences: .*greater than or equal to 1"),
        ("weight = 2.0", "weight = 0.0", r"rules\.0\.weight: .*greater than 0"),
        ('team   = { down = "P2", ', "team   = { ", r"matrix\.team: no cell 'down'"),
        ("page_risk = 0.2", "page_risk = 2", r"routing\.page_risk: .*less than or equal to 1"),
        ('"always"\n', '"perhaps"\n', r"routing\.page_when_unsure: .*'with_rule', 'always' or 'never'"),
    ],
)
def test_load_policy_broken_entry_names_the_field(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_policy(_with(tmp_path, POLICY, old, new))


@pytest.mark.parametrize(
    "pattern",
    [r"(a+)+", r"(?:a*)*b", r"((a+))+", r"(?:x(?:a+)y?)*", r"(a+){2,}", r"(?:a{1,})+", r"(?:[(]a+)+", r"(a|b+)*?"],
)
def test_load_policy_repeated_repetition_is_refused(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(ConfigError, match=r"signals\.data_loss\.patterns: .*repeats a repetition"):
        load_policy(_with(tmp_path, POLICY, '"data ?loss"', f"'{pattern}'"))


@pytest.mark.parametrize("pattern", [r"(?:c\\+\\+ ?){1,3}", r"(?:[+*]x)+", r"(?:ab)+c+", r"(?:\\w+ ){0,4}gone"])
def test_load_policy_harmless_repetition_is_accepted(tmp_path: Path, pattern: str) -> None:
    policy = load_policy(_with(tmp_path, POLICY, '"data ?loss"', f'"{pattern}"'))
    assert pattern.replace("\\\\", "\\") in policy.file.signals["data_loss"].patterns


def _unbounded_inside(tree: Any, within: bool = False) -> bool:
    """Tell whether an unbounded repetition stands inside another, by Python's own parse of the expression."""
    for operator, argument in tree:
        repeats = operator in (constants.MAX_REPEAT, constants.MIN_REPEAT) and argument[1] is constants.MAXREPEAT
        if repeats and within:
            return True
        parts = argument if isinstance(argument, list | tuple) else []
        for part in [p for item in parts for p in (item if isinstance(item, list) else [item])]:
            if isinstance(part, parser.SubPattern) and _unbounded_inside(part, within or repeats):
                return True
    return False


def test_unbounded_inside_known_expressions_are_told_apart() -> None:
    assert [_unbounded_inside(parser.parse(p)) for p in (r"(a|b+)*", r"((x?a+))+", r"(?:a{2}b)+c*")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(("name", "signal"), _SIGNALS, ids=[name for name, _ in _SIGNALS])
def test_shipped_signal_patterns_hold_no_nested_repetition_nor_back_reference(name: str, signal: Any) -> None:
    trees = [(p, parser.parse(p)) for p in signal.patterns]
    assert [p for p, tree in trees if _unbounded_inside(tree) or re.search(r"\\[1-9]|\(\?P=", p)] == []


def test_load_policy_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"policy\.toml does not exist; restore it"):
        load_policy(tmp_path / "policy.toml")


def test_load_catalog_latin1_file_is_refused_as_input(tmp_path: Path) -> None:
    path = tmp_path / "file.toml"
    path.write_bytes(CATALOG.replace("Service Desk", "Büro", 1).encode("latin1", "replace"))
    with pytest.raises(Exception, match=r"file\.toml is not UTF-8 text") as caught:
        load_catalog(path)
    assert caught.value.exit_code == 2  # type: ignore[attr-defined]
