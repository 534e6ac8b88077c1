"""Check `commands`: shell blocks that no shell reads, YAML and JSON that do not parse, characters of word processors.

Made for few false alarms: what cannot be told to be a command (output, pseudo-code, other languages) is passed over.
"""

import json
import re
from collections.abc import Iterator, Sequence

import yaml

from citedesk.knowledge.check.issue import Issue, Severity, shown
from citedesk.knowledge.check.outline import Fence, Outline, Prose, inline_code
from citedesk.knowledge.check.shell import Fault, fault
from citedesk.types import Document

CHECK = "commands"

_SHELL = {"bash", "sh", "shell", "zsh", "ksh"}
_SESSION = {"console", "shell-session", "shellsession", "terminal", "sh-session"}
_UNTOLD = {"", "text", "none", "plaintext"}
_YAML, _JSON = {"yaml", "yml"}, {"json"}
# First words that make an untagged block a command. Only those that are no words of prose or of output.
_COMMAND_NAMES = (
    "ansible apt apt-get argocd aws az awk base64 bash cat cd chmod chown curl dig docker dpkg etcdctl export gcloud "
    "gh git grep gzip helm hostnamectl htop ip iptables istioctl jq journalctl kill kubectl ls lsof mkdir mtr mysql "
    "netstat nginx nmap npm nslookup oc openssl pg_dump ping pip podman promtool ps psql python python3 redis-cli rm "
    "rsync scp sed source ssh ss sudo systemctl tail tar tcpdump terraform traceroute vault wget xargs yum zcat"
)
_COMMANDS = frozenset(_COMMAND_NAMES.split())
_STRICT_PROMPT = re.compile(r"[ \t]*\$[ \t]+(?=\S)")
_FIRST = re.compile(r"[A-Za-z][\w.-]*")
# A line that stands for what was left out.
_LEFT_OUT = re.compile(r"^[ \t]*(?:[#/]*[ \t]*)?[\[<(]?(?:\.{2,}|…|snip|\.\.\. ?.*)[\])>]?,?[ \t]*$", re.M)
_TEMPLATE = re.compile(r"\{\{.{0,300}?\}\}|\{%.{0,300}?%\}", re.S)
_PLACEHOLDER = re.compile(r"<[^<>\n]{1,80}>")
_JSON_COMMENT = re.compile(r"^[ \t]*(?://|#).*$|(?<=[\s,\[{])//.*$", re.M)
_DIFF = re.compile(r"^\+ *\S", re.M)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_OPTION_DASH = re.compile(r"(?<=[ \t])[\u2013\u2014][A-Za-z]")
# Lines of one command of a session.
_MOST_LINES = 100
# Characters of a block that are read; a longer one is a dump.
_MAX_BLOCK = 50_000


def commands(document: Document, read: Outline) -> list[Issue]:
    """Find code that cannot work as written."""
    found = [issue for fence in read.fences if len(fence.content) <= _MAX_BLOCK for issue in _fence(document, fence)]
    found += [issue for prose in read.prose for issue in _inline(document, prose)]
    return found


def _fence(document: Document, fence: Fence) -> Iterator[Issue]:
    if fence.language in _YAML:
        message = yaml_fault(fence.content)
    elif fence.language in _JSON:
        message = json_fault(fence.content)
    else:
        for line, text in shell_commands(fence):
            wrong = fault(text)
            if wrong and not _is_output(text, wrong):
                yield _command_issue(document, line, text, wrong)
        return
    if message:
        at, what = message
        yield Issue(CHECK, Severity.ERROR, document.id, what, fence.line + at)


def _is_output(text: str, wrong: Fault) -> bool:
    """Tell whether the faulty line is output that stands in a shell block: no command's name has a capital first."""
    start = text.rfind("\n", 0, wrong.place) + 1
    return re.match(r"[ \t]*[A-Z][\w.-]*(?:[ \t:]|$)", text[start:]) is not None


def _command_issue(document: Document, line: int, text: str, wrong: Fault) -> Issue:
    at = text.count("\n", 0, wrong.place)
    message = f"the command does not parse: {wrong.message}: {shown(text.splitlines()[at])}"
    return Issue(CHECK, Severity.ERROR, document.id, message, line + at)


