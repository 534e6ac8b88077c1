"""Make a plan: classify every ticket of a source, write what would change, and change nothing.

A killed run goes on where it stopped, to the same bytes, if tickets, model, policy and choices are the same.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from citedesk.batch.part import PartFile, key_of_part, part_file
from citedesk.batch.plan import CHANGES, FORMAT, HEADER, Plan, header_text, id_of, load_plan, members
from citedesk.batch.plan_job import PlanJob, digest_of_rows
from citedesk.batch.runner import BLOCK, Runner
from citedesk.batch.source import BATCH, Progress, Source, silent
from citedesk.batch.summary import Summary, add_up, read_summary
from citedesk.errors import ConflictError, InputError, StorageError
from citedesk.text import sha256


def make_plan(job: PlanJob, source: Source, runner: Runner, folder: Path, progress: Progress = silent) -> Plan:
    """Write a plan.

    Args:
        job: what to compare.
        source: the tickets.
        runner: where the work is done.
        folder: the plan's; it is made, and holds no other plan.
        progress: called with the tickets done and all.

    Returns:
        The plan; one that is there already if it is of the same.

    Raises:
        ConflictError: if the folder holds another plan, another run writes it, or the tickets changed meanwhile.
        StorageError: if the disk is full.
    """
    key = _key(job, source)
    there = _finished(folder, key, source)
    if there is not None:
        return there
    with _storage(folder):
        folder.mkdir(exist_ok=True)
    with part_file(folder / CHANGES, key) as part:
        progress(part.rows, source.total)
        for done in runner.run(job, source, part.rows, part.mark):
            part.append(done.data, done.rows, done.mark)
            progress(part.rows, source.total)
        _refuse_changed(source, part)
        _write_header(folder, part.path, job, source)
        part.finish()
    return load_plan(folder)


def resumed_from(job: PlanJob, source: Source, folder: Path) -> int:
    """Tell how many tickets an earlier, killed run of the same plan has done."""
    if not folder.is_dir() or (folder / CHANGES).exists():
        return 0
    with part_file(folder / CHANGES, _key(job, source)) as part:
        return part.rows


def begun_trust(job: PlanJob, source: Source, folder: Path) -> Mapping[str, float] | None:
    """Give how far labels are trusted in an unfinished plan of the same, which goes on with that; None without one.

    Tickets of the store change meanwhile, so another estimate would begin the plan anew.
    """
    key = key_of_part(folder / CHANGES)
    if key is None or not isinstance(key.get("trust"), dict):
        return None
    same = json.loads(json.dumps(_key(job, source)))
    return key["trust"] if {**key, "trust": None} == {**same, "trust": None} else None


def _key(job: PlanJob, source: Source) -> dict[str, Any]:
    """Say what the plan depends on."""
    return {
        "source": dict(source.key),
        "where": job.where.texts(),
        "heads": dict(job.heads),
        "trust": dict(job.trust),
        "demoted": sorted(job.means.demoted()),
        "batch": BATCH,
        **job.means.versions(),
    }


def _finished(folder: Path, key: Mapping[str, Any], source: Source) -> Plan | None:
    """Find a finished plan of the same in the folder: one of the store only if no ticket changed since."""
    if not folder.exists():
        return None
    if not folder.is_dir():
        raise InputError(f"--out {folder} is a file; a plan is a folder, name one that does not exist yet")
    if not (folder / HEADER).is_file() or not (folder / CHANGES).is_file():
        if not any(folder.iterdir()) or any(path.name.startswith(f".{CHANGES}") for path in folder.iterdir()):
            return None
        raise ConflictError(f"{folder} holds other files; name a folder that does not exist yet")
    plan = load_plan(folder)
    same = all(plan.header.get(name) == value for name, value in key.items())
    if not same or (plan.of_store and plan.header["data"] != _data_of(source)):
        raise ConflictError(f"{folder} holds a plan already, {plan.id}; remove it or choose another --out")
    return plan


def _data_of(source: Source) -> str:
    """Hash which tickets a source holds and when they last changed, as a plan's header does."""
    return sha256("".join(digest_of_rows(batch.rows) for batch in source.batches(0, {})))


def _refuse_changed(source: Source, part: PartFile) -> None:
    if source.key["kind"] == "file" and part.rows != source.total:
        raise ConflictError("the tickets changed while they were read; run the command again")


def _write_header(folder: Path, changes: Path, job: PlanJob, source: Source) -> None:
    """Sum the changes up; the header is there before they get their name, which makes the plan a finished one."""
    blocks, parts, data = [], [], hashlib.sha256()
    with changes.open("rb") as file:
        for block in _blocks(changes):
            lines = [last for last, _ in block]
            size = block[-1][1] - file.tell()
            blocks.append([sum(_rows(line) for line in lines), size, hashlib.sha256(file.read(size)).hexdigest()])
            parts += [add_up(map(read_summary, lines), list(job.heads))]
            data.update("".join(line["data"] for line in lines).encode())
    summary = add_up(parts, list(job.heads)) if parts else Summary()
    header = {"format": FORMAT, **_key(job, source), "data": data.hexdigest(), "summary": summary.json()}
    header |= {"blocks": blocks}
    fresh = folder / f".{HEADER}.new"
    with _storage(folder):
        with fresh.open("w", encoding="utf-8") as text:
            text.write(header_text(header | {"id": id_of(header)}))
            text.flush()
            os.fsync(text.fileno())
        fresh.replace(folder / HEADER)


def _blocks(changes: Path) -> Iterator[list[tuple[Mapping[str, Any], int]]]:
    """Give the last lines of the batches, each with the byte after the batch, a block of batches at a time."""
    block: list[tuple[Mapping[str, Any], int]] = []
    with changes.open("rb") as file:
        for text, end in members(file, 0, changes):
            block.append((json.loads(text[text.rstrip(b"\n").rfind(b"\n") + 1 :]), end))
            if len(block) == BLOCK // BATCH:
                yield block
                block = []
    if block:
        yield block


def _rows(line: Mapping[str, Any]) -> int:
    first, last = line["rows"]
    return int(last - first + 1)


@contextmanager
def _storage(folder: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(f"--out {folder} is in a folder that does not exist; make it first") from error
    except OSError as error:
        raise StorageError(
            f"cannot write {folder} ({error.strerror or error}); free disk space or choose another --out, then run "
            "again: what was finished is kept"
        ) from error
