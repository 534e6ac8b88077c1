"""`citedesk doctor`: what is missing or wrong on this machine, and the command that mends it."""

import importlib.util
import shutil
import sys
from collections.abc import Callable
from urllib.parse import urlsplit

import click

from citedesk.answer.llm import open_rephraser
from citedesk.cli.common import json_option, print_json
from citedesk.encoding import minilm
from citedesk.encoding.compiled import open_compiled
from citedesk.errors import CiteDeskError, ModelError, StorageError
from citedesk.guard.keeping import open_keeper
from citedesk.index import open_snapshot
from citedesk.settings import Settings
from citedesk.store import open_store, opened_store
from citedesk.telemetry import Metrics
from citedesk.triage import load_catalog, load_policy
from citedesk.triage.artifact import load_model
from citedesk.triage.demotions import demoted, read_demotions

# Free space a home needs for encoder, database and index of a small knowledge base.
_LEAST_FREE_BYTES = 500_000_000


@click.command()
@click.option("--offline", is_flag=True, help="Check that nothing needs the network.")
@json_option
@click.pass_obj
def doctor(settings: Settings, offline: bool, as_json: bool) -> None:
    """Check this machine and this home; exit code 1 if something is wrong."""
    checks: dict[str, Callable[[], str]] = {
        "python": _python,
        "disk": lambda: _disk(settings),
        "weights": _weights,
        "encoder": lambda: open_compiled(settings.encoders, settings.threads).name,
        "database": lambda: _database(settings),
        "index": lambda: "present" if open_snapshot(settings.index) else "none yet; run: citedesk kb add PATH",
        "catalog": lambda: f"{len(load_catalog(settings.catalog).services)} services",
        "policy": lambda: f"{len(load_policy(settings.policy).file.rules)} rules",
        "triage model": lambda: ", ".join(load_model(settings.triage_model).heads),
        "auto heads": lambda: _auto_heads(settings),
        "llm": lambda: _llm(settings),
        "vault": lambda: _vault(settings),
    }
    if offline:
        checks["offline"] = lambda: _offline(settings)
    results = {name: _run(check) for name, check in checks.items()}
    if as_json:
        print_json({name: {"ok": ok, "detail": detail} for name, (ok, detail) in results.items()})
    else:
        for name, (ok, detail) in results.items():
            click.echo(f"{'ok  ' if ok else 'FAIL'}  {name:<13} {detail}")
    if not all(ok for ok, _ in results.values()):
        sys.exit(1)


def _run(check: Callable[[], str]) -> tuple[bool, str]:
    try:
        return True, check()
    except CiteDeskError as error:
        return False, str(error)


def _python() -> str:
    return ".".join(map(str, sys.version_info[:3]))


def _disk(settings: Settings) -> str:
    settings.home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.home).free
    if free < _LEAST_FREE_BYTES:
        raise StorageError(
            f"only {free // 1_000_000} MB free in {settings.home}; free some, or choose --home elsewhere"
        )
    return f"{free // 1_000_000_000} GB free"


def _weights() -> str:
    minilm.checked(minilm.model_folder(), "model.safetensors", minilm.WEIGHTS_SHA256)
    return "all-MiniLM-L6-v2, checksum right"


def _database(settings: Settings) -> str:
    store = open_store(settings.database)
    try:
        return f"{len(store.documents.versions())} documents, {store.tickets.count()} tickets"
    finally:
        store.close()


def _auto_heads(settings: Settings) -> str:
    held = demoted(read_demotions(settings.demotions), load_model(settings.triage_model).version[:16])
    if held:
        raise CiteDeskError(
            f"demoted to suggest, their error budget is spent: {', '.join(sorted(held))}; see: citedesk drift"
        )
    return "none demoted"


def _llm(settings: Settings) -> str:
    """Ask the language model what it can do; answers do not depend on it."""
    rephraser = open_rephraser(settings, Metrics())
    if rephraser is None:
        return "none; answers are quotes. Set CITEDESK_LLM_URL to let one rephrase them"
    try:
        able = rephraser.probe()
    except ModelError as error:
        raise ModelError(
            error.kind, f"{error}; check CITEDESK_LLM_URL, _MODEL and _KEY_FILE, or unset the URL"
        ) from error
    finally:
        rephraser.close()
    form = "JSON by schema" if able.schema else "plain lines"
    reads = f"reads {able.context} tokens" if able.context else "does not say how much it reads"
    return f"{able.model}: {form}, {'takes' if able.seed else 'takes no'} seed, {reads}"


def _vault(settings: Settings) -> str:
    key = open_keeper(settings).key
    with opened_store(settings.database) as store:
        kept = store.vault.status()
    strange = kept.values - kept.by_key.get(key.id if key else "", 0)
    if strange:
        raise CiteDeskError(
            f"{strange} values are sealed with other keys than the one set ({', '.join(kept.by_key)}); set "
            "CITEDESK_VAULT_KEY_FILE to the file of theirs, or rotate to the one set"
        )
    return f"{kept.values} values, key {key.id}" if key else "off, redacted values are not kept"


def _offline(settings: Settings) -> str:
    if settings.llm.url and urlsplit(settings.llm.url).hostname not in ("127.0.0.1", "localhost", "::1"):
        raise StorageError("the language model is on another host; unset CITEDESK_LLM_URL to stay offline")
    if settings.encoder != "minilm":
        raise StorageError(f"the encoder {settings.encoder!r} may need its hub; unset CITEDESK_ENCODER to stay offline")
    return "nothing needs the network" if importlib.util.find_spec(minilm.PACKAGE) else "weights missing"
