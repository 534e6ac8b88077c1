"""A model folder: read back it predicts the same, tampered with it is refused, and no pickle is ever loaded."""

import json
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skops.io

from citedesk.errors import IntegrityError
from citedesk.settings import shipped
from citedesk.text import sha256_file
from citedesk.triage.artifact import load_model, save_model
from citedesk.triage.features import Inputs
from citedesk.triage.heads import Linear
from citedesk.triage.model import TriageModel
from citedesk.triage.neighbours import Examples, centroids_of
from citedesk.types import Prediction
from tests.triage_data import POLICY, inputs_of, texts_and_labels, trained_on_all


def _model() -> TriageModel:
    """A model of every member and a field, whose heads all count."""
    model = trained_on_all().model
    heads = {
        name: replace(head, pool=replace(head.pool, weights=dict.fromkeys(head.members, 0.7)))
        for name, head in model.heads.items()
    }
    return replace(model, heads=heads)


def _inputs() -> Inputs:
    texts = texts_and_labels(5, seed=6)[0]
    return replace(inputs_of(texts), fields=[{"floor": "ground"} if i % 2 else {} for i in range(len(texts))])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_model(tmp_path / "model", _model(), {"seed": 1}, "# Card\n")
    return tmp_path / "model"


def _sign(folder: Path) -> None:
    """Write a manifest that agrees with the files as they are now."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = {name: sha256_file(folder / name) for name in manifest["files"]}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_load_model_saved_once_and_twice_predicts_the_same_to_the_last_digit(folder: Path) -> None:
    first = load_model(folder)
    save_model(folder.with_name("again"), first, {"seed": 1}, "# Card\n")
    again = load_model(folder.with_name("again"))
    assert first.predict_with_scope(_inputs(), POLICY) == again.predict_with_scope(_inputs(), POLICY)


def test_load_model_saved_one_decides_the_same_for_the_same_words_and_rules(folder: Path) -> None:
    made, read = (model.predict(_inputs(), POLICY) for model in (_model(), load_model(folder)))

    def said(rows: list[dict[str, Prediction]]) -> list[object]:
        return [[(p.label, p.decision, p.evidence.terms, p.evidence.rules) for p in row.values()] for row in rows]

    assert said(read) == said(made)


def test_load_model_saved_one_gives_the_probabilities_but_for_rounded_examples(folder: Path) -> None:
    # Example vectors are kept as int8, so the votes of neighbours differ a little; nothing else does.
    made, read = (model.predict(_inputs(), POLICY) for model in (_model(), load_model(folder)))
    found = [[[p.probability for p in row.values()] for row in rows] for rows in (made, read)]
    np.testing.assert_allclose(found[1], found[0], atol=0.01)


@pytest.mark.parametrize("member", ["text", "dense", "network"])
def test_load_model_saved_member_scores_the_same_to_the_byte(folder: Path, member: str) -> None:
    made, read = _model(), load_model(folder)
    scores = [
        model.heads["team"].machines[member].scores(model.read(_inputs()).blocks[member]).tobytes()
        for model in (made, read)
    ]
    assert scores[1] == scores[0]


def test_load_model_saved_parts_are_equal(folder: Path) -> None:
    made, read = _model(), load_model(folder)
    assert (read.scope, read.typical, read.features.fields, read.encoder) == (
        made.scope, made.typical, made.features.fields, made.encoder,
    )  # fmt: skip
    assert {
        name: (h.pool, h.offsets, h.auto_at, h.suggest_at, h.set_at, h.labels) for name, h in read.heads.items()
    } == {name: (h.pool, h.offsets, h.auto_at, h.suggest_at, h.set_at, h.labels) for name, h in made.heads.items()}


def test_load_model_examples_in_lists_are_found_as_before(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    vectors = (rng.normal(0, 1, (60, 64))[np.arange(4400) % 60] + rng.normal(0, 1, (4400, 64))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    model = _model()
    ids = [str(i) for i in range(4400)]
    many = Examples(ids, {name: ["P1"] * 4400 for name in model.heads}, vectors, centroids_of(vectors))
    save_model(tmp_path / "many", replace(model, examples=many), {}, "# Card\n")
    read = load_model(tmp_path / "many").examples
    queries = vectors[:50]
    found = [[set(row) for row in examples.search(queries, 10)[1].tolist()] for examples in (many, read)]
    assert len(read.centroids) == 22
    assert np.mean([len(a & b) / 10 for a, b in zip(*found, strict=True)]) > 0.95


@pytest.mark.parametrize("number", [1, 3, "2", None])
def test_load_model_of_another_format_is_refused_with_the_remedy(folder: Path, number: object) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["format"] = number
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(
        IntegrityError, match=f"is of format {number}, this version reads 2; train it again with: cited"
    ):
        load_model(folder)


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
    model = load_model(folder)
    head, x = model.heads["priority"], model.read(_inputs()).blocks["text"]
    machine = head.machines["text"]
    assert isinstance(machine, Linear)
    assert opened["priority/text"].classes_.tolist() == list(head.labels)
    np.testing.assert_allclose(opened["priority/text"].decision_function(x), machine.scores(x), atol=1e-4)


def test_shipped_heads_skops_holds_trusted_types_only() -> None:
    path = shipped("models") / "triage" / "heads.skops"
    assert skops.io.get_untrusted_types(file=path) == []


def test_shipped_model_folder_holds_no_pickle() -> None:
    folder = shipped("models") / "triage"
    with zipfile.ZipFile(folder / "heads.skops") as archive:
        inside = {Path(name).suffix for name in archive.namelist()}
    assert ({p.suffix for p in folder.iterdir()}, inside) == ({".json", ".md", ".npz", ".skops"}, {".json", ".npy"})
