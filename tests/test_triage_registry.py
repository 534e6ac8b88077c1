"""The model registry: copied whole, promoted and rolled back whole, whatever is killed or raced."""

import json
import os
import random
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from citedesk.errors import CiteDeskError, ConflictError, IntegrityError, NotFoundError
from citedesk.settings import Settings, shipped
from citedesk.text import sha256_file
from citedesk.triage.artifact import load_model
from citedesk.triage.registry import Registry, training_hashes, training_ids
from citedesk.triage.registry_state import Signature
from tests.models_data import model_folder, sign
from tests.triage_data import POLICY, inputs_of, texts_and_labels

ME = Signature("me", "2026-11-23T12:00:00+00:00")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three models; the first is what serves before the registry."""
    folder = tmp_path_factory.mktemp("trained")
    return [model_folder(folder / f"m{seed}", seed) for seed in (1, 2, 3)]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "home" / "models")


def version_of(folder: Path) -> str:
    return sha256_file(folder / "manifest.json")[:16]


def promoted(registry: Registry, trained: list[Path], *which: int) -> list[str]:
    """Add and promote models one after the other; give all three versions."""
    for i in which:
        version, _ = registry.add(trained[i])
        registry.promote(version, registry.state().active, trained[0], "", ME)
    return [version_of(folder) for folder in trained]


def test_add_copies_the_files_of_the_manifest_and_nothing_else(registry: Registry, trained: list[Path]) -> None:
    foreign = trained[1] / "notes.txt"
    foreign.write_text("mine", encoding="utf-8")
    version, new = registry.add(trained[1])
    foreign.unlink()
    copied = {p.name: sha256_file(p) for p in registry.folder(version).iterdir()}
    assert (version, new) == (version_of(trained[1]), True)
    assert copied == {p.name: sha256_file(p) for p in trained[1].iterdir()}


def test_add_of_a_known_model_changes_nothing(registry: Registry, trained: list[Path]) -> None:
    version, _ = registry.add(trained[1])
    assert (registry.add(trained[1]), registry.versions()) == ((version, False), [version])


@pytest.mark.parametrize("name", ["heads.skops", "arrays.npz", "model.json", "manifest.json"])
def test_add_of_a_damaged_model_is_refused_and_leaves_nothing(
    registry: Registry, trained: list[Path], tmp_path: Path, name: str
) -> None:
    damaged = Path(shutil.copytree(trained[1], tmp_path / "damaged"))
    (damaged / name).write_bytes((damaged / name).read_bytes()[:-2])
    with pytest.raises(IntegrityError):
        registry.add(damaged)
    assert list((registry.models / "versions").glob("*")) == []


def test_add_of_a_manifest_that_names_a_file_elsewhere_is_refused(
    registry: Registry, trained: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    sly = Path(shutil.copytree(trained[1], tmp_path / "sly"))
    sign(sly, "../secret")
    with pytest.raises(IntegrityError, match="secret"):
        registry.add(sly)


def test_first_promote_keeps_what_served_before_as_the_start(registry: Registry, trained: list[Path]) -> None:
    versions = promoted(registry, trained, 1)
    state = registry.state()
    assert (state.active, state.serving()) == (versions[1], (versions[0], versions[1]))
    assert [(s.action, s.by, s.at) for s in state.history] == [("start", "me", ME.at), ("promote", "me", ME.at)]


def test_promote_of_the_active_version_is_a_conflict(registry: Registry, trained: list[Path]) -> None:
    versions = promoted(registry, trained, 1)
    with pytest.raises(ConflictError, match="is active already"):
        registry.promote(versions[1], versions[1], trained[0], "", ME)


def test_promote_judged_against_another_active_version_is_a_conflict(registry: Registry, trained: list[Path]) -> None:
    versions = promoted(registry, trained, 1)
    registry.add(trained[2])
    with pytest.raises(ConflictError, match=f"{versions[1]} became active meanwhile"):
        registry.promote(versions[2], None, trained[0], "", ME)
    assert registry.state().active == versions[1]


def test_promote_of_a_damaged_version_is_refused_and_the_old_one_serves(
    registry: Registry, trained: list[Path]
) -> None:
    versions = promoted(registry, trained, 1)
    registry.add(trained[2])
    (registry.folder(versions[2]) / "card.md").write_text("other", encoding="utf-8")
    with pytest.raises(IntegrityError, match=r"card\.md"):
        registry.promote(versions[2], versions[1], trained[0], "", ME)
    assert registry.state().active == versions[1]


def test_promote_of_the_shadow_ends_the_shadow(registry: Registry, trained: list[Path]) -> None:
    versions = promoted(registry, trained, 1)
    registry.add(trained[2])
    registry.set_shadow(versions[2])
    registry.promote(versions[2], versions[1], trained[0], "", ME)
    assert registry.state().shadow is None


def test_rollback_again_goes_further_back_until_there_is_none(registry: Registry, trained: list[Path]) -> None:
    first, second, third = promoted(registry, trained, 1, 2)
    steps = [registry.rollback("", ME), registry.rollback("", ME)]
    assert steps == [(third, second), (second, first)]
    with pytest.raises(NotFoundError, match="no version served before"):
        registry.rollback("", ME)


def test_rollback_then_promote_then_rollback_comes_back_to_the_same(registry: Registry, trained: list[Path]) -> None:
    first, _, third = promoted(registry, trained, 1)
    registry.rollback("", ME)
    promoted(registry, trained, 2)
    assert registry.rollback("", ME) == (third, first)


def test_rollback_restores_the_predictions_to_the_byte(registry: Registry, trained: list[Path], tmp_path: Path) -> None:
    settings, inputs = Settings(home=tmp_path / "home"), inputs_of(texts_and_labels(10, seed=77)[0])
    shutil.copytree(trained[0], registry.models / "triage")

    def predictions() -> bytes:
        return repr(load_model(settings.triage_model).predict(inputs, POLICY)).encode()

    before = predictions()
    promoted(registry, trained, 1)
    between = predictions()
    shutil.rmtree(registry.models / "triage")
    registry.rollback("", ME)
    assert (predictions() == before, between == before) == (True, False)


def test_settings_prefer_the_promoted_version_over_the_dropped_in_folder(
    registry: Registry, trained: list[Path], tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path / "home")
    found = [settings.triage_model]
    shutil.copytree(trained[0], registry.models / "triage")
    found.append(settings.triage_model)
    versions = promoted(registry, trained, 1)
    found.append(settings.triage_model)
    assert found == [
        shipped("models") / "triage", registry.models / "triage", registry.models / "versions" / versions[1],
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"active": "../../etc"}', '{"active": 7}', '{"active":'])
def test_settings_and_registry_refuse_a_damaged_file(registry: Registry, text: str) -> None:
    registry.models.mkdir(parents=True)
    registry.file.write_text(text, encoding="utf-8")
    with pytest.raises(IntegrityError, match="not a readable model registry"):
        registry.state()
    with pytest.raises(IntegrityError, match="not a readable model registry"):
        _ = Settings(home=registry.models.parent).triage_model


def test_load_of_a_version_that_is_another_model_is_refused(registry: Registry, trained: list[Path]) -> None:
    version, _ = registry.add(trained[1])
    shutil.rmtree(registry.folder(version))
    shutil.copytree(trained[2], registry.folder(version))
    with pytest.raises(IntegrityError, match=f"is not version {version}"):
        registry.load(version)


def test_find_takes_first_digits_and_marks(registry: Registry, trained: list[Path]) -> None:
    versions = promoted(registry, trained, 1)
    assert {registry.find(name) for name in (versions[1], versions[1][:6], "active")} == {versions[1]}


@pytest.mark.parametrize("name", ["", "abc", "shadow", "zzzzzz", "../.."])
def test_find_of_nothing_is_not_found(registry: Registry, trained: list[Path], name: str) -> None:
    promoted(registry, trained, 1)
    with pytest.raises(NotFoundError, match="citedesk models list"):
        registry.find(name)


def test_holdout_that_was_changed_is_refused(registry: Registry) -> None:
    registry.freeze("march", [{"id": "1", "body": "x", "team": "a"}], ["team"], ME.at)
    holdout, path = registry.holdout_file() or pytest.fail("nothing is frozen")
    assert (holdout.rows, holdout.heads, sha256_file(path)) == (1, ("team",), holdout.sha256)
    path.write_text("{}\n", encoding="utf-8")
    with pytest.raises(IntegrityError, match="is not what was frozen"):
        registry.holdout_file()


def test_training_hashes_and_ids_are_read_from_the_folder(trained: list[Path], tmp_path: Path) -> None:
    silent = Path(shutil.copytree(trained[1], tmp_path / "silent"))
    (silent / "rows.json").unlink()
    sign_without(silent, "rows.json")
    hashes = [training_hashes(folder) for folder in (trained[1], silent)]
    assert (len(hashes[0] or ()), hashes[1]) == (120, None)
    assert sorted(training_ids(silent))[:2] == ["s2-000", "s2-001"]


def sign_without(folder: Path, name: str) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    del manifest["files"][name]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_promote_by_eight_at_once_lets_one_through(registry: Registry, trained: list[Path]) -> None:
    versions = [registry.add(folder)[0] for folder in trained[1:]]

    def attempt(i: int) -> str:
        try:
            Registry(registry.models).promote(versions[i % 2], None, trained[0], "", ME)
        except ConflictError:
            return "conflict"
        return "promoted"

    with ThreadPoolExecutor(8) as pool:
        ends = sorted(pool.map(attempt, range(8)))
    assert ends == ["conflict"] * 7 + ["promoted"]
    assert len(registry.state().history) == 2


def _promote_for_ever(models: Path, trained: list[Path]) -> None:
    """Add, promote and roll back until killed."""
    registry = Registry(models)
    while True:
        for folder in trained[1:]:
            version, active = registry.add(folder)[0], registry.state().active
            if version != active:
                registry.promote(version, active, trained[0], "again", ME)
        registry.rollback("", ME)


def test_promote_killed_at_random_moments_leaves_a_registry_that_serves(
    registry: Registry, trained: list[Path]
) -> None:
    chance, lengths = random.Random(4), []
    for _ in range(25):
        child = os.fork()
        if child == 0:
            try:
                _promote_for_ever(registry.models, trained)
            except CiteDeskError:
                os._exit(3)
            finally:
                os._exit(4)
        time.sleep(chance.uniform(0, 0.15))
        os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        state = registry.state()
        lengths.append(len(state.history))
        assert state.active == (state.serving()[-1] if state.history else None)
        assert [registry.load(version).version[:16] for version in registry.versions()] == registry.versions()
        if state.active:
            assert state.active in registry.versions()
    assert lengths == sorted(lengths) and lengths[-1] >= 2
    registry.add(trained[0])
    assert [p.name for p in (registry.models / "versions").iterdir() if p.name.startswith(".")] == []
