"""`citedesk kb`: add, search, show and survey the knowledge base."""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from citedesk.answer.proof import State
from citedesk.cli.common import (
    OPERATOR,
    as_option,
    console,
    json_option,
    opened,
    principal_of,
    print_json,
    progress_bar,
)
from citedesk.cli.kb_adapt import adapt
from citedesk.cli.kb_check import check
from citedesk.cli.kb_review import reasons_of, review
from citedesk.cli.render import safe
from citedesk.errors import DocumentError, InputError
from citedesk.formats import document_json, proof_json, results_json
from citedesk.knowledge import Added, Adding
from citedesk.knowledge.library import quote
from citedesk.retrieve import Filters, Page, Query, start_of
from citedesk.settings import Settings, shipped
from citedesk.types import Hit, Trust

# Removed documents that are named one by one; the rest is counted.
_NAMED = 5


@click.group()
def kb() -> None:
    """The knowledge base: add, search, show, status, check, review, erase, adapt."""


kb.add_command(adapt)
kb.add_command(check)
kb.add_command(review)


@kb.command()
@click.argument("paths", nargs=-1, metavar="PATH...", type=click.Path(path_type=Path))
@click.option("--starter", is_flag=True, help="Add the shipped starter knowledge base.")
@click.option("--prune", is_flag=True, help="Remove documents these paths gave before and give no more.")
@click.option("--force", is_flag=True, help="Prune even more than a fifth of them.")
@click.option("--replace", is_flag=True, help="Take the place of documents of other paths that have the same id.")
@click.option(
    "--trust",
    type=click.Choice([trust.value for trust in Trust]),
    help="How far what these paths give is believed, now and later: low is never the only source of an answer.",
)
@json_option
@click.pass_obj
def add(
    settings: Settings,
    paths: tuple[Path, ...],
    starter: bool,
    prune: bool,
    force: bool,
    replace: bool,
    trust: str | None,
    as_json: bool,
) -> None:
    """Add files, folders, zips or Git checkouts: Markdown, text, HTML, PDF, DOCX, CSV, JSON Lines, saved mails.

    Only what changed is encoded. What reads like orders to software, or would take another path's place, waits for
    review: citedesk kb review.

    A bad file is reported and skipped; the others are added, and the exit code says that something failed.
    """
    sources = [*paths, *([shipped("kb")] if starter else [])]
    if not sources:
        raise InputError("name files or folders to add, or give --starter")
    with opened(settings) as desk, progress_bar("indexing") as bar:
        how = Adding(prune, force, replace, Trust(trust) if trust else None)
        added = desk.library.add(sources, bar, partial(bar, what="reading"), how)
    if as_json:
        print_json(_added_json(added))
    else:
        _print_added(added)
    failures = added.loaded.failures
    if failures:
        for line in failures:
            click.echo(f"skipped {safe(line)}", err=True)
        raise DocumentError(f"{len(failures)} could not be read, see above; the rest is indexed")


def _added_json(added: Added) -> dict[str, object]:
    return {
        "read": len(added.loaded.documents),
        "changed": added.changed,
        "documents": added.build.documents,
        "passages": added.build.passages,
        "encoded": added.build.encoded,
        "masked_secrets": added.loaded.masked_secrets,
        "attachments": added.loaded.attachments,
        "gone": list(added.gone),
        "replaced": list(added.replaced),
        "pruned": added.pruned,
        "held": [{"id": h.id, "document_id": h.document.id, "reasons": list(h.reasons)} for h in added.held],
        "failures": [safe(line) for line in added.loaded.failures],
    }


