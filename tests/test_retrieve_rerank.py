"""Reranking by hand, the shipped fake, and the real loading code on a tiny cross-encoder made here."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.errors import InputError
from citedesk.retrieve.fake import FakeReranker
from citedesk.retrieve.rerank import CrossEncoderReranker, open_reranker, rerank
from citedesk.types import LegScore

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "vpn", "drops", "printer", "out", "of", "toner", "laptop")
TEXTS = ["vpn drops", "printer out of toner", "laptop", "vpn laptop drops vpn laptop drops"]


def _scores(*values: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.array(values, np.float32)


def _save_cross_encoder(folder: Path, labels: int = 1, seed: int = 3) -> Path:
    """Save a two-layer BERT with random weights and a tokenizer of a dozen words."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    torch.manual_seed(seed)
    config = BertConfig(  # type: ignore[call-arg]  # num_labels goes through its keyword arguments
        vocab_size=len(WORDS), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=64, num_labels=labels, initializer_range=0.5,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    special = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, **special)  # type: ignore[no-untyped-call]
    fast.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _save_cross_encoder(tmp_path_factory.mktemp("cross-encoder") / "tiny")


@pytest.fixture(scope="module")
def reranker(folder: Path) -> CrossEncoderReranker:
    return CrossEncoderReranker(str(folder))


def test_fake_score_is_the_share_of_query_words_in_the_text() -> None:
    scores = FakeReranker().score("VPN drops, vpn", ["the vpn", "drops of vpn.", "printer", ""])
    np.testing.assert_array_equal(scores, _scores(0.5, 1.0, 0.0, 0.0))


def test_fake_score_of_a_query_without_words_is_zero() -> None:
    np.testing.assert_array_equal(FakeReranker().score("?!", ["the vpn"]), _scores(0.0))


def test_rerank_by_hand_reorders_the_first_and_keeps_the_rest() -> None:
    assert rerank(["a", "b", "c", "d"], ["A", "B", "C"], _scores(0.25, 0.5, 0.25), depth=3) == [
        ("b", LegScore(0.5, 1)),
        ("a", LegScore(0.25, 2)),
        ("c", LegScore(0.25, 3)),
        ("d", None),
    ]


@given(st.lists(st.integers(-3, 3), max_size=12), st.integers(0, 14))
def test_rerank_any_scores_equal_a_stable_sort_of_the_head(values: list[int], depth: int) -> None:
    hits = list(range(len(values)))
    expected = sorted(hits[:depth], key=lambda i: -values[i]) + hits[depth:]
    assert [hit for hit, _ in rerank(hits, [""] * len(hits), _scores(*values), depth)] == expected


@pytest.mark.parametrize(("texts", "scores"), [(["A"], [1.0]), (["A", "B"], [1.0])])
def test_rerank_counts_that_do_not_match_are_refused(texts: list[str], scores: list[float]) -> None:
    with pytest.raises(InputError, match="one score for each of the first 2 texts"):
        rerank(["a", "b"], texts, _scores(*scores))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_rerank_score_that_is_no_finite_number_is_refused(bad: float) -> None:
    with pytest.raises(InputError, match="not a finite number"):
        rerank(["a"], ["A"], _scores(bad))


def test_open_reranker_without_a_name_is_off() -> None:
    assert (open_reranker(None), open_reranker("")) == (None, None)


def test_open_reranker_fake_is_the_shipped_one() -> None:
    assert isinstance(open_reranker("fake"), FakeReranker)


def test_cross_encoder_scores_equal_the_model_run_by_hand(folder: Path, reranker: CrossEncoderReranker) -> None:
    import torch
    from transformers import AutoTokenizer, BertForSequenceClassification

    model, tokenizer = BertForSequenceClassification.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        logits = [float(model(**tokenizer("vpn drops", text, return_tensors="pt")).logits[0, 0]) for text in TEXTS]
    expected = 1 / (1 + np.exp(-np.array(logits)))
    np.testing.assert_allclose(reranker.score("vpn drops", TEXTS), expected, rtol=1e-4)
    assert len({round(value, 6) for value in expected.tolist()}) == len(TEXTS)


def test_cross_encoder_of_a_folder_is_named_after_it(reranker: CrossEncoderReranker) -> None:
    assert reranker.name == "cross-encoder/tiny"


def test_cross_encoder_without_texts_gives_no_scores(reranker: CrossEncoderReranker) -> None:
    assert reranker.score("vpn", []).shape == (0,)


def test_cross_encoder_folder_that_is_none_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot load the reranker .*name a folder with a cross-encoder"):
        CrossEncoderReranker(str(tmp_path))


def test_cross_encoder_with_pickled_weights_only_is_refused(tmp_path: Path) -> None:
    import torch
    from transformers import BertForSequenceClassification

    folder = _save_cross_encoder(tmp_path / "pickled")
    weights = BertForSequenceClassification.from_pretrained(folder).state_dict()
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    with pytest.raises(InputError, match="cannot load the reranker"):
        CrossEncoderReranker(str(folder))


def test_cross_encoder_with_damaged_weights_is_refused(tmp_path: Path) -> None:
    folder = _save_cross_encoder(tmp_path / "damaged")
    (folder / "model.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(InputError, match="cannot load the reranker"):
        CrossEncoderReranker(str(folder))


def test_cross_encoder_of_several_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gives 3 scores a pair"):
        CrossEncoderReranker(str(_save_cross_encoder(tmp_path / "three", labels=3)))
