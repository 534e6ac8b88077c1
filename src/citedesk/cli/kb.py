"""`citedesk kb`: add, search, show and survey the knowledge base."""

from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from citedesk.cli.common import (
    as_option,
    console,
    json_option,
    opened,
    principal_of,
    print_json,
    progress_bar,
)
from citedesk.cli.render import safe
from citedesk.errors import DocumentError, InputError, NotFoundError
from citedesk.formats import document_json, hit_json
from citedesk.retrieve import Query
from citedesk.settings import Settings, shipped


@click.group()
def kb() -> None:
    """The knowledge base: add, search, show, status."""


@kb.command()
@click.argument("paths", nargs=-1, metavar="PATH...", type=click.Path(path_type=Path))
@click.option("--starter", is_flag=True, help="Add the shipped starter knowledge base.")
@json_option
@click.pass_obj
def add(settings: Settings, paths: tuple[Path, ...], starter: bool, as_json: bool) -> None:
    """Add files, folders, zips or Git checkouts: Markdown, text, HTML, PDF, DOCX, CSV, JSON Lines, saved mails.

    A bad file is reported and skipped; the others are added, and the exit code says that something failed.
    """
    sources = [*paths, *([shipped("kb")] if starter else [])]
    if not sources:
        raise InputError("name files or folders to add, or give --starter")
    with opened(settings) as desk, progress_bar("encoding") as progress:
        added = desk.add(sources, progress)
    failures = added.loaded.failures
    if as_json:
        print_json(
            {
                "read": len(added.loaded.documents),
                "changed": added.changed,
                "documents": added.build.documents,
                "passages": added.build.passages,
                "encoded": added.build.encoded,
                "masked_secrets": added.loaded.masked_secrets,
                "failures": [safe(line) for line in failures],
            }
        )
    else:
        masked = f", {added.loaded.masked_secrets} secrets masked" if added.loaded.masked_secrets else ""
        click.echo(
            f"{len(added.loaded.documents)} read, {added.changed} new or changed{masked}; now "
            f"{added.build.documents} documents, {added.build.passages} passages ({added.build.encoded} encoded)"
        )
    if failures:
        for line in failures:
            click.echo(f"skipped {safe(line)}", err=True)
        raise DocumentError(f"{len(failures)} could not be read, see above; the rest is indexed")


@kb.command()
@click.argument("query")
@click.option("-k", default=10, show_default=True, type=click.IntRange(1, 100), help="Documents to show.")
@click.option("--kind", multiple=True, help="Only this kind (repeatable).")
@click.option("--service", multiple=True, help="Only this service (repeatable).")
@click.option("--layer", multiple=True, help="Only this layer (repeatable).")
@click.option("--label", multiple=True, help="Only documents with this label (repeatable).")
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
    reads: tuple[str, ...],
    as_json: bool,
) -> None:
    """Search by words and meaning; shows the best passage of each document and why it was found."""
    if not query.strip():
        raise InputError("the query is empty; say what you look for")
    asked = Query(query, frozenset(kind), frozenset(service), frozenset(layer), frozenset(label))
    with opened(settings) as desk:
        hits = desk.search(asked, principal_of(reads), k)
    if as_json:
        print_json({"hits": [hit_json(hit) for hit in hits]})
        return
    if not hits:
        click.echo("nothing found: no document passes the filters and labels; see citedesk kb status")
    out = console()
    for i, hit in enumerate(hits, start=1):
        lexical = hit.legs["lexical"]
        why = f"meaning {hit.legs['dense'].score:.2f} (#{hit.legs['dense'].rank})"
        why += f", words {lexical.score:.1f} (#{lexical.rank})" if lexical.rank else ", no shared words"
        out.print(Text(f"{i:>2}. {safe(hit.title)}", style="bold"), Text(f"{hit.score:.3f}", style="dim"))
        out.print(
            Text(
                f"    {safe(hit.passage.document_id)} › {safe(' › '.join(hit.passage.headings[1:]))}",
                style="blue",
            )
        )
        out.print(Text("    " + safe(" ".join(hit.text.split()))[:220]))
        out.print(Text(f"    {why}; {hit.passage.start}-{hit.passage.end} @ {hit.passage.version[:8]}", style="dim"))


@kb.command()
@click.argument("document_id", metavar="ID")
@click.option("--version", help="A kept version, in full or its first characters; default: the current one.")
@click.option("--start", type=click.IntRange(0), help="First character of a span.")
@click.option("--end", type=click.IntRange(0), help="Character after the span.")
@as_option
@json_option
@click.pass_obj
def show(
    settings: Settings,
    document_id: str,
    version: str | None,
    start: int | None,
    end: int | None,
    reads: tuple[str, ...],
    as_json: bool,
) -> None:
    """Print a document, or exactly the characters of a citation."""
    with opened(settings) as desk:
        document = desk.document(document_id, principal_of(reads), version)
    if as_json and start is None and end is None:
        print_json(document_json(document))
        return
    first, last = start or 0, len(document.text) if end is None else end
    if not first <= last <= len(document.text):
        raise NotFoundError(f"the document has {len(document.text)} characters; {first}-{last} is no span of it")
    quote = document.text[first:last]
    if as_json:
        print_json(
            {
                "document_id": document_id,
                "version": document.version,
                "start": first,
                "end": last,
                "quote": quote,
            }
        )
    else:
        click.echo(quote, nl=False)


@kb.command()
@json_option
@click.pass_obj
def status(settings: Settings, as_json: bool) -> None:
    """Show what is indexed."""
    with opened(settings) as desk:
        snapshot = desk.snapshot
    by_kind: dict[str, int] = {}
    for document in snapshot.documents:
        by_kind[document.kind] = by_kind.get(document.kind, 0) + 1
    if as_json:
        print_json(
            {
                "documents": len(snapshot.documents),
                "passages": len(snapshot.passages),
                "kinds": by_kind,
                "encoder": snapshot.encoder,
                "index": snapshot.generation,
            }
        )
        return
    table = Table(show_header=True, box=None)
    table.add_column("kind")
    table.add_column("documents", justify="right")
    for kind, count in sorted(by_kind.items()):
        table.add_row(safe(kind), str(count))
    table.add_row("all", str(len(snapshot.documents)), style="bold")
    console().print(table)
    click.echo(f"{len(snapshot.passages)} passages, encoder {snapshot.encoder}, index {snapshot.generation[:16]}")
