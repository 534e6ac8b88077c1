"""Write, read and remove a learned adaptation: a folder with safetensors and a manifest. No pickle."""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from citedesk.errors import IntegrityError
from citedesk.retrieve.adapt import Adaptation
from citedesk.store.failures import storage_errors
from citedesk.text import sha256_file

FORMAT = 1
FILE = "adapt.safetensors"
_MANIFEST = "manifest.json"
_REMEDY = "remove it with: citedesk kb adapt --remove, then learn it again"


def save_adaptation(folder: Path, adaptation: Adaptation, about: Mapping[str, object]) -> None:
    """Write an adaptation in one step: it is complete, or the old one stays.

    Args:
        folder: where to.
        adaptation: what to write.
        about: number of pairs, data hash, seed and metrics for the manifest.

    Raises:
        StorageError: if the folder cannot be written.
    """
    from safetensors.numpy import save

    tensors = {"down": adaptation.down, "up": adaptation.up, "known": adaptation.known}
    tensors["bounds"] = np.array(adaptation.bounds, np.float32)
    with storage_errors():
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".building-"))
        try:
            (building / FILE).write_bytes(save({name: np.ascontiguousarray(t) for name, t in tensors.items()}))
            manifest = {"format": FORMAT, "encoder": adaptation.encoder, **about}
            manifest["files"] = {FILE: sha256_file(building / FILE)}
            (building / _MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
            old = folder.with_name(f".old-{os.getpid()}-{folder.name}")
            if folder.exists():
                folder.replace(old)
            building.replace(folder)
            shutil.rmtree(old, ignore_errors=True)
        finally:
            shutil.rmtree(building, ignore_errors=True)


def load_adaptation(folder: Path, encoder: str) -> Adaptation | None:
    """Read the adaptation of a home; None if it has none.

    Args:
        folder: `settings.adaptation`.
        encoder: name of the encoder whose vectors it will move.

    Raises:
        IntegrityError: if a file is missing, differs from its hash, or was learned for another encoder.
    """
    if not folder.exists():
        return None
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT or sha256_file(folder / FILE) != manifest["files"][FILE]:
            raise IntegrityError(f"{FILE} differs from its manifest; {_REMEDY}")
        if manifest["encoder"] != encoder:
            raise IntegrityError(f"{FILE} was learned for {manifest['encoder']}, the encoder is {encoder}; {_REMEDY}")
        return _read((folder / FILE).read_bytes(), encoder)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise IntegrityError(
            f"{folder} is not a readable query adaptation ({type(error).__name__}); {_REMEDY}"
        ) from error


def _read(data: bytes, encoder: str) -> Adaptation:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(data)
    except SafetensorError as error:
        raise ValueError("not safetensors") from error
    down, up, known, bounds = (tensors[name] for name in ("down", "up", "known", "bounds"))
    d, r = down.shape
    right = up.shape == (r, d) and known.ndim == 2 and known.shape[1] == d and len(known) and bounds.shape == (2,)
    if not right or not all(np.isfinite(t).all() and t.dtype == np.float32 for t in (down, up, known, bounds)):
        raise ValueError("wrong shapes")
    return Adaptation(encoder, down, up, known, (float(bounds[0]), float(bounds[1])))


def remove_adaptation(folder: Path) -> bool:
    """Remove the adaptation of a home, readable or not; tell whether there was one.

    Raises:
        StorageError: if it cannot be removed.
    """
    if not folder.exists():
        return False
    with storage_errors():
        shutil.rmtree(folder)
    return True
