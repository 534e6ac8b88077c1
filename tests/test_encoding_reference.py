"""The compiled encoder against sentence-transformers on the same weights, text by text."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from citedesk.encoding import Encoder, encode_queries, minilm
from citedesk.encoding.reference import ReferenceEncoder, default_encode, folder_digest, open_reference_minilm
from citedesk.guard import mask_secrets
from citedesk.knowledge import load_paths
from citedesk.settings import shipped

# What people send: terse, long, shouted, pasted, other languages.
VARIED = (
    "vpn",
    "URGENT!!! PRINTER ON 3RD FLOOR IS OUT OF TONER",
    "Hi team, since the deploy at 14:02 checkout returns 502 for about a third of our customers. We rolled back.",
    "java.lang.OutOfMemoryError: Java heap space\n\tat com.acme.Cart.add(Cart.java:117)",
    "kubectl -n prod get pods | grep CrashLoopBackOff",
    '{"alertname": "HighLatency", "severity": "page", "value": 4.2}',
    "Der Drucker im Büro druckt nicht mehr, seit gestern.",
    "No puedo entrar en mi cuenta después de cambiar la contraseña",
    "ORA-01555: snapshot too old",
    "请重置我的密码",
    "a" * 5000,
    "The replication lag grows. " * 200,
)


@pytest.mark.slow
def test_encode_of_varied_texts_has_cosine_099_with_the_reference(encoder: Encoder) -> None:
    documents = load_paths([shipped("kb")], mask_secrets).documents[::6]
    texts = [*VARIED, *(document.text[:1500] for document in documents)]
    cosines = (encoder.encode(texts) * open_reference_minilm().encode(texts)).sum(axis=1)
    below = [(texts[i][:40], float(cosines[i])) for i in np.flatnonzero(cosines < 0.99)]
    assert below == []


@pytest.mark.slow
def test_encode_of_a_few_words_or_none_has_cosine_096_with_the_reference(encoder: Encoder) -> None:
    # A known limit of one int8 scale for each token: without neighbours to average over, the noise shows.
    # These are the worst found; "thanks" has 0.967, the empty text 0.986.
    texts = ["", "thanks", "thanks!", "please", "thx :)", "...", "?", "ok", "😀 thanks!"]
    cosines = (encoder.encode(texts) * open_reference_minilm().encode(texts)).sum(axis=1)
    assert [text for text, cosine in zip(texts, cosines, strict=True) if cosine < 0.96] == []


@pytest.mark.slow
def test_count_tokens_equals_the_reference(encoder: Encoder) -> None:
    reference = open_reference_minilm()
    texts = [text for text in ("", *VARIED) if encoder.count_tokens(text) <= encoder.window]
    assert [encoder.count_tokens(t) for t in texts] == [reference.count_tokens(t) for t in texts]


@pytest.fixture
def prompted(tmp_path: Path) -> Path:
    """The packaged model, made to put words before queries and documents."""
    folder = tmp_path / "prompted"
    shutil.copytree(minilm.model_folder(), folder)
    settings = folder / "config_sentence_transformers.json"
    values = json.loads(settings.read_text(encoding="utf-8")) if settings.is_file() else {}
    values["prompts"] = {"query": "query: ", "document": "passage: "}
    settings.write_text(json.dumps(values), encoding="utf-8")
    return folder


@pytest.mark.slow
def test_encode_of_a_model_with_prompts_puts_them_before_queries_and_passages(prompted: Path) -> None:
    model, plain = ReferenceEncoder(str(prompted)), open_reference_minilm()
    found = np.vstack([encode_queries(model, ["vpn drops"]), model.encode(["vpn drops"])])
    expected = plain.encode(["query: vpn drops", "passage: vpn drops"])
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.slow
def test_name_of_a_model_names_its_weights_and_settings(prompted: Path) -> None:
    renamed = ReferenceEncoder(str(prompted)).name.split("/")
    assert renamed[:2] == ["sentence-transformers", "prompted"]
    assert renamed[2] == folder_digest(prompted) != folder_digest(minilm.model_folder())


def test_folder_digest_changes_with_weights_of_the_same_size_and_not_with_the_card(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"abc")
    first = folder_digest(tmp_path)
    (tmp_path / "README.md").write_text("card")
    with_card = folder_digest(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"abd")
    assert (with_card == first, folder_digest(tmp_path) == first) == (True, False)


@pytest.mark.slow
def test_batch_of_the_reference_is_the_librarys_on_a_cpu_and_larger_elsewhere() -> None:
    model = open_reference_minilm()
    assert model.batch == (32 if model.device == "cpu" else 256)


@pytest.mark.slow
def test_default_encode_gives_the_vectors_of_the_reference() -> None:
    texts = ["vpn drops", "The printer is out of toner."]
    np.testing.assert_allclose(default_encode(1)(texts), open_reference_minilm().encode(texts), atol=1e-5)
