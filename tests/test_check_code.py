"""Check `commands`: which blocks are commands, YAML and JSON that do not parse, and what is passed over."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.knowledge.check.code import commands, json_fault, shell_commands, yaml_fault
from citedesk.knowledge.check.issue import Severity
from citedesk.knowledge.check.outline import Fence, outline
from citedesk.types import Document


def found(text: str) -> list[tuple[int | None, str]]:
    document = Document(id="rb-a", version="v", text=text, title="A")
    issues = commands(document, outline(text))
    assert all(issue.severity is Severity.ERROR and issue.check == "commands" for issue in issues)
    return [(issue.line, issue.message) for issue in issues]


def test_commands_unclosed_quote_names_line_and_command() -> None:
    text = "# A\n\n1. Look:\n\n   ```bash\n   ls\n   grep 'x app.log\n   ```\n"
    message = (
        "the command does not parse: the quote ' is not closed; add the missing one, or escape it: grep 'x app.log"
    )
    assert found(text) == [(7, message)]


def test_commands_untagged_block_is_read_if_it_begins_with_a_known_command() -> None:
    assert [line for line, _ in found("```\nkubectl get pods |\n```\n")] == [2]
    assert found("```\nERROR: can't connect |\n```\n") == []


def test_commands_output_in_a_shell_block_is_passed_over() -> None:
    assert found("```bash\nWarning: You've reached the limit\n```\n") == []


def test_commands_other_languages_are_passed_over() -> None:
    assert found("```python\nx = 'it\n```\n\n```powershell\nGet-Mailbox –Identity “x”\n```\n") == []


def test_commands_typographic_dash_in_inline_code_of_a_command_is_found() -> None:
    assert [line for line, _ in found("a\n\nRun `kubectl get po –n shop` now.\n")] == [3]
    assert found("Pages `10 –20` and `see – there`.\n") == []


def test_shell_commands_of_a_session_leave_out_prompts_and_output() -> None:
    lines = "$ oc get po \\\n>   -o wide\nNAME  it's\n$ cat <<EOF\nhi\nEOF\n$ echo 'x\noutput\n"
    assert shell_commands(Fence("console", lines, 10)) == [
        (10, "oc get po \\\n  -o wide"),
        (13, "cat <<EOF\nhi\nEOF"),
        (16, "echo 'x"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: [x, y]\n",
        "a: <name>\nimage: {{ .Values.image }}\n",
        "kind: Pod\n...\n  status: x\n",
        "a: !Ref B\n---\nb: 2\n",
        "-  a: 1\n+  a: 2\n+  b: [\n",
    ],
)
def test_yaml_fault_of_yaml_templates_and_gaps_is_none(text: str) -> None:
    assert yaml_fault(text) is None


def test_yaml_fault_names_the_line() -> None:
    fault = yaml_fault("a: 1\nb: c: d\n")
    assert fault is not None
    assert fault[0] == 1
    assert "mapping values are not allowed" in fault[1]


def test_yaml_fault_nested_without_end_is_a_fault_not_a_crash() -> None:
    assert yaml_fault("[" * 5_000) is not None


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        '"a": 1,\n"b": [2],\n',
        '{"a": 1}\n{"a": 2}\n',
        '{"a": 1},\n{"a": 2},\n',
        '{\n  "a": <number>, // why\n  "b": {{ x }}\n}',
        '{"a": [1, ...]}',
        "curl http://x",
    ],
)
def test_json_fault_of_json_rows_fragments_and_gaps_is_none(text: str) -> None:
    assert json_fault(text) is None


def test_json_fault_names_the_line() -> None:
    fault = json_fault('{\n  "a": 1\n  "b": 2\n}')
    assert fault is not None
    assert fault[0] == 2


def test_json_fault_nested_without_end_is_a_fault_not_a_crash() -> None:
    assert json_fault("[" * 40_000) is not None


@pytest.mark.parametrize("piece", ["- a\n", "{{ ", "<a> ", "...\n", "$ '\n", "//\n", "+ "])
@pytest.mark.parametrize("language", ["yaml", "json", "console"])
def test_commands_hostile_block_takes_linear_time(language: str, piece: str) -> None:
    start = time.process_time()
    found(f"```{language}\n{piece * (48_000 // len(piece))}\n```\n")
    found(f"```{language}\n[{piece * (48_000 // len(piece))}\n```\n")
    assert time.process_time() - start < 5


@given(st.text(alphabet="`\n $'\"|{}[]<>a:-", max_size=200))
def test_commands_any_text_gives_lines_inside_it(text: str) -> None:
    lines = text.count("\n") + 1
    assert all(line is None or 1 <= line <= lines for line, _ in found(text))
