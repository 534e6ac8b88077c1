"""Drift statistics on made tickets: silent when nothing moved, loud when labels or topics did; the reference."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency

from citedesk.errors import InputError, IntegrityError
from citedesk.triage.drift import (
    ALPHA,
    TextDrift,
    Verdict,
    compare_shares,
    compare_texts,
    rising_words,
    worst,
)
from citedesk.triage.profile import _projection, bucket_of, language_of, mean_moments, moments, words_of
from citedesk.triage.reference import (
    MAX_LABELS,
    REST,
    Reference,
    build_reference,
    count_labels,
    divergence,
    from_json,
    load_reference,
    to_json,
)

TOPICS = {
    "mail": ["mailbox", "outlook", "calendar", "attachment", "folder", "meeting", "invite", "spam", "quota", "sender"],
    "print": ["printer", "paper", "toner", "tray", "jam", "scanner", "duplex", "cartridge", "queue", "margin"],
    "net": ["vpn", "router", "tunnel", "packet", "latency", "gateway", "dns", "firewall", "proxy", "switch"],
}
NEW = ["kubernetes", "pod", "cluster", "ingress", "replica", "namespace", "helm", "kubelet", "operator", "daemonset"]
COMMON = ["please", "the", "help", "with", "since", "today", "again", "cannot", "my", "and", "for", "need", "this"]
LABELS = {"mail": "P3", "print": "P4", "net": "P2"}
DIMENSIONS = 64


def make(
    rng: np.random.Generator, n: int, new: float = 0.0, weights: tuple[float, ...] = (0.4, 0.3, 0.3)
) -> tuple[list[str], NDArray[np.float32], list[str], list[str]]:
    """Make tickets: texts, vectors about their topic, labels, decisions; a share `new` is of an unknown topic."""
    topics = rng.choice(list(TOPICS), n, p=weights).tolist()
    unknown = rng.random(n) < new
    texts, vectors = [], np.zeros((n, DIMENSIONS), np.float32)
    for i, topic in enumerate(topics):
        words = NEW if unknown[i] else TOPICS[topic]
        long = int(rng.integers(6, 20))
        texts.append(" ".join([*rng.choice(words, 5), *rng.choice(COMMON, long)]))
        direction = np.random.default_rng(bucket_of(words[0])).standard_normal(DIMENSIONS)
        vectors[i] = direction / np.linalg.norm(direction) + rng.standard_normal(DIMENSIONS) / 8
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = [LABELS[topic] for topic in topics]
    return texts, vectors, labels, rng.choice(["auto", "suggest", "abstain"], n, p=[0.5, 0.4, 0.1]).tolist()


def reference_of(n: int = 1200, seed: int = 1) -> Reference:
    texts, vectors, labels, decisions = make(np.random.default_rng(seed), n)
    return build_reference(texts, vectors, {"priority": np.array(labels)}, {"priority": decisions})


REFERENCE = reference_of()


def verdict_of(texts: list[str], vectors: NDArray[np.float32], labels: list[str], decisions: list[str]) -> Verdict:
    alpha = ALPHA / 6
    return worst(
        [
            compare_shares(REFERENCE.labels["priority"], Counter(labels), alpha).verdict,
            compare_shares(REFERENCE.decisions["priority"], Counter(decisions), alpha).verdict,
            compare_texts(REFERENCE, texts, vectors, alpha).verdict,
        ]
    )


@pytest.mark.parametrize("n", [100, 400])
def test_drift_when_nothing_moved_is_steady_in_95_of_100_draws(n: int) -> None:
    verdicts = [verdict_of(*make(np.random.default_rng(1000 + seed), n)) for seed in range(100)]
    assert verdicts.count(Verdict.STEADY) >= 95


@pytest.mark.parametrize(
    ("weights", "expected"),
    [((0.4, 0.3, 0.3), Verdict.STEADY), ((0.55, 0.25, 0.2), Verdict.DRIFTING), ((0.1, 0.2, 0.7), Verdict.ACT)],
)
def test_labels_planted_shift_is_judged_by_its_size(weights: tuple[float, ...], expected: Verdict) -> None:
    labels = make(np.random.default_rng(3), 400, weights=weights)[2]
    assert compare_shares(REFERENCE.labels["priority"], Counter(labels), 0.01).verdict is expected


def test_labels_tiny_shift_at_large_n_is_significant_and_no_alarm() -> None:
    shift = compare_shares({"a": 50_000, "b": 50_000}, {"a": 102_000, "b": 98_000}, 0.01)
    assert (shift.p_value < 1e-6, shift.verdict) == (True, Verdict.STEADY)


def test_labels_of_too_few_tickets_are_unknown() -> None:
    assert compare_shares({"a": 500, "b": 500}, {"a": 49}, 0.01).verdict is Verdict.UNKNOWN


def test_labels_p_value_and_distance_equal_scipy() -> None:
    before, now = {"a": 300, "b": 200, "c": 100}, {"a": 40, "b": 50, "c": 30}
    shift = compare_shares(before, now, 0.01)
    table = [list(before.values()), list(now.values())]
    expected = chi2_contingency(table, lambda_="log-likelihood")
    assert shift.p_value == pytest.approx(expected.pvalue)
    assert shift.distance == pytest.approx(jensenshannon(*table, base=2))


def test_labels_beyond_the_kept_ones_are_counted_as_the_rest() -> None:
    before = count_labels([f"l{i}" for i in range(MAX_LABELS)] * 3 + ["rare"] * 2 + ["seldom"])
    shift = compare_shares(before, {**dict.fromkeys(before, 3), "never seen": 3} | {REST: 0}, 0.01)
    assert (before[REST], shift.verdict) == (3, Verdict.STEADY)


@given(st.lists(st.integers(0, 50), min_size=4, max_size=4), st.lists(st.integers(0, 50), min_size=4, max_size=4))
def test_divergence_any_counts_is_symmetric_and_within_bounds(p: list[int], q: list[int]) -> None:
    first, second = np.array(p, float), np.array(q, float)
    assert 0 <= float(divergence(first, second)) <= 1
    assert float(divergence(first, second)) == pytest.approx(float(divergence(second, first)))


def texts_with(share: float, seed: int = 5) -> TextDrift:
    texts, vectors, _, _ = make(np.random.default_rng(seed), 300, new=share)
    return compare_texts(REFERENCE, texts, vectors, ALPHA / 6)


def test_texts_planted_topic_is_found_by_words_and_by_vectors() -> None:
    found = texts_with(0.3)
    assert {found.words.verdict, found.vectors.verdict} <= {Verdict.DRIFTING, Verdict.ACT}


def test_texts_another_world_asks_to_act() -> None:
    assert texts_with(1.0).verdict is Verdict.ACT


def test_texts_of_another_length_are_found() -> None:
    texts, vectors, _, _ = make(np.random.default_rng(6), 300)
    longer = [f"{text} {text} {text}" for text in texts]
    found = compare_texts(REFERENCE, longer, vectors, ALPHA / 6)
    assert (found.lengths.verdict, found.words.verdict) == (Verdict.ACT, Verdict.STEADY)


def test_texts_in_another_language_are_found() -> None:
    texts, vectors, _, _ = make(np.random.default_rng(6), 300)
    german = [f"ich kann das nicht und {text.split()[0]}" for text in texts]
    found = compare_texts(REFERENCE, german, vectors, ALPHA / 6).languages
    assert (found.verdict, found.moved[0][0]) == (Verdict.ACT, "de")


def test_texts_too_few_are_unknown() -> None:
    texts, vectors, _, _ = make(np.random.default_rng(6), 99)
    assert compare_texts(REFERENCE, texts, vectors, 0.01).verdict is Verdict.UNKNOWN


def test_rising_words_are_those_of_the_new_topic() -> None:
    assert {word for word, _, _ in texts_with(0.3).rising} == set(NEW)


def test_rising_words_seen_in_four_tickets_are_not_shown() -> None:
    texts = make(np.random.default_rng(6), 300)[0]
    marked = [f"{text} zebra" * (i < 5) or text for i, text in enumerate(texts)]
    fewer = [f"{text} zebra" * (i < 4) or text for i, text in enumerate(texts)]
    shown = [[word for word, _, _ in rising_words(REFERENCE, t)] for t in (marked, fewer)]
    assert shown == [["zebra"], []]


def test_words_of_placeholders_and_numbers_are_left_out() -> None:
    assert words_of("Mail [EMAIL_1] on 10.0.0.1 über VPN2, a mail") == {"mail", "on", "über"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The printer is not working and we need it", "en"),
        ("Ich kann mich nicht anmelden und das VPN ist weg", "de"),
        ("No puedo entrar en el portal que es para los clientes", "es"),
        ("Je ne peux pas imprimer dans le bureau", "fr"),
        ("ERR 500", "other"),
    ],
)
def test_language_of_short_texts_is_guessed_by_function_words(text: str, expected: str) -> None:
    assert language_of(text) == expected


def test_moments_inner_product_is_the_kernel_written_out() -> None:
    vectors = make(np.random.default_rng(9), 2)[1].astype(np.float64)
    signs = _projection(DIMENSIONS)
    expected = 2 * vectors[0] @ vectors[1] + (vectors[0] @ signs @ signs.T @ vectors[1]) ** 2
    first, second = moments(vectors.astype(np.float32))
    assert float(first @ second) == pytest.approx(float(expected), rel=1e-5)


def test_mean_moments_in_blocks_equals_the_mean_of_all() -> None:
    vectors = make(np.random.default_rng(9), 2100)[1]
    centre, squares = mean_moments(vectors)
    rows = moments(vectors)
    np.testing.assert_allclose(centre, rows.mean(axis=0), atol=1e-12)
    assert squares == pytest.approx(float((rows**2).sum(axis=1).mean()))


def test_reference_as_json_and_back_is_the_same_and_small() -> None:
    text = to_json(REFERENCE)
    assert (to_json(from_json(text)), len(text.encode()) < 100_000) == (text, True)


def test_reference_holds_no_word_of_the_tickets() -> None:
    text = to_json(REFERENCE)
    assert [word for words in TOPICS.values() for word in words if word in text] == []


def test_reference_built_twice_is_the_same() -> None:
    assert to_json(reference_of(300)) == to_json(reference_of(300))


def test_reference_of_no_ticket_is_refused() -> None:
    with pytest.raises(InputError, match="at least one"):
        build_reference([], np.zeros((0, 8), np.float32), {}, {})


def test_reference_missing_is_none_and_damaged_is_an_error(tmp_path: Path) -> None:
    assert load_reference(tmp_path) is None
    (tmp_path / "reference.json").write_text('{"format": 1}', encoding="utf-8")
    with pytest.raises(IntegrityError, match="train the model again"):
        load_reference(tmp_path)


def test_worst_of_nothing_is_unknown() -> None:
    assert worst([]) is Verdict.UNKNOWN
