"""`citedesk kb check`: what is stale, broken, duplicated, contradictory, never found or without an owner."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from citedesk.answer.proof import Prover, State, worst
from citedesk.cli.common import OPERATOR, console, json_option, opened, print_json, progress_bar
from citedesk.cli.render import safe
from citedesk.desk import Desk
from citedesk.errors import InputError, NotFoundError
from citedesk.knowledge.check import CHECKS, Corpus, Inputs, Issue, Report, Severity, chosen, run_checks
from citedesk.knowledge.check.citations import Cited
from citedesk.knowledge.check.found import TOP
from citedesk.knowledge.check.run import Vector
from citedesk.retrieve import Query
from citedesk.retrieve.search import best_per_document
from citedesk.settings import Settings
from citedesk.store.citations import citations_in
from citedesk.text import decode
from citedesk.types import Document, Passage

# Issues of one check shown in the table without --all.
_SHOWN = 10
# Exit code of --strict when something is wrong.
_WRONG = 1
_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "dim"}


@click.command()
@click.option("--only", metavar="CHECKS", help=f"Run these alone, separated by commas: {','.join(CHECKS)}.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Hold reviews against this day.")
@click.option("--queries", type=click.Path(path_type=Path), metavar="FILE", help='What people ask: rows {"text"}.')
@click.option("--all", "every", is_flag=True, help=f"Show every finding, not {_SHOWN} of each check.")
@click.option("--strict", is_flag=True, help="Exit with 1 if there is a finding of severity error.")
@json_option
@click.pass_obj
@click.pass_context
def check(
    context: click.Context,
    settings: Settings,
    only: str | None,
    today: datetime | None,
    queries: Path | None,
    every: bool,
    strict: bool,
    as_json: bool,
) -> None:
    """Find what is wrong with the knowledge base: each finding says what, where, and how to mend it.

    Nothing is changed, run or fetched. Lines count in the stored text, below the front matter.
    """
    checks, asked = chosen(only), read_queries(queries) if queries else ()
    day = today.date() if today else date.today()
    with opened(settings) as desk, progress_bar("checking") as bar:
        report = run_checks(inputs_of(desk, day, asked), checks, bar)
    if as_json:
        print_json(report_json(report, day))
    else:
        _print(report, every)
    if strict and report.count(Severity.ERROR):
        context.exit(_WRONG)


def inputs_of(desk: Desk, today: date, queries: Sequence[str] = ()) -> Inputs:
    """Gather what the checks read: the documents, their passages, the catalog, and the search of a desk."""
    serving = desk.parts.live.serving()
    snapshot = serving.snapshot
    rows = {snapshot.documents[row].id: row for row in snapshot.living}
    with desk.store.lock:
        documents, waiting = desk.store.documents.all(), desk.store.quarantine.all()

    def passages(document: Document) -> list[Passage]:
        row = rows.get(document.id)
        found = [] if row is None else [snapshot.passages[position] for position in snapshot.passages_of(row)]
        return [passage for passage in found if passage.version == document.version]

    def search(text: str, vector: Vector) -> list[str]:
        ranked = desk.engine.rank(serving, Query(text), vector, OPERATOR).ranked
        best = best_per_document(ranked, snapshot.owners)[:TOP]
        return [snapshot.documents[int(snapshot.owners[hit.position])].id for hit in best]

    catalog = desk.triage.catalog
    return Inputs(
        Corpus(documents), today, frozenset(catalog.teams), frozenset(catalog.services), serving.encoder,
        passages, search, queries, lambda: cited_of(desk), waiting,
    )  # fmt: skip


def cited_of(desk: Desk) -> Iterator[Cited]:
    """Prove every stored suggestion's citations, document by document."""
    prover = Prover(desk.store, OPERATOR)
    with desk.store.lock:
        responses = list(desk.store.citations.responses())
    for suggestion_id, response in responses:
        states: dict[str, list[State]] = {}
        for citation in citations_in(json.loads(response).get("answer")):
            states.setdefault(citation.document_id, []).append(prover.prove(citation).state)
        for document_id, found in states.items():
            yield Cited(suggestion_id, document_id, worst(found).value)


def read_queries(path: Path) -> list[str]:
    """Read queries from JSON lines.

    Raises:
        NotFoundError: if there is no such file.
        InputError: naming the first row that is no object with a text.
    """
    if not path.is_file():
        raise NotFoundError(f'{path} is not a file; give JSON lines such as {{"text": "vpn drops"}}')
    queries = []
    for number, line in enumerate(decode(path.read_bytes(), path.name).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f'{path.name}:{number} is not JSON; give rows such as {{"text": "vpn drops"}}') from error
        text = row.get("text") if isinstance(row, dict) else None
        if not isinstance(text, str) or not text.strip():
            raise InputError(f'{path.name}:{number} has no "text"; give rows such as {{"text": "vpn drops"}}')
        queries.append(text)
    if not queries:
        raise InputError(f'{path.name} holds no query; give rows such as {{"text": "vpn drops"}}')
    return queries


def report_json(report: Report, today: date) -> dict[str, object]:
    """Write a report for machines."""
    found = report.retrievability
    return {
        "today": today.isoformat(),
        "documents": report.documents,
        "checks": list(report.checks),
        "counts": {severity.value: report.count(severity) for severity in Severity},
        "retrievability": asdict(found) if found else None,
        "findings": [asdict(issue) for issue in report.issues],
    }


def _print(report: Report, every: bool) -> None:
    for name in report.checks:
        issues = report.of(name)
        if issues:
            _print_check(name, issues, every)
    found = report.retrievability
    if found and found.asked:
        click.echo(
            f"found by their own title: {found.first} of {found.asked} first ({found.first / found.asked:.1%}), "
            f"{found.within_ten} among the first {TOP} ({found.within_ten / found.asked:.1%}); "
            f"{found.by_heading} more by a heading"
        )
    counts = ", ".join(f"{report.count(severity)} {severity.value}" for severity in Severity)
    click.echo(f"{report.documents} documents, {len(report.checks)} checks: {counts}")


def _print_check(name: str, issues: Sequence[Issue], every: bool) -> None:
    out, shown = console(), issues if every else issues[:_SHOWN]
    table = Table(title=f"{name}: {len(issues)}", title_justify="left", title_style="bold", box=None, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    table.add_column(ratio=2)
    for issue in shown:
        place = safe(issue.document_id) + (f":{issue.line}" if issue.line else "")
        table.add_row(Text(issue.severity.value, style=_STYLES[issue.severity]), Text(place), Text(safe(issue.message)))
    out.print(table)
    if len(issues) > len(shown):
        click.echo(f"and {len(issues) - len(shown)} more; show them with: citedesk kb check --only {name} --all")
    click.echo()