def _print_added(added: Added) -> None:
    masked = f", {added.loaded.masked_secrets} secrets masked" if added.loaded.masked_secrets else ""
    click.echo(
        f"{len(added.loaded.documents)} read, {added.changed} new or changed{masked}; now "
        f"{added.build.documents} documents, {added.build.passages} passages ({added.build.encoded} encoded)"
    )
    if added.loaded.attachments:
        click.echo(f"{added.loaded.attachments} attachments of mails were not read")
    if added.replaced:
        click.echo(
            f"{len(added.replaced)} replaced a document of another file with the same id: {_named(added.replaced)}"
        )
    if added.gone:
        verdict = "removed" if added.pruned else "no longer there; to remove them, run again with --prune"
        click.echo(f"{len(added.gone)} {verdict}: {_named(added.gone)}")
    if added.held:
        click.echo(f"{len(added.held)} not indexed, waiting for review; look at them with: citedesk kb review")
        for held in added.held[:_NAMED]:
            click.echo(f"  {held.id}  {safe(held.document.id)}: {reasons_of(held)}")
        if len(added.held) > _NAMED:
            click.echo(f"  and {len(added.held) - _NAMED} more")


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return ", ".join(safe(name) for name in ids[:_NAMED]) + more


@kb.command()
@click.argument("query")
@click.option("-k", default=10, show_default=True, type=click.IntRange(1, 100), help="Documents to show.")
@click.option("--kind", multiple=True, help="Only this kind (repeatable).")
@click.option("--service", multiple=True, help="Only this service (repeatable).")
@click.option("--layer", multiple=True, help="Only this layer (repeatable).")
@click.option("--label", multiple=True, help="Only documents with this label (repeatable).")
@click.option("--tag", multiple=True, help="Only documents with this tag (repeatable).")
@click.option("--since", metavar="DATE", help="Only documents updated (else reviewed) on this day or later.")
@click.option("--until", metavar="DATE", help="Only documents updated (else reviewed) on this day or earlier.")
@click.option("--cursor", help="Show the next page: the cursor of the page before.")
@as_option
@json_option
@click.pass_obj
def search(
    settings: Settings,
    query: str,
    k: int,
    kind: tuple[str, ...],
    service: tuple[str, ...],
    layer: tuple[str, ...],
    label: tuple[str, ...],
    tag: tuple[str, ...],
    since: str | None,
    until: str | None,
    cursor: str | None,
    reads: tuple[str, ...],
    as_json: bool,
) -> None:
    """Search by words and meaning; shows the best passage of each document and why it was found."""
    if not query.strip():
        raise InputError("the query is empty; say what you look for")
    filters = Filters(
        frozenset(kind), frozenset(service), frozenset(layer), frozenset(label), frozenset(tag), since, until
    )
    with opened(settings) as desk:
        results = desk.search(Query(query, filters), principal_of(reads), Page(k, start_of(cursor)))
    if as_json:
        print_json(results_json(results))
        return
    if not results.hits:
        click.echo("nothing found: no document passes the filters and labels; see citedesk kb status")
    for i, hit in enumerate(results.hits, start=start_of(cursor) + 1):
        _print_hit(i, hit)


def _print_hit(number: int, hit: Hit) -> None:
    out, lexical = console(), hit.legs["lexical"]
    why = f"meaning {hit.legs['dense'].score:.2f} (#{hit.legs['dense'].rank})"
    why += f", reranked #{hit.legs['rerank'].rank}" if "rerank" in hit.legs else ""
    why += f", words {lexical.score:.1f} (#{lexical.rank})" if lexical.rank else ", no shared words"
    place = f"    {safe(hit.passage.document_id)} › {safe(' › '.join(hit.passage.headings[1:]))}"
    out.print(Text(f"{number:>2}. {safe(hit.title)}", style="bold"), Text(f"{hit.score:.3f}", style="dim"))
    out.print(Text(place, style="blue"))
    out.print(Text("    " + safe(" ".join(hit.text.split()))[:220]))
    why += f"; {hit.trust.value} trust" if hit.trust != Trust.NORMAL else ""
    out.print(Text(f"    {why}; {hit.passage.start}-{hit.passage.end} @ {hit.passage.version[:8]}", style="dim"))


