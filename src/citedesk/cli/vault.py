"""`citedesk vault`: what redaction took out of tickets, sealed; shown to few, forgotten in time."""

import os
import pwd
from datetime import UTC, datetime
from pathlib import Path

import click

from citedesk.cli.common import console, json_option, print_json, progress_bar
from citedesk.cli.render import safe
from citedesk.errors import ConfigError, InputError, IntegrityError
from citedesk.guard import redact
from citedesk.guard.keeping import Keeper, open_keeper
from citedesk.settings import Settings
from citedesk.store import opened_store
from citedesk.store.vault_key import Key, make_key, read_key
from citedesk.types import Ticket


@click.group()
def vault() -> None:
    """Values redacted from tickets, sealed: make a key, reveal, forget, sweep, change the key."""


@vault.command()
@click.argument("keyfile", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@click.pass_obj
def init(settings: Settings, keyfile: Path, as_json: bool) -> None:
    """Make a key in a new file, outside the home; keep a copy of it where no copy of the home is."""
    key = make_key(keyfile, settings.home)
    if as_json:
        print_json({"key": key.id, "file": str(keyfile)})
    else:
        click.echo(f"key {key.id} in {keyfile}; values are kept from now on with: CITEDESK_VAULT_KEY_FILE={keyfile}")


@vault.command()
@json_option
@click.pass_obj
def status(settings: Settings, as_json: bool) -> None:
    """Show how much is kept, under which keys, and since when."""
    key = open_keeper(settings).key
    with opened_store(settings.database) as store:
        kept = store.vault.status()
    found = {
        "key": key.id if key else None,
        "days": settings.vault_days,
        "values": kept.values,
        "tickets": kept.tickets,
        "by_key": dict(kept.by_key),
        "oldest": kept.oldest,
    }
    if as_json:
        print_json(found)
        return
    click.echo(f"key {key.id}" if key else "off: CITEDESK_VAULT_KEY_FILE is not set, no values are kept")
    since = f", the oldest of {kept.oldest[:10]}" if kept.oldest else ""
    click.echo(f"{kept.values} values of {kept.tickets} tickets{since}")
    for name, count in kept.by_key.items():
        if key is None or name != key.id:
            click.echo(f"{count} under the key {name}, which is not the one set")


@vault.command()
@click.argument("ticket_id", metavar="TICKET")
@click.option("--placeholder", "placeholders", multiple=True, help="Only this one, such as <EMAIL_1> (repeatable).")
@click.option("--why", required=True, help="For the ticket's history.")
@json_option
@click.pass_obj
def reveal(settings: Settings, ticket_id: str, placeholders: tuple[str, ...], why: str, as_json: bool) -> None:
    """Show what placeholders of a ticket stood for; who asked and why is in the ticket's history."""
    if not why.strip():
        raise InputError("--why is empty; say why the values are needed")
    keeper = open_keeper(settings)
    asked = redact(Ticket(ticket_id, why.strip(), "")).ticket
    with opened_store(settings.database) as store:
        opened = keeper.show(store, _who(), asked, placeholders)
    if as_json:
        print_json({"values": dict(opened.values), "failed": dict(opened.failed)})
    else:
        for name, value in opened.values.items():
            console().print(safe(f"{name}  {value}"), soft_wrap=True)
    if opened.failed:
        name, reason = next(iter(opened.failed.items()))
        raise IntegrityError(f"{len(opened.failed)} could not be opened; {safe(name)}: {reason}")


@vault.command()
@click.argument("ticket_id", metavar="TICKET")
@json_option
@click.pass_obj
def forget(settings: Settings, ticket_id: str, as_json: bool) -> None:
    """Delete the kept values of a ticket for good; the redacted ticket stays."""
    stored = redact(Ticket(ticket_id, "", "")).ticket.id
    with opened_store(settings.database) as store:
        with store.transaction():
            count = store.vault.forget(stored)
        store.scrub()
    _told(count, as_json)


@vault.command()
@click.option("--days", type=click.IntRange(1), help="Age from which values are deleted. [CITEDESK_VAULT_DAYS]")
@json_option
@click.pass_obj
def sweep(settings: Settings, days: int | None, as_json: bool) -> None:
    """Delete the values that are older than so many days, of all tickets."""
    oldest = days or settings.vault_days
    if oldest is None:
        raise InputError("say from which age values are deleted: --days N, or CITEDESK_VAULT_DAYS")
    with opened_store(settings.database) as store:
        with store.transaction():
            count = Keeper(days=oldest).sweep(store, datetime.now(UTC))
        store.scrub()
    _told(count, as_json)


@vault.command()
@click.option("--new", "new_file", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The new key.")
@json_option
@click.pass_obj
def rotate(settings: Settings, new_file: Path, as_json: bool) -> None:
    """Seal every value with another key, made with `vault init`; run again after a kill, it goes on.

    Then set CITEDESK_VAULT_KEY_FILE to the new file and restart what serves.
    """
    if settings.vault_key_file is None:
        raise ConfigError("CITEDESK_VAULT_KEY_FILE is not set; set it to the file of the old key")
    old, new = read_key(settings.vault_key_file, settings.home), read_key(new_file, settings.home)
    if old.id == new.id:
        raise InputError(f"both files hold the key {old.id}; make another with: citedesk vault init KEYFILE")
    sealed, failed = _rotate(settings, old, new)
    if as_json:
        print_json({"sealed": sealed, "failed": failed, "from": old.id, "to": new.id})
    else:
        click.echo(f"{sealed} values sealed with the key {new.id}; now set CITEDESK_VAULT_KEY_FILE={new_file}")
    if failed:
        raise IntegrityError(
            f"{failed} values are damaged and stay under the key {old.id}; restore a backup, or forget them"
        )


def _rotate(settings: Settings, old: Key, new: Key) -> tuple[int, int]:
    sealed = failed = 0
    after = ("", "")
    with opened_store(settings.database) as store, progress_bar("sealing") as bar:
        total = store.vault.status().by_key.get(old.id, 0)
        while True:
            with store.transaction():
                step = store.vault.rotate(old, new, after)
            if step is None:
                break
            sealed, failed, after = sealed + step.sealed, failed + step.failed, step.last
            bar(sealed + failed, total)
        store.scrub()
    return sealed, failed


def _told(count: int, as_json: bool) -> None:
    if as_json:
        print_json({"forgotten": count})
    else:
        click.echo(f"{count} values forgotten")


def _who() -> str:
    """Name who runs the command, as the machine knows them."""
    try:
        return f"operator {pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:
        return f"operator {os.getuid()}"