def _inline(document: Document, prose: Prose) -> Iterator[Issue]:
    """Report options that begin with a typographic dash in inline code."""
    for place, code in inline_code(prose.text):
        if _OPTION_DASH.search(code) and _first_word(code) in _COMMANDS:
            message = f"a typographic dash begins an option; type - or --: {shown(code)}"
            yield Issue(CHECK, Severity.ERROR, document.id, message, prose.line_at(place))


def shell_commands(fence: Fence) -> list[tuple[int, str]]:
    """Find what a block asks to be run.

    Returns:
        (line, text): the line in the document and the commands without prompts; of a session each prompt's command
        alone, else the whole block; nothing if it is not a shell's.
    """
    if fence.language not in _SHELL | _SESSION | _UNTOLD:
        return []
    lines = fence.content.splitlines()
    if any(_STRICT_PROMPT.match(line) for line in lines):
        return _session(lines, fence.line)
    if fence.language in _SHELL or _begins_command(lines):
        return [(fence.line, fence.content)]
    return []


def _begins_command(lines: Sequence[str]) -> bool:
    """Tell whether every paragraph of lines begins with a command that is known, after comments."""
    firsts = [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if line.strip() and not line.lstrip().startswith("#") and (not before.strip() or line is lines[0])
    ]
    return bool(firsts) and all(_first_word(line) in _COMMANDS for line in firsts)


def _first_word(line: str) -> str:
    match = _FIRST.match(line.strip().removeprefix("sudo "))
    return match.group() if match else ""


def _session(lines: Sequence[str], first: int) -> list[tuple[int, str]]:
    """Take the commands out of a session: a prompt's line, and those below it while it is open."""
    found = []
    at = 0
    while at < len(lines):
        prompt = _STRICT_PROMPT.match(lines[at])
        start, at = at, at + 1
        if not prompt:
            continue
        text = lines[start][prompt.end() :]
        alone, wrong = text, fault(text)
        most = min(len(lines), at + _MOST_LINES)
        while wrong and wrong.open and at < most and not _STRICT_PROMPT.match(lines[at]):
            text = f"{text}\n{lines[at].removeprefix('> ')}"
            at, wrong = at + 1, fault(text)
        if wrong and wrong.open:  # what follows is output
            text, at = alone, start + 1
        found.append((first + start, text))
    return found


def yaml_fault(text: str) -> tuple[int, str] | None:
    """Tell why a text is no YAML: (line from 0, message); None if it is, or is a template or a fragment.

    Only events are read: nothing is built, so that aliases cannot multiply.
    """
    if _DIFF.search(text) or _LEFT_OUT.search(text) or text.lstrip().startswith(("$ ", "{%")):
        return None
    plain = _TEMPLATE.sub("x", text)
    try:
        for _ in yaml.parse(plain, _LOADER):
            pass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return (mark.line if mark else 0), f"the YAML does not parse: {error.problem}; mend it, or tag it as text"
    except (yaml.YAMLError, ValueError, RecursionError):
        return 0, "the YAML does not parse; mend it, or tag it as text"
    return None


def json_fault(text: str) -> tuple[int, str] | None:
    """Tell why a text is no JSON: (line from 0, message); None if it is, or is rows, a fragment or has gaps."""
    plain = _PLACEHOLDER.sub(lambda m: "0" if _bare(text, m) else m.group(), _JSON_COMMENT.sub("", text))
    plain = _TEMPLATE.sub("0", plain)
    if not plain.strip().startswith(("{", "[", '"')) or "..." in plain or "…" in plain or _LEFT_OUT.search(plain):
        return None
    wrapped = plain.strip().rstrip(",")
    wrong = _json_error(plain)
    if wrong is None or any(_json_error(attempt) is None for attempt in (f"{{{wrapped}}}", f"[{wrapped}]")):
        return None
    if _rows(plain):
        return None
    return wrong[0], f"the JSON does not parse: {wrong[1]}; mend it, or tag it as text"


def _bare(text: str, match: re.Match[str]) -> bool:
    return text[: match.start()].count('"') % 2 == 0


def _json_error(text: str) -> tuple[int, str] | None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.lineno - 1, error.msg.lower()
    except (ValueError, RecursionError):
        return 0, "it is nested too deeply"
    return None


def _rows(text: str) -> bool:
    """Tell whether a text is one JSON value after another."""
    decoder, at = json.JSONDecoder(), 0
    text = text.strip()
    while at < len(text):
        try:
            _, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return False
        while at < len(text) and text[at].isspace():
            at += 1
    return True
