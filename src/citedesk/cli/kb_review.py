"""`citedesk kb review`: documents that wait for a person: list them, read why, release or drop them."""

from collections.abc import Iterator

import click
from rich.text import Text

from citedesk.cli.common import OPERATOR, console, json_option, opened, print_json
from citedesk.cli.render import safe
from citedesk.errors import InputError
from citedesk.formats import document_json, held_json
from citedesk.settings import Settings
from citedesk.store.quarantine import Held, Place
from citedesk.types import Trust

# Characters shown on either side of an offending place, and of the place itself.
_AROUND, _LONGEST = 80, 400
# Places of one document that are shown.
_SHOWN = 10
_WORDS = {
    "takes_id": "takes the id of a document of another place",
    "supersedes": "supersedes a document of another place or of higher trust",
}


def reasons_of(held: Held) -> str:
    """Say in a line why a document waits."""
    orders = [reason for reason in held.reasons if reason not in _WORDS]
    said = [f"reads like orders to software ({', '.join(orders)})"] if orders else []
    return safe("; ".join(said + [_WORDS[reason] for reason in held.reasons if reason in _WORDS]))


@click.command()
@click.argument("number", metavar="[ID]", type=click.IntRange(1), required=False)
@click.option("--release", is_flag=True, help="Index it; the same content is not held again.")
@click.option("--drop", is_flag=True, help="Delete it.")
@click.option(
    "--trust", type=click.Choice([trust.value for trust in Trust]), help="With --release: how far it is believed."
)
@json_option
@click.pass_obj
def review(settings: Settings, number: int | None, release: bool, drop: bool, trust: str | None, as_json: bool) -> None:
    """List what waits for review; with an ID show the places that made it wait, release it or drop it.

    Nobody finds a document that waits; an older version of it stays in force. What you decide is written down.
    """
    if (release and drop) or (number is None and (release or drop)) or (trust and not release):
        raise InputError("give one ID with --release (and --trust if you like) or with --drop")
    with opened(settings) as desk:
        if number is None:
            _list(desk.reviews.waiting(OPERATOR), as_json)
        elif release:
            held = desk.reviews.get(number, OPERATOR)
            document = desk.reviews.release(number, OPERATOR, Trust(trust) if trust else None)
            _say(as_json, {"released": document.id, "content": held.content}, f"{document.id} is indexed now")
        elif drop:
            held = desk.reviews.drop(number, OPERATOR)
            _say(as_json, {"dropped": held.document.id, "content": held.content}, f"{held.document.id} is deleted")
        else:
            _show(desk.reviews.get(number, OPERATOR), as_json)


def _say(as_json: bool, shape: dict[str, object], line: str) -> None:
    if as_json:
        print_json(shape)
    else:
        click.echo(safe(line))


def _list(waiting: list[Held], as_json: bool) -> None:
    if as_json:
        print_json([held_json(held) for held in waiting])
        return
    for held in waiting:
        place = f"{held.document.origin}/{held.document.source}".rstrip("/") or f"written by {held.actor}"
        click.echo(f"{held.id:>4}  {safe(held.document.id)}: {reasons_of(held)}; {safe(place)}; {held.at[:10]}")
    click.echo(f"{len(waiting)} waiting" + ("; read one with: citedesk kb review ID" if waiting else ""))


def _show(held: Held, as_json: bool) -> None:
    if as_json:
        print_json({**held_json(held), "document": document_json(held.document)})
        return
    out, document = console(), held.document
    out.print(Text(f"{safe(document.id)}: {reasons_of(held)}", style="bold"))
    out.print(Text(f"{safe(document.origin)} {safe(document.source)}; {document.trust.value} trust; {held.at[:19]}"))
    for place in held.places[:_SHOWN]:
        out.print()
        out.print(Text(f"{place.field} {place.start}-{place.end}: {place.kind}", style="dim"))
        out.print(Text.assemble(*_context(held, place)))
    if len(held.places) > _SHOWN:
        out.print(Text(f"and {len(held.places) - _SHOWN} more places", style="dim"))
    out.print(Text(f"\nNext: citedesk kb review {held.id} --release, or --drop", style="dim"))


def _context(held: Held, place: Place) -> Iterator[str | tuple[str, str]]:
    """Give a place and what stands around it, as a terminal may show it; invisible characters by their names."""
    text = place.text or str(getattr(held.document, place.field, "") or "")
    start, end = (0, len(text)) if place.text else (place.start, place.end)
    yield visible(text[max(0, start - _AROUND) : start])
    yield visible(text[start : min(end, start + _LONGEST)]), "bold red"
    yield " …" if end - start > _LONGEST else ""
    yield visible(text[end : end + _AROUND])


def visible(text: str) -> str:
    """Write a text for a terminal: what cannot be seen or would be obeyed becomes an escape such as <U+200B>."""
    return "".join(c if c.isprintable() or c == "\n" else " " if c in "\t\r" else f"<U+{ord(c):04X}>" for c in text)
