"""The vault: what is sealed opens with its key in its place, and nowhere else."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from citedesk.errors import ConfigError, IntegrityError
from citedesk.store import Store, open_store
from citedesk.store.vault import Kept, Opened, Rotated
from citedesk.store.vault_key import Key, Sealed, make_key, read_key, seal, unseal
from citedesk.types import Ticket

VALUES = {"<EMAIL_1>": "ada@example.org", "<PHONE_1>": "+44 20 7946 0000", "<EMAIL_2>": "zoë@example.org 🐦"}


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return make_key(tmp_path / "one.key", tmp_path / "home")


@pytest.fixture
def other(tmp_path: Path) -> Key:
    return make_key(tmp_path / "two.key", tmp_path / "home")


@pytest.fixture
def vaulted(tmp_path: Path, key: Key) -> Iterator[Store]:
    """A store with two tickets whose values are kept."""
    store = open_store(tmp_path / "citedesk.db")
    with store.transaction():
        for name in ("T-1", "T-2"):
            store.tickets.put(Ticket(name, "s", "<EMAIL_1> <EMAIL_2> <PHONE_1>"))
            store.vault.put(name, VALUES, key)
    yield store
    store.close()


def test_key_read_back_is_the_key_made(tmp_path: Path, key: Key) -> None:
    assert read_key(tmp_path / "one.key", tmp_path / "home") == key
    assert (tmp_path / "one.key").stat().st_mode & 0o777 == 0o600


def test_key_shows_its_secret_in_no_description(key: Key) -> None:
    assert repr(key) == f"Key(id='{key.id}')"


def test_make_key_never_writes_over_a_file(tmp_path: Path, key: Key) -> None:
    before = (tmp_path / "one.key").read_bytes()
    with pytest.raises(ConfigError, match="is there already"):
        make_key(tmp_path / "one.key", tmp_path / "home")
    assert (tmp_path / "one.key").read_bytes() == before


@pytest.mark.parametrize("place", ["home/vault.key", "home/deep/vault.key", "home/../home/vault.key"])
def test_key_in_the_home_is_neither_made_nor_read(tmp_path: Path, key: Key, place: str) -> None:
    (tmp_path / "home" / "deep").mkdir(parents=True)
    with pytest.raises(ConfigError, match="lies in the home"):
        make_key(tmp_path / place, tmp_path / "home")
    (tmp_path / place).write_bytes((tmp_path / "one.key").read_bytes())
    with pytest.raises(ConfigError, match="lies in the home"):
        read_key(tmp_path / place, tmp_path / "home")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666], ids=oct)
def test_key_that_others_can_reach_is_refused_with_the_remedy(tmp_path: Path, key: Key, mode: int) -> None:
    path = tmp_path / "one.key"
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"mode {mode:04o}.*run: chmod 600"):
        read_key(path, tmp_path / "home")


@pytest.mark.parametrize("text", ["", "hello", "citedesk-vault-1 AAAA", "citedesk-vault-1 !!!", "\xff\xfe"])
def test_file_that_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "no.key"
    path.touch(mode=0o600)
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ConfigError, match="is no key of a vault"):
        read_key(path, tmp_path / "home")


def test_key_that_is_lost_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read \(No such file or directory\).*restore it from your backup"):
        read_key(tmp_path / "gone.key", tmp_path / "home")


def test_open_gives_every_value_back(vaulted: Store, key: Key) -> None:
    assert vaulted.vault.open("T-1", key) == Opened(VALUES, {})


def test_same_value_sealed_twice_is_not_told_to_be_the_same(key: Key) -> None:
    one, two = seal(key, "T", "<EMAIL_1>", "a@b.org"), seal(key, "T", "<EMAIL_1>", "a@b.org")
    assert one.nonce != two.nonce and one.ciphertext != two.ciphertext


def test_length_of_what_is_sealed_says_nothing_of_short_values(key: Key) -> None:
    lengths = {len(seal(key, "T", "<EMAIL_1>", "x" * n).ciphertext) for n in range(60)}
    assert lengths == {64 + 16}


@pytest.mark.parametrize(
    ("ticket", "placeholder"), [("T-2", "<EMAIL_1>"), ("T-1", "<EMAIL_2>"), ("T-1<", "EMAIL_1>")], ids=str
)
def test_value_moved_to_another_place_does_not_open(key: Key, ticket: str, placeholder: str) -> None:
    sealed = seal(key, "T-1", "<EMAIL_1>", "ada@example.org")
    with pytest.raises(IntegrityError, match="damaged, or moved here"):
        unseal(key, ticket, placeholder, sealed)


def test_every_flipped_bit_is_noticed(key: Key) -> None:
    sealed = seal(key, "T-1", "<EMAIL_1>", "ada@example.org")
    opened = []
    for part in ("nonce", "ciphertext"):
        data = getattr(sealed, part)
        for bit in range(8 * len(data)):
            flipped = bytearray(data)
            flipped[bit // 8] ^= 1 << bit % 8
            bad = {"nonce": sealed.nonce, "ciphertext": sealed.ciphertext, part: bytes(flipped)}
            try:
                opened.append(unseal(key, "T-1", "<EMAIL_1>", Sealed(key.id, **bad)))
            except IntegrityError:
                continue
    assert opened == []


def test_open_with_another_key_names_both_and_shows_nothing(vaulted: Store, key: Key, other: Key) -> None:
    opened = vaulted.vault.open("T-1", other)
    assert opened.values == {}
    assert set(opened.failed.values()) == {
        f"sealed with the key {key.id}, not with {other.id}; set CITEDESK_VAULT_KEY_FILE to its file"
    }


def test_damaged_row_leaves_the_others_open(vaulted: Store, key: Key) -> None:
    vaulted.db.conn.execute("update vault set ciphertext = x'00' where ticket_id = 'T-1' and placeholder = '<EMAIL_1>'")
    opened = vaulted.vault.open("T-1", key)
    assert opened.values == {name: value for name, value in VALUES.items() if name != "<EMAIL_1>"}
    assert list(opened.failed) == ["<EMAIL_1>"]


def test_rows_swapped_in_the_database_do_not_open(vaulted: Store, key: Key) -> None:
    vaulted.db.conn.execute(
        "update vault set (nonce, ciphertext) = (select nonce, ciphertext from vault where ticket_id = 'T-2' "
        "and placeholder = '<EMAIL_1>') where ticket_id = 'T-1' and placeholder = '<EMAIL_1>'"
    )
    assert list(vaulted.vault.open("T-1", key).failed) == ["<EMAIL_1>"]


def test_values_go_with_their_ticket_whoever_deletes_it(vaulted: Store) -> None:
    vaulted.db.conn.execute("delete from tickets where id = 'T-1'")
    assert (vaulted.vault.placeholders("T-1"), len(vaulted.vault.placeholders("T-2"))) == ([], 3)


def test_forget_deletes_the_values_of_one_ticket(vaulted: Store, key: Key) -> None:
    assert vaulted.vault.forget("T-1") == 3
    assert (vaulted.vault.status().values, vaulted.vault.open("T-2", key)) == (3, Opened(VALUES, {}))


def test_status_counts_by_key_and_names_the_oldest(vaulted: Store, key: Key, other: Key) -> None:
    vaulted.db.conn.execute("update vault set stored_at = '2026-01-01T00:00:00.000000+00:00' where ticket_id = 'T-2'")
    vaulted.vault.put("T-1", {"<EMAIL_1>": "new@example.org"}, other)
    assert vaulted.vault.status() == Kept(6, 2, {key.id: 5, other.id: 1}, "2026-01-01T00:00:00.000000+00:00")


def test_rotate_seals_block_by_block_and_goes_on_where_it_stopped(
    vaulted: Store, key: Key, other: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citedesk.store.vault.ROTATED_AT_ONCE", 2)
    first = vaulted.vault.rotate(key, other)
    assert first == Rotated(("T-1", "<EMAIL_2>"), 2, 0)
    # Another run knows nothing of the first one.
    steps, after = [], ("", "")
    while step := vaulted.vault.rotate(key, other, after):
        steps.append((step.sealed, step.failed))
        after = step.last
    assert steps == [(2, 0), (2, 0)]
    assert [vaulted.vault.open(name, other) for name in ("T-1", "T-2")] == [Opened(VALUES, {})] * 2


def test_rotate_passes_over_a_damaged_row(vaulted: Store, key: Key, other: Key) -> None:
    vaulted.db.conn.execute("update vault set ciphertext = x'00' where ticket_id = 'T-1' and placeholder = '<EMAIL_1>'")
    assert vaulted.vault.rotate(key, other) == Rotated(("T-2", "<PHONE_1>"), 5, 1)
    assert vaulted.vault.status().by_key == {key.id: 1, other.id: 5}


def test_vault_row_without_placeholder_is_refused_by_the_database(vaulted: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        vaulted.db.conn.execute("insert into vault values ('T-1', null, x'00', x'00', 'k', '')")
