"""`citedesk policy`: validate the policy and the catalog, and replay past tickets under changed ones."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from citedesk.cli.common import console, json_option, print_json
from citedesk.cli.policy_replay import replay
from citedesk.cli.render import safe
from citedesk.errors import NotFoundError
from citedesk.settings import Settings
from citedesk.text import decode
from citedesk.triage.check import Issue, Report, Severity, check_files

# Exit code when something is wrong.
_WRONG = 1
_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "dim"}


@click.group()
def policy() -> None:
    """The triage policy: check it, and see what a change would have done."""


policy.add_command(replay)


@policy.command()
@click.option("--policy", "rules", type=click.Path(path_type=Path), metavar="FILE", help="Policy. [the one in force]")
@click.option("--catalog", type=click.Path(path_type=Path), metavar="FILE", help="Catalog. [the one in force]")
@click.option("--strict", is_flag=True, help="Exit with 1 on warnings too.")
@json_option
@click.pass_obj
@click.pass_context
def check(
    context: click.Context, settings: Settings, rules: Path | None, catalog: Path | None, strict: bool, as_json: bool
) -> None:
    """Find all that is wrong with the policy and the catalog: where, why, and how to mend it.

    Exits with 1 if there is an error: such files do not load, or do not do what they say.
    """
    files = {"policy": rules or settings.policy, "catalog": catalog or settings.catalog}
    report = check_files(_read(files["policy"]), _read(files["catalog"]))
    if as_json:
        print_json(_report_json(report, files))
    else:
        _print(report, files)
    if report.count(Severity.ERROR) or (strict and report.count(Severity.WARNING)):
        context.exit(_WRONG)


def _read(path: Path) -> str:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise NotFoundError(f"{path} {what}; give a TOML file such as the shipped kb/{path.name}")
    return decode(path.read_bytes(), path.name)


def _report_json(report: Report, files: dict[str, Path]) -> dict[str, object]:
    return {
        "files": {name: str(path) for name, path in files.items()},
        "counts": {severity.value: report.count(severity) for severity in Severity},
        "findings": [asdict(issue) for issue in report.issues],
    }


def _print(report: Report, files: dict[str, Path]) -> None:
    if report.issues:
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold", ratio=2)
        table.add_column(ratio=3)
        for issue in report.issues:
            table.add_row(
                Text(issue.severity.value, style=_STYLES[issue.severity]),
                Text(safe(_place(issue, files))),
                Text(safe(issue.message)),
            )
        console().print(table)
        click.echo()
    counts = Counter(issue.severity for issue in report.issues)
    names = ", ".join(path.name for path in files.values())
    click.echo(f"{names}: " + ", ".join(f"{counts[severity]} {severity.value}" for severity in Severity))


def _place(issue: Issue, files: dict[str, Path]) -> str:
    line = f":{issue.line}" if issue.line else ""
    return f"{files[issue.file].name}{line} {issue.where}".rstrip()
