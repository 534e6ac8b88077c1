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
from citedesk.triage.fields import Fields
from citedesk.triage.heads import Head, Linear, Machine, Network
from citedesk.triage.model import TriageModel
from citedesk.triage.neighbours import Examples
from citedesk.triage.pool import Pool
from citedesk.triage.scope import Scope
from citedesk.triage.vectorizer import Dictionary, Vectorizer

FORMAT = 2
# Example vectors are kept as int8 of the unit vector times this; the cosine is off by less than 0.01.
_VECTOR_SCALE = 254.0


def save_model(
    folder: Path, model: TriageModel, about: Mapping[str, object], card: str, also: Mapping[str, str] | None = None
) -> None:
    """Write a model folder in one step: it is complete, or the old one stays.

    Args:
        folder: where to.
        model: what to write; its `version` is not used, the manifest makes it.
        about: data hash, seed, metrics and versions for the manifest.
        card: the model card, Markdown.
        also: further text files, name -> content.

    Raises:
        StorageError: if the folder cannot be written.
    """
    with storage_errors():
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".building-"))
        try:
            _write(building, model)
            for name, text in {**(also or {}), "card.md": card}.items():
                (building / name).write_text(text, encoding="utf-8")
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
        IntegrityError: if a file is missing, differs from its hash, is of another format, or is not what it should be.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise IntegrityError(
                f"{folder} is of format {manifest['format']}, this version reads {FORMAT}; "
                "train it again with: citedesk train"
            )
        for name, expected in manifest["files"].items():
            if name != Path(name).name or sha256_file(folder / name) != expected:
                raise IntegrityError(f"{folder / name} differs from its manifest; train again or reinstall citedesk")
        return _read(folder, manifest, sha256_file(folder / "manifest.json"))
    except (OSError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile) as error:
        raise IntegrityError(
            f"{folder} is not a readable triage model ({type(error).__name__}); train one with: citedesk train"
        ) from error


def _write(folder: Path, model: TriageModel) -> None:
    _write_skops(folder / "heads.skops", model)
    features = model.features
    document = {
        "words": features.dictionary.words,
        "fields": {"categories": features.fields.categories, "numbers": features.fields.numbers},
        "heads": {name: _head(head) for name, head in model.heads.items()},
        "typical": model.typical,
        "scope": {
            "usual": model.scope.usual,
            "quantiles": model.scope.quantiles,
            "shares": model.scope.shares,
        },
        "examples": {
            "ids": list(model.examples.ids),
            "labels": {k: list(v) for k, v in model.examples.labels.items()},
        },
    }
    (folder / "model.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    arrays: dict[str, NDArray[Any]] = {
        "pairs": features.dictionary.pairs.astype(np.int32),
        "words_columns": features.words.columns.astype(np.int32),
        "words_idf": features.words.idf,
        "examples": np.round(model.examples.vectors * _VECTOR_SCALE).clip(-127, 127).astype(np.int8),
        "centroids": model.examples.centroids.astype(np.float16),
    }
    if features.characters is not None:
        arrays["characters_columns"] = features.characters.columns.astype(np.int32)
        arrays["characters_idf"] = features.characters.idf
    np.savez_compressed(folder / "arrays.npz", allow_pickle=False, **arrays)


def _head(head: Head) -> dict[str, object]:
    return {
        "labels": head.labels,
        "weights": dict(head.pool.weights),
        "rule_weight": head.pool.rule_weight,
        "biases": head.pool.biases,
        "curve": head.pool.curve,
        "offsets": head.offsets,
        "auto_at": head.auto_at,
        "suggest_at": head.suggest_at,
        "set_at": head.set_at,
    }


def _write_skops(path: Path, model: TriageModel) -> None:
    """Write the members as scikit-learn estimators, which anybody can open with skops.

    A network is two: `hidden`, a linear map to its units, and the linear scores of these.
    """
    import skops.io
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.svm import LinearSVC

    machines = ("words", "text", "opening")
    estimators = {}

    def put(name: str, estimator: Any, machine: Linear) -> None:
        estimator.coef_ = np.ascontiguousarray(machine.weights.T.astype(np.float16))
        estimator.intercept_ = machine.intercept
        estimator.n_features_in_ = machine.weights.shape[0]
        estimators[name] = estimator

    for name, head in model.heads.items():
        for member, machine in head.machines.items():
            estimator = LinearSVC() if member in machines else LogisticRegression()
            estimator.classes_ = np.array(head.labels)
            put(f"{name}/{member}", estimator, machine.output if isinstance(machine, Network) else machine)
            if isinstance(machine, Network):
                put(f"{name}/{member}/hidden", LinearRegression(), machine.hidden)
    skops.io.dump(estimators, path, compression=zipfile.ZIP_DEFLATED)


def _machines(name: str, members: Mapping[str, float], linear: Mapping[str, Linear]) -> dict[str, Machine]:
    found: dict[str, Machine] = {}
    for member in members:
        key = f"{name}/{member}"
        if key in linear:
            hidden = linear.get(f"{key}/hidden")
            found[member] = Network(hidden, linear[key]) if hidden else linear[key]
    return found


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
            weights = np.ascontiguousarray(array(state["coef_"]).T.astype(np.float32))
            found[name] = Linear(weights, array(state["intercept_"]).astype(np.float64))
        return found


def _read(folder: Path, manifest: Mapping[str, Any], version: str) -> TriageModel:
    data = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    with np.load(folder / "arrays.npz", allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    linear = _read_skops(folder / "heads.skops")
    heads = {
        name: Head(
            name=name,
            labels=tuple(h["labels"]),
            machines=_machines(name, h["weights"], linear),
            pool=_pool(h),
            offsets=tuple(h["offsets"]),
            auto_at=float(h["auto_at"]),
            suggest_at=float(h["suggest_at"]),
            set_at=float(h["set_at"]),
        )
        for name, h in data["heads"].items()
    }
    examples = Examples(
        data["examples"]["ids"],
        data["examples"]["labels"],
        arrays["examples"].astype(np.float32) / _VECTOR_SCALE,
        arrays["centroids"].astype(np.float32),
    )
    scope = data["scope"]
    usual = {name: (float(mean), float(deviation)) for name, (mean, deviation) in scope["usual"].items()}
    return TriageModel(
        version,
        str(manifest["encoder"]),
        _features(data, arrays),
        heads,
        examples,
        float(data["typical"]),
        Scope(usual, tuple(scope["quantiles"]), tuple(scope["shares"])),
    )


def _pool(head: Mapping[str, Any]) -> Pool:
    a, b, c = (float(x) for x in head["curve"])
    weights = {member: float(weight) for member, weight in head["weights"].items()}
    return Pool(weights, float(head["rule_weight"]), tuple(head["biases"]), (a, b, c))


def _features(data: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Features:
    characters = None
    if "characters_columns" in arrays:
        characters = Vectorizer(arrays["characters_columns"].astype(np.int64), arrays["characters_idf"])
    fields = data["fields"]
    return Features(
        dictionary=Dictionary(tuple(data["words"]), arrays["pairs"].astype(np.int64)),
        words=Vectorizer(arrays["words_columns"].astype(np.int64), arrays["words_idf"]),
        characters=characters,
        fields=Fields(
            tuple((str(name), str(value)) for name, value in fields["categories"]),
            tuple((str(name), float(mean), float(deviation)) for name, mean, deviation in fields["numbers"]),
        ),
    )
