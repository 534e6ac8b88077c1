"""The shell scanner: faults by hand, and agreement with `bash -n` on the shipped commands, whole and damaged."""

import random
import shutil
import subprocess
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.knowledge.check.code import shell_commands
from citedesk.knowledge.check.outline import outline
from citedesk.knowledge.check.shell import fault
from citedesk.settings import shipped

BASH = shutil.which("bash")
PIECES = ["'", '"', "`", "$(", "${", ")", "}", "|", "&&", "||", "\\", "\n", " ", "#", "<<EOF", "EOF", "a", "$((", "<x>"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("grep 'timeout app.log", "quote ' is not closed"),
        ('echo "to be continued', 'quote " is not closed'),
        ("kubectl get pods |", "ends in |"),
        ("make &&\n# then what\n", "ends in &&"),
        ("echo $(date", "$( is not closed"),
        ("echo ${HOME", "${ is not closed"),
        ("echo `date", "backtick"),
        ("echo $(date))", "the ) closes nothing"),
        ("( cd /tmp; ls", "parenthesis ( is not closed"),
        ("cat <<EOF\nhello\n", "here-document is not closed; end it with a line of EOF"),
        ("cat <<EOF\nhello\n EOF\n", "here-document is not closed"),
        ("oc delete pod \\ \n  api-0", "a space follows the backslash"),
        ("oc delete pod \\", "ends in a backslash"),
        ("ls\n| grep x", "nothing stands before |"),
        ("cat a | | wc", "nothing stands before |"),
        ("kubectl get pods –n shop", "an en dash begins an option"),
        ("grep “timeout” app.log", "typographic quote"),
        ("kubectl\u00a0get pods", "non-breaking space"),
    ],
)
def test_fault_broken_command_is_named(text: str, message: str) -> None:
    found = fault(text)
    assert found is not None
    assert message in found.message


@pytest.mark.parametrize(
    "text",
    [
        "kubectl -n <namespace> get pod <pod name> -o yaml > out.yaml",
        "psql <<your-token>> ...",
        "echo \"it's\" 'say \"x\"' # don't mind",
        "cat <<'EOF' | kubectl apply -f -\nit's \"open\nEOF\necho done",
        "cat <<-END\n\tx\n\tEND",
        "cat <<A <<B\n1\nA\n2\nB",
        "grep x <<< $VAR && echo $((1 << 2)) $(( (a) | b ))",
        "for p in $(kubectl get po -o name); do echo \"$p: $(date +'%H')\"; done |\n  sort",
        "case $1 in\n  a|b) echo x ;;\n  *) echo y ;;\nesac",
        "curl -s \\\n  -H 'A: b' \\\n  http://x/ 2>&1 | tee >(wc -l) &>/dev/null",
        "echo $'don\\'t' ${x:-it's} ${#a} a#b",
        "awk '{ print $1 }' f || exit 1; (( i++ )) && [[ $a == (x|y) ]]",
        "( (cd a; ls) ); $( (cd b) )",
        "echo “in a comment is fine” # “x”".replace("“in a comment is fine”", '"“quoted”"'),
        "",
    ],
)
def test_fault_of_what_a_shell_reads_is_none(text: str) -> None:
    assert fault(text) is None


def test_fault_place_is_where_the_quote_opens() -> None:
    found = fault("ls -l\ngrep 'x app.log\n")
    assert found is not None
    assert found.place == "ls -l\ngrep 'x".index("'")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_fault_ends_on_any_text_with_a_place_inside_it(text: str) -> None:
    found = fault(text)
    assert found is None or 0 <= found.place < len(text)


@pytest.mark.parametrize("piece", ["(", "`", "(`", "\\", "\\ ", "$'\\'", "<<A ", "<a", '"$(', "${", "' ", "|", "a\\\n"])
def test_fault_hostile_text_takes_linear_time(piece: str) -> None:
    start = time.perf_counter()
    fault(piece * (50_000 // len(piece)))
    fault("(" * 25_000 + "`" * 25_000)
    assert time.perf_counter() - start < 5


def _bash_reads(text: str) -> bool:
    done = subprocess.run([str(BASH), "-n"], input=text.encode(), capture_output=True, check=False)
    return done.returncode == 0 and b"warning" not in done.stderr


def shipped_commands() -> list[str]:
    """Every shell text of the starter knowledge base that bash reads as it stands: no placeholders in it."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((shipped("kb") / "runbooks").glob("*.md"))]
    found = [text for raw in texts for fence in outline(raw).fences for _, text in shell_commands(fence)]
    return [text for text in found if "<" not in text and "…" not in text]


@pytest.mark.skipif(BASH is None, reason="bash is the oracle")
def test_fault_agrees_with_bash_on_shipped_commands() -> None:
    texts = random.Random(1).sample(shipped_commands(), 60)
    assert [text for text in texts if (fault(text) is None) != _bash_reads(text)] == []


@pytest.mark.skipif(BASH is None, reason="bash is the oracle")
def test_fault_agrees_with_bash_when_a_quote_or_bracket_is_lost() -> None:
    choose, differs = random.Random(2), []
    signs = [(text, i) for text in shipped_commands() for i, char in enumerate(text) if char in "'\"`()"]
    for text, i in choose.sample(signs, 100):
        damaged = text[:i] + text[i + 1 :]
        if (fault(damaged) is None) != _bash_reads(damaged):
            differs.append(damaged)
    assert differs == []
