"""A model folder: read back it predicts the same, tampered with it is refused, and no pickle is ever loaded."""

import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import skops.io

from citedesk.errors import IntegrityError
from citedesk.settings import shipped
from citedesk.text import sha256_file
from citedesk.triage.artifact import load_model, save_model
from citedesk.triage.features import stack
from tests.triage_data import POLICY, inputs_of, texts_and_labels, trained


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_model(tmp_path / "model", trained()[0], {"seed": 1}, "# Card\n")
    return tmp_path / "model"


def _sign(folder: Path) -> None:
    """Write a manifest that agrees with the files as they are now."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = {name: sha256_file(folder / name) for name in manifest["files"]}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_load_model_saved_one_predicts_the_same(folder: Path) -> None:
    model, inputs = trained()[0], inputs_of(texts_and_labels(5, seed=6)[0])
    predicted = [
        [{h: (p.label, p.decision, p.evidence.rules, p.evidence.terms[:1]) for h, p in row.items()} for row in made]
        for made in (model.predict(inputs, POLICY), load_model(folder).predict(inputs, POLICY))
    ]
    assert predicted[1] == predicted[0]


def test_load_model_saved_and_saved_again_is_the_same_to_the_byte(folder: Path) -> None:
    first = load_model(folder)
    save_model(folder.with_name("again"), first, {"seed": 1}, "# Card\n")
    names = ("model.json", "arrays.npz", "card.md")
    assert [sha256_file(folder.with_name("again") / n) for n in names] == [sha256_file(folder / n) for n in names]


def test_load_model_version_is_the_hash_of_its_manifest(folder: Path) -> None:
    assert load_model(folder).version == sha256_file(folder / "manifest.json")


@pytest.mark.parametrize("name", ["heads.skops", "model.json", "arrays.npz", "card.md"])
def test_load_model_tampered_file_is_refused_by_name(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(bytes(data))
    with pytest.raises(IntegrityError, match=f"{name} differs from its manifest; train again"):
        load_model(folder)


@pytest.mark.parametrize("name", ["heads.skops", "manifest.json", "arrays.npz"])
def test_load_model_missing_file_names_the_remedy(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(IntegrityError, match=r"not a readable triage model.*citedesk train"):
        load_model(folder)


def test_load_model_manifest_that_points_outside_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    outside = folder.parent / "outside"
    outside.write_text("x", encoding="utf-8")
    manifest["files"]["../outside"] = sha256_file(outside)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(IntegrityError, match="differs from its manifest"):
        load_model(folder)


class _Trap:
    """An object whose unpickling leaves a mark on the disk."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.mark,))


def test_load_model_pickle_inside_the_archive_is_never_loaded(folder: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with zipfile.ZipFile(folder / "heads.skops") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(folder / "heads.skops", "w") as archive:
        for name, data in members.items():
            archive.writestr(name, pickle.dumps(_Trap(mark)) if name.endswith(".npy") else data)
    _sign(folder)
    with pytest.raises(IntegrityError):
        load_model(folder)
    assert not mark.exists()


def test_load_model_object_array_inside_the_archive_is_never_loaded(folder: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    np.save(tmp_path / "trap.npy", np.array([_Trap(mark)], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(folder / "heads.skops") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(folder / "heads.skops", "w") as archive:
        for name, data in members.items():
            archive.writestr(name, (tmp_path / "trap.npy").read_bytes() if name.endswith(".npy") else data)
    _sign(folder)
    with pytest.raises(IntegrityError):
        load_model(folder)
    assert not mark.exists()


def test_heads_skops_opened_with_skops_scores_like_the_model(folder: Path) -> None:
    path = folder / "heads.skops"
    opened = skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    model, inputs = load_model(folder), inputs_of(texts_and_labels(3, seed=7)[0])
    head = model.heads["priority"]
    x = stack(model.features.blocks(inputs), head.blocks)
    assert opened["priority"].classes_.tolist() == list(head.labels)
    np.testing.assert_allclose(opened["priority"].decision_function(x), head.classifier.scores(x), atol=1e-5)


def test_shipped_heads_skops_holds_trusted_types_only() -> None:
    path = shipped("models") / "triage" / "heads.skops"
    assert skops.io.get_untrusted_types(file=path) == []


def test_shipped_model_folder_holds_no_pickle() -> None:
    folder = shipped("models") / "triage"
    with zipfile.ZipFile(folder / "heads.skops") as archive:
        inside = {Path(name).suffix for name in archive.namelist()}
    assert ({p.suffix for p in folder.iterdir()}, inside) == ({".json", ".md", ".npz", ".skops"}, {".json", ".npy"})
