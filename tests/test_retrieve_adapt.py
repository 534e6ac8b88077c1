"""The learned move of queries and its file: by hand, at its limits, and refused when damaged."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.errors import IntegrityError
from citedesk.retrieve.adapt import Adaptation, Examples, Vectors, fit_adaptation
from citedesk.retrieve.adapt_file import load_adaptation, remove_adaptation, save_adaptation
from citedesk.text import sha256_file


def _array(rows: Sequence[Sequence[float]]) -> Vectors:
    return np.array(rows, np.float32)


def _unit(rows: Vectors) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), dtype=np.float32)


def _examples(n: int = 60, d: int = 8, seed: int = 0) -> Examples:
    """Questions in one corner of the space; what solves each is turned the same way, what does not is not."""
    rng = np.random.default_rng(seed)
    queries = _unit(rng.standard_normal((n, d)).astype(np.float32) + 2 * np.eye(d, dtype=np.float32)[0])
    solving = _unit(queries + np.eye(d, dtype=np.float32)[1])
    others = _unit(queries[:, None] + 0.5 * rng.standard_normal((n, 5, d)).astype(np.float32))
    return Examples(queries, solving, others)


# Moves along the second axis by the share of the first; knows one query only.
BY_HAND = Adaptation("e", _array([[1], [0], [0]]), _array([[0, 0.75, 0]]), _array([[1, 0, 0]]), (0.2, 0.8))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_adaptation(tmp_path / "models" / "adapt", BY_HAND, {"seed": 1})
    return tmp_path / "models" / "adapt"


def _sign(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = {name: sha256_file(folder / name) for name in manifest["files"]}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_apply_by_hand_moves_a_known_query_in_full() -> None:
    np.testing.assert_allclose(BY_HAND.apply(_array([[1, 0, 0]])), _array([[0.8, 0.6, 0]]), rtol=1e-6)


def test_apply_by_hand_moves_a_half_familiar_query_by_half() -> None:
    side = np.sqrt(0.75)
    moved = np.array([0.5, 0.5 * 0.5 * 0.75, side])
    expected = moved / np.linalg.norm(moved)
    np.testing.assert_allclose(BY_HAND.apply(_array([[0.5, 0, side]]))[0], expected, rtol=1e-5)


def test_apply_query_unlike_every_known_one_is_left_alone() -> None:
    query = _array([[0.1, 0, np.sqrt(0.99)]])
    np.testing.assert_allclose(BY_HAND.apply(query), query, atol=1e-7)


@pytest.mark.parametrize(("cosine", "expected"), [(-1.0, 0.0), (0.2, 0.0), (0.5, 0.5), (0.8, 1.0), (1.0, 1.0)])
def test_familiarity_rises_between_its_bounds(cosine: float, expected: float) -> None:
    query = _array([[cosine, 0, np.sqrt(max(0.0, 1 - cosine**2))]])
    np.testing.assert_allclose(BY_HAND.familiarity(query), [expected], atol=1e-6)


@given(st.integers(0, 1000), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_apply_any_queries_stay_of_unit_length(seed: int, n: int) -> None:
    queries = _unit(np.random.default_rng(seed).standard_normal((n, 3)).astype(np.float32))
    np.testing.assert_allclose(np.linalg.norm(BY_HAND.apply(queries), axis=1), np.ones(n), rtol=1e-5)


def test_fit_lets_new_questions_find_what_solves_them() -> None:
    adaptation, new = fit_adaptation("e", _examples(), 1.0, [2])[0], _examples(seed=1)
    moved = adaptation.apply(new.queries)
    before, after = ((q * new.solving).sum(axis=1).mean() for q in (new.queries, moved))
    assert after > before + 0.03


def _start(examples: Examples) -> Vectors:
    """Solve the ridge map to what the solving passages add, in the few dimensions here."""
    q = examples.queries.astype(np.float64)
    return np.asarray(np.linalg.inv(q.T @ q + 10 * np.eye(q.shape[1])) @ q.T @ (examples.solving - q), np.float32)


def test_fit_with_an_enormous_ridge_is_the_ridge_map() -> None:
    fitted = fit_adaptation("e", _examples(), 1e9, [8])[0]
    np.testing.assert_allclose(fitted.down @ fitted.up, _start(_examples()), atol=1e-5)


def test_fit_moves_in_as_many_directions_as_the_rank() -> None:
    ranks = [np.linalg.matrix_rank(a.down @ a.up) for a in fit_adaptation("e", _examples(), 1.0, [1, 3])]
    assert ranks == [1, 3]


def test_fit_full_rank_is_at_a_minimum_of_the_documented_loss() -> None:
    examples = _examples(n=20, d=4)
    fitted = fit_adaptation("e", examples, 5.0, [4])[0]
    moves = (fitted.down @ fitted.up).astype(np.float64)

    def loss(m: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
        total = 5.0 * float(((m - _start(examples)) ** 2).sum())
        for q, solving, others in zip(examples.queries, examples.solving, examples.others, strict=True):
            logits = np.array([(q + q @ m) @ c / 0.05 for c in [solving, *others]])
            total -= float(logits[0] - logits.max() - np.log(np.exp(logits - logits.max()).sum()))
        return total

    rng = np.random.default_rng(0)
    nearby = [loss(moves + 0.05 * rng.standard_normal(moves.shape)) for _ in range(20)]
    assert loss(moves) < min(*nearby, loss(np.zeros_like(moves)))


def test_load_saved_one_is_the_same(folder: Path) -> None:
    loaded = load_adaptation(folder, "e")
    assert loaded is not None
    np.testing.assert_array_equal(loaded.down @ loaded.up, BY_HAND.down @ BY_HAND.up)
    np.testing.assert_array_equal(loaded.known, BY_HAND.known)
    np.testing.assert_allclose(loaded.bounds, BY_HAND.bounds, rtol=1e-6)


def test_load_home_without_one_gives_none(tmp_path: Path) -> None:
    assert load_adaptation(tmp_path / "models" / "adapt", "e") is None


def test_load_of_another_encoder_is_refused_with_both_names(folder: Path) -> None:
    with pytest.raises(IntegrityError, match=r"learned for e, the encoder is other; .*kb adapt --remove"):
        load_adaptation(folder, "other")


def test_load_tampered_file_is_refused(folder: Path) -> None:
    data = bytearray((folder / "adapt.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "adapt.safetensors").write_bytes(bytes(data))
    with pytest.raises(IntegrityError, match=r"differs from its manifest; .*kb adapt --remove"):
        load_adaptation(folder, "e")


@pytest.mark.parametrize("name", ["adapt.safetensors", "manifest.json"])
def test_load_missing_file_names_the_remedy(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(IntegrityError, match=r"not a readable query adaptation .*kb adapt --remove"):
        load_adaptation(folder, "e")


@pytest.mark.parametrize("content", ["", "[]", "3", '{"format": 1}', '{"format": 1, "files": []}'])
def test_load_manifest_that_is_none_is_refused(folder: Path, content: str) -> None:
    (folder / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(IntegrityError, match="not a readable query adaptation"):
        load_adaptation(folder, "e")


def test_load_signed_bytes_that_are_no_tensors_are_refused(folder: Path) -> None:
    (folder / "adapt.safetensors").write_bytes(b"\x80\x04K\x01." * 9)
    _sign(folder)
    with pytest.raises(IntegrityError, match="not a readable query adaptation"):
        load_adaptation(folder, "e")


@pytest.mark.parametrize(
    "broken",
    [
        Adaptation("e", _array([[1], [0]]), BY_HAND.up, BY_HAND.known, (0.2, 0.8)),
        Adaptation("e", BY_HAND.down, BY_HAND.up, _array([[1, 0]]), (0.2, 0.8)),
        Adaptation("e", BY_HAND.down * np.float32(np.nan), BY_HAND.up, BY_HAND.known, (0.2, 0.8)),
        Adaptation("e", BY_HAND.down.astype(np.float16), BY_HAND.up, BY_HAND.known, (0.2, 0.8)),
    ],
)
def test_load_signed_tensors_that_do_not_fit_are_refused(folder: Path, broken: Adaptation) -> None:
    save_adaptation(folder, broken, {})
    with pytest.raises(IntegrityError, match="not a readable query adaptation"):
        load_adaptation(folder, "e")


def test_save_over_an_old_one_leaves_nothing_beside_it(folder: Path) -> None:
    save_adaptation(folder, BY_HAND, {"seed": 2})
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["seed"] == 2
    assert [path.name for path in folder.parent.iterdir()] == ["adapt"]


def test_save_twice_gives_the_same_bytes(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    save_adaptation(folder, BY_HAND, {"seed": 1})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_remove_tells_whether_there_was_one(folder: Path) -> None:
    assert (remove_adaptation(folder), folder.exists(), remove_adaptation(folder)) == (True, False, False)
