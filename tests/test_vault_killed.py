"""Killed at random moments: no ticket is stored without its values, and a rotation goes on where it was."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from citedesk.guard import redact
from citedesk.guard.keeping import Keeper
from citedesk.store import open_store
from citedesk.store.vault_key import Key, make_key, read_key
from citedesk.types import Ticket

ROUNDS = 12
TICKETS = 40
SCRIPT = """
import sys
from pathlib import Path
from tests.test_vault_killed import {task}
{task}(Path(sys.argv[1]))
"""


def store_forever(folder: Path) -> None:
    """Store the same tickets again and again, each time with other values."""
    key, number = read_key(folder / "one.key", folder / "home"), int((folder / "round").read_text()) * 1_000_000
    store = open_store(folder / "citedesk.db")
    print("ready", flush=True)
    while True:
        for i in range(TICKETS):
            number += 1
            with store.transaction():
                mail = f"Write to u{number}@example.org about {number}."
                Keeper(key).put(store, redact(Ticket(f"T-{i}", f"n{number}", mail)))


def rotate_forever(folder: Path) -> None:
    """Seal with the other key, back and forth, a few rows at a time."""
    import citedesk.store.vault as vault

    vault.ROTATED_AT_ONCE = 3
    keys = [read_key(folder / name, folder / "home") for name in ("one.key", "two.key")]
    store = open_store(folder / "citedesk.db")
    print("ready", flush=True)
    while True:
        for old, new in (keys, keys[::-1]):
            after = ("", "")
            while True:
                with store.transaction():
                    step = store.vault.rotate(old, new, after)
                if step is None:
                    break
                after = step.last


def killed(task: str, folder: Path, chance: random.Random) -> None:
    script = [sys.executable, "-c", SCRIPT.format(task=task), str(folder)]
    child = subprocess.Popen(script, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    time.sleep(chance.uniform(0.0, 0.3))
    os.kill(child.pid, signal.SIGKILL)
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL


def pairs(folder: Path, keys: list[Key]) -> dict[str, tuple[int, int]]:
    """Map each ticket to the number it carries and the number in its kept address."""
    store, found = open_store(folder / "citedesk.db"), {}
    for ticket in store.tickets.page():
        opened = [store.vault.open(ticket.id, key).values for key in keys]
        (values,) = [values for values in opened if values]
        match = re.fullmatch(r"u(\d+)@example\.org", values["<EMAIL_1>"])
        assert match is not None and len(values) == 1
        found[ticket.id] = (int(ticket.subject[1:]), int(match[1]))
    orphans = store.db.execute("select count(*) from vault where ticket_id not in (select id from tickets)").fetchone()
    store.close()
    assert orphans == (0,)
    return found


def test_ticket_killed_while_it_is_stored_keeps_exactly_its_own_values(tmp_path: Path) -> None:
    key, chance = make_key(tmp_path / "one.key", tmp_path / "home"), random.Random(1)
    seen: dict[str, tuple[int, int]] = {}
    for number in range(ROUNDS):
        (tmp_path / "round").write_text(str(number))
        killed("store_forever", tmp_path, chance)
        seen = pairs(tmp_path, [key])
        assert [name for name, (own, kept) in seen.items() if own != kept] == []
    assert len(seen) == TICKETS


def test_rotation_killed_again_and_again_loses_no_value(tmp_path: Path) -> None:
    keys, chance = [make_key(tmp_path / name, tmp_path / "home") for name in ("one.key", "two.key")], random.Random(2)
    store = open_store(tmp_path / "citedesk.db")
    with store.transaction():
        for i in range(TICKETS):
            Keeper(keys[0]).put(store, redact(Ticket(f"T-{i}", f"n{i}", f"Write to u{i}@example.org.")))
    store.close()
    for _ in range(ROUNDS):
        killed("rotate_forever", tmp_path, chance)
        assert pairs(tmp_path, keys) == {f"T-{i}": (i, i) for i in range(TICKETS)}
