"""The vault's key: a file of its own outside the home, and what is sealed with it.

AES-256 in Galois/counter mode: nobody reads a sealed value without the key, changes it unnoticed, or moves it to
another place. Each seal draws 96 random bits, so one key is good for some four thousand million values.
Source: NIST SP 800-38D. Leaves out where sealed values are kept: `vault.py`.
"""

import base64
import binascii
import hashlib
import json
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from citedesk.errors import ConfigError, IntegrityError, MissingDependencyError

# The first word of a key file, so that no other file is taken for one.
_FORMAT = "citedesk-vault-1"
_KEY_BYTES = 32
_NONCE_BYTES = 12
# Bytes a value is filled up to a multiple of: the length of what is sealed says little of it.
_FILL = 64
# Nobody but the owner may read or write a key.
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Key:
    """A key and the id its rows carry: 16 hexadecimal digits that tell nothing of it."""

    id: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A value nobody can read without the key of this id."""

    key_id: str
    nonce: bytes
    ciphertext: bytes


def make_key(path: Path, home: Path) -> Key:
    """Write a new key to a file that only its owner can read.

    Raises:
        ConfigError: if the file is there already, or lies in the home, or cannot be written.
    """
    _refuse_home(path, home)
    key = _key(secrets.token_bytes(_KEY_BYTES))
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ConfigError(f"{path} is there already and is not written over; name another file") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror}); name a file in a folder of yours") from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{_FORMAT} {base64.b64encode(key.secret).decode()}\n")
        file.flush()
        os.fsync(file.fileno())
    return key


def read_key(path: Path, home: Path) -> Key:
    """Read the key in a file.

    Raises:
        ConfigError: if there is none, others than its owner can read it, or it lies in the home.
        MissingDependencyError: if the package that seals is not installed.
    """
    _refuse_home(path, home)
    _cipher(bytes(_KEY_BYTES))
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            data = file.read(1000)
    except OSError as error:
        raise ConfigError(
            f"the vault's key {path} cannot be read ({error.strerror}); name the right file in "
            "CITEDESK_VAULT_KEY_FILE, restore it from your backup, or unset it to keep no values"
        ) from error
    if mode & _OTHERS:
        raise ConfigError(f"others can read the vault's key {path} (mode {mode:04o}); run: chmod 600 {path}")
    word, _, text = data.decode("ascii", "replace").strip().partition(" ")
    try:
        secret = base64.b64decode(text, validate=True)
    except binascii.Error:
        secret = b""
    if word != _FORMAT or len(secret) != _KEY_BYTES:
        raise ConfigError(f"{path} is no key of a vault; make one with: citedesk vault init KEYFILE")
    return _key(secret)


def seal(key: Key, ticket_id: str, placeholder: str, value: str) -> Sealed:
    """Seal a value for one placeholder of one ticket; in any other place it cannot be opened."""
    text = json.dumps([value]).encode("ascii")
    filled = text.ljust(-(-len(text) // _FILL) * _FILL)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return Sealed(key.id, nonce, _cipher(key.secret).encrypt(nonce, filled, _place(key, ticket_id, placeholder)))


def unseal(key: Key, ticket_id: str, placeholder: str, sealed: Sealed) -> str:
    """Open what was sealed for this placeholder of this ticket.

    Raises:
        IntegrityError: if it was sealed with another key, or is damaged, or belongs to another place.
    """
    from cryptography.exceptions import InvalidTag

    if sealed.key_id != key.id:
        raise IntegrityError(
            f"sealed with the key {sealed.key_id}, not with {key.id}; set CITEDESK_VAULT_KEY_FILE to its file"
        )
    try:
        opened = _cipher(key.secret).decrypt(sealed.nonce, sealed.ciphertext, _place(key, ticket_id, placeholder))
        return str(json.loads(opened)[0])
    except (InvalidTag, ValueError) as error:
        raise IntegrityError("damaged, or moved here from another place; restore the database from a backup") from error


def _key(secret: bytes) -> Key:
    return Key(hashlib.sha256(b"citedesk vault key id\0" + secret).hexdigest()[:16], secret)


def _place(key: Key, ticket_id: str, placeholder: str) -> bytes:
    return json.dumps([_FORMAT, key.id, ticket_id, placeholder]).encode("ascii")


def _cipher(secret: bytes) -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError as error:
        raise MissingDependencyError(
            "the vault needs the package cryptography; install it with: pip install 'citedesk[vault]'"
        ) from error
    return AESGCM(secret)


def _refuse_home(path: Path, home: Path) -> None:
    if path.resolve().is_relative_to(home.resolve()):
        raise ConfigError(
            f"the key {path} lies in the home {home}, so that a copy of the home could be read; keep it elsewhere"
        )