@kb.command()
@click.argument("document_id", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def erase(settings: Settings, document_id: str, yes: bool, as_json: bool) -> None:
    """Erase a document for good: text, versions, vectors, postings, and what suggestions quoted of it.

    To take a document out of search but keep what was cited of it, delete its file and run kb add --prune.
    """
    if not yes and sys.stdin.isatty():
        click.confirm(f"Erase {safe(document_id)} for good? Its citations will not resolve any more", abort=True)
    with opened(settings) as desk:
        desk.library.erase(document_id, OPERATOR)
    if as_json:
        print_json({"erased": document_id})
    else:
        click.echo(f"erased {safe(document_id)}; nothing of it is left in {settings.home}")


@kb.command()
@click.argument("document_id", metavar="ID")
@click.option("--version", help="A kept version, in full or its first characters; default: the current one.")
@click.option("--start", type=click.IntRange(0), help="First character of a span.")
@click.option("--end", type=click.IntRange(0), help="Character after the span.")
@click.option("--check", "check_it", is_flag=True, help="Say whether the current version still has it, and where.")
@as_option
@json_option
@click.pass_obj
def show(
    settings: Settings,
    document_id: str,
    version: str | None,
    start: int | None,
    end: int | None,
    check_it: bool,
    reads: tuple[str, ...],
    as_json: bool,
) -> None:
    """Print a document, or exactly the characters of a citation; --check says on standard error what became of it."""
    principal = principal_of(reads)
    with opened(settings) as desk:
        document = desk.library.get(document_id, principal, version)
        if as_json and start is None and end is None and not check_it:
            print_json(document_json(document))
            return
        cited = quote(document, start, end)
        proof = desk.prove([cited], principal)[0] if check_it else None
    if as_json:
        print_json({**asdict(cited), **({} if proof is None else proof_json(cited, proof))})
        return
    click.echo(cited.quote, nl=False)
    if proof is not None:
        now = f", now {proof.now.start}-{proof.now.end} @ {proof.now.version}" if proof.now else ""
        click.echo(f"{proof.state.value}{now}", err=True)


@kb.command()
@json_option
@click.pass_obj
def status(settings: Settings, as_json: bool) -> None:
    """Show what is indexed."""
    with opened(settings) as desk:
        snapshot, cited, waiting = desk.snapshot, desk.cited(), desk.store.quarantine.count()
    by_kind = Counter(snapshot.category("kinds")[row] for row in snapshot.living)
    by_trust = Counter(snapshot.category("trusts")[row] for row in snapshot.living)
    if as_json:
        print_json(
            {
                "documents": len(snapshot.living),
                "passages": snapshot.passage_count,
                "kinds": dict(by_kind),
                "trust": {trust.value: by_trust[trust.value] for trust in Trust},
                "waiting": waiting,
                "encoder": snapshot.encoder,
                "index": snapshot.generation,
                "suggestions_cited": {state.value: count for state, count in cited.items()},
                "segments": [
                    {"passages": len(s.passages.owners), "vectors": s.vectors.kind} for s in snapshot.segments
                ],
            }
        )
        return
    table = Table(show_header=True, box=None)
    table.add_column("kind")
    table.add_column("documents", justify="right")
    for kind, count in sorted(by_kind.items()):
        table.add_row(safe(kind), str(count))
    table.add_row("all", str(len(snapshot.living)), style="bold")
    console().print(table)
    click.echo(f"{snapshot.passage_count} passages, encoder {snapshot.encoder}, index {snapshot.generation[:16]}")
    again = {state: cited[state] for state in (State.CHANGED, State.GONE, State.BROKEN) if cited[state]}
    if again:
        told = ", ".join(f"{count} {state.value}" for state, count in again.items())
        click.echo(
            f"suggestions whose citations are no longer as they were: {told}; citedesk kb check --only citations"
        )
    unusual = [f"{by_trust[t.value]} of {t.value} trust" for t in Trust if t != Trust.NORMAL and by_trust[t.value]]
    if unusual or waiting:
        click.echo("; ".join([*unusual, *([f"{waiting} waiting for review"] if waiting else [])]))
