"""Write and read a triage model as a folder. No pickle: skops, npz and JSON, each with its SHA-256."""

import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from citedesk.errors import IntegrityError
from citedesk.store.failures import storage_errors
from citedesk.text import sha256_file
from citedesk.triage.features import Features
from citedesk.triage.heads import C, Head, Linear, linear
from citedesk.triage.model import Examples, TriageModel
from citedesk.triage.vectorizer import Vectorizer

FORMAT = 1
# Example vectors are kept as int8 of the unit vector times this; the cosine is off by less than 0.01.
_VECTOR_SCALE = 254.0


def save_model(folder: Path, model: TriageModel, about: Mapping[str, object], card: str) -> None:
    """Write a model folder in one step: it is complete, or the old one stays.

    Args:
        folder: where to.
        model: what to write; its `version` is not used, the manifest makes it.
        about: data hash, seed, metrics and versions for the manifest.
        card: the model card, Markdown.

    Raises:
        StorageError: if the folder cannot be written.
    """
    with storage_errors():
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".building-"))
        try:
            _write(building, model)
            (building / "card.md").write_text(card, encoding="utf-8")
            files = {p.name: sha256_file(p) for p in sorted(building.iterdir())}
            manifest = {"format": FORMAT, "encoder": model.encoder, **about, "files": files}
            (building / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
            building.chmod(0o755)
            old = folder.with_name(f".old-{os.getpid()}-{folder.name}")
            if folder.exists():
                folder.replace(old)
            building.replace(folder)
            shutil.rmtree(old, ignore_errors=True)
        finally:
            shutil.rmtree(building, ignore_errors=True)


def load_model(folder: Path) -> TriageModel:
    """Read a model folder, checking every file first.

    Raises:
        IntegrityError: if a file is missing, differs from its hash, or is not what it should be.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        for name, expected in manifest["files"].items():
            if name != Path(name).name or sha256_file(folder / name) != expected:
                raise IntegrityError(f"{folder / name} differs from its manifest; train again or reinstall citedesk")
        return _read(folder, manifest, sha256_file(folder / "manifest.json"))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise IntegrityError(
            f"{folder} is not a readable triage model ({type(error).__name__}); train one with: citedesk train"
        ) from error


def _write(folder: Path, model: TriageModel) -> None:
    _write_skops(folder / "heads.skops", model)
    features = model.features
    document = {
        "words": features.words.terms,
        "chars": features.chars.terms,
        "heads": {name: _head(head) for name, head in model.heads.items()},
        "examples": {
            "ids": list(model.examples.ids),
            "labels": {k: list(v) for k, v in model.examples.labels.items()},
        },
    }
    (folder / "model.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    np.savez_compressed(
        folder / "arrays.npz",
        words_idf=features.words.idf.astype(np.float32),
        chars_idf=features.chars.idf.astype(np.float32),
        examples=np.round(model.examples.vectors * _VECTOR_SCALE).clip(-127, 127).astype(np.int8),
    )


def _head(head: Head) -> dict[str, object]:
    return {
        "labels": head.labels,
        "blocks": head.blocks,
        "temperature": head.temperature,
        "biases": head.biases,
        "rule_weight": head.rule_weight,
        "auto_at": head.auto_at,
        "suggest_at": head.suggest_at,
    }


def _write_skops(path: Path, model: TriageModel) -> None:
    """Write the heads as scikit-learn estimators, which anybody can open with skops."""
    import skops.io
    from sklearn.linear_model import LogisticRegression

    estimators = {}
    for name, head in model.heads.items():
        estimator = LogisticRegression(C=C, class_weight="balanced")
        estimator.classes_ = np.array(head.labels)
        estimator.coef_, estimator.intercept_ = head.classifier.weights, head.classifier.intercept
        estimator.n_features_in_ = head.classifier.weights.shape[1]
        estimators[name] = estimator
    skops.io.dump(estimators, path, compression=zipfile.ZIP_DEFLATED)


def _read_skops(path: Path) -> dict[str, Linear]:
    """Read coefficients out of a skops archive: arrays only, no object in it is ever made."""
    with zipfile.ZipFile(path) as archive:
        schema = json.loads(archive.read("schema.json"))

        def array(node: Mapping[str, Any]) -> NDArray[Any]:
            with archive.open(node["file"]) as file:
                return np.asarray(np.lib.format.read_array(file, allow_pickle=False))

        found = {}
        for name, node in schema["content"].items():
            state = node["content"]["content"]
            found[name] = linear(array(state["coef_"]), array(state["intercept_"]))
        return found


def _read(folder: Path, manifest: Mapping[str, Any], version: str) -> TriageModel:
    data = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    with np.load(folder / "arrays.npz", allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    classifiers = _read_skops(folder / "heads.skops")
    features = Features(
        words=Vectorizer("words", tuple(data["words"]), arrays["words_idf"].astype(np.float64)),
        chars=Vectorizer("chars", tuple(data["chars"]), arrays["chars_idf"].astype(np.float64)),
    )
    heads = {
        name: Head(
            name=name,
            labels=tuple(h["labels"]),
            blocks=tuple(h["blocks"]),
            classifier=classifiers[name],
            temperature=float(h["temperature"]),
            biases=tuple(h["biases"]),
            rule_weight=float(h["rule_weight"]),
            auto_at=float(h["auto_at"]),
            suggest_at=float(h["suggest_at"]),
        )
        for name, h in data["heads"].items()
    }
    examples = Examples(
        data["examples"]["ids"],
        data["examples"]["labels"],
        arrays["examples"].astype(np.float32) / _VECTOR_SCALE,
    )
    return TriageModel(version, str(manifest["encoder"]), features, heads, examples)
