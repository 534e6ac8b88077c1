"""Whether tickets or predictions have moved away from the training tickets: statistics only.

A shift counts when it is both more than chance (p below a corrected level) and large enough to matter; at a
hundred thousand tickets a tiny shift is significant and no alarm. Vectors are compared by the maximum mean
discrepancy of a polynomial kernel, not by a classifier that tells old from new: of this kernel the moments kept
in the reference are all that is needed, where a classifier would need the training tickets themselves.

Sources: Cohen, "Statistical Power Analysis", 1988 (w); Gretton et al., "A kernel two-sample test", JMLR 2012 (the
discrepancy, and its gamma approximation).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, gammaincc

from citedesk.triage.profile import bucket_of, language_of, length_of, mean_moments, word_buckets, word_counts
from citedesk.triage.reference import REST, Counts, Noise, Reference, divergence

# Chance of any alarm of a run in which nothing moved, shared among its tests: low, for it is looked at every week.
ALPHA = 0.01
# Fewer tickets say nothing, of labels and of words and vectors.
LEAST = 50
LEAST_TEXTS = 100
# Effects at which a shift is worth a look, and at which something must be done. Shares: Cohen's w (.2 is 50:50 turned
# 60:40, .5 is 75:25). Words: distance above noise. Vectors: share of variance between old and new, above noise.
# On the example tickets and the default encoder, 99 of 100 random samples of 200 stay below .093 and .0004; with three
# of ten tickets about a topic never seen vectors give .0008 to .0014; with all of them .009 to .011, and words .14
# to .19.
SHARES = (0.2, 0.5)
WORDS = (0.1, 0.2)
VECTORS = (0.0007, 0.003)
# A category expected less often than this in the new tickets is counted with the rest: the test needs it.
_LEAST_EXPECTED = 5.0
# Words shown must occur in this many new tickets, so that none names one person's case.
LEAST_TICKETS = 5
# A rise is shown from this many standard errors on.
_RISE = 4.0


class Verdict(StrEnum):
    """What a shift asks for."""

    UNKNOWN = "unknown"
    STEADY = "steady"
    DRIFTING = "drifting"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class Shift:
    """One comparison: distance (of counts: Jensen-Shannon, in [0, 1]), p-value, effect, verdict.

    moved: what moved most: name, share before, share now.
    """

    distance: float
    p_value: float
    effect: float
    verdict: Verdict
    moved: tuple[tuple[str, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class TextDrift:
    """How the tickets themselves moved; `rising`: words with their share before (at most) and now."""

    words: Shift
    vectors: Shift
    lengths: Shift
    languages: Shift
    rising: tuple[tuple[str, float, float], ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of the four."""
        return worst(s.verdict for s in (self.words, self.vectors, self.lengths, self.languages))


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Pick the verdict that asks for most; unknown if there is none."""
    order = list(Verdict)
    return max(verdicts, key=order.index, default=Verdict.UNKNOWN)


def compare_shares(before: Counts, now: Counts, alpha: float) -> Shift:
    """Compare two tables of counts by a G-test, with Cohen's w as effect.

    Args:
        before: counts of the training tickets.
        now: counts of the new tickets; labels that the reference keeps under REST are counted there.
        alpha: level of this test, already corrected for how many there are.

    Returns:
        The shift; w is corrected for what chance alone would give, so it is 0 when nothing moved.
    """
    if REST in before:
        folded: Counter[str] = Counter()
        for label, count in now.items():
            folded[label if label in before else REST] += count
        now = folded
    names = sorted(set(before) | set(now))
    old, new = (np.array([float(counts.get(name, 0)) for name in names]) for counts in (before, now))
    distance = float(np.sqrt(divergence(old, new))) if old.sum() and new.sum() else 0.0
    if new.sum() < LEAST or not old.sum():
        return Shift(distance, 1.0, 0.0, Verdict.UNKNOWN)
    p_value, effect = _g_test(*_fold_rare(old, new))
    shares = zip(names, (old / old.sum()).tolist(), (new / new.sum()).tolist(), strict=True)
    moved = sorted(shares, key=lambda row: (-abs(row[2] - row[1]), row[0]))[:3]
    return Shift(distance, p_value, effect, _judge(p_value, effect, alpha, SHARES), tuple(moved))


def _fold_rare(old: NDArray[np.float64], new: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Count categories together that are expected too rarely in either table for the test to hold."""
    least = min(old.sum(), new.sum())
    rare = (old + new) / (old.sum() + new.sum()) * least < _LEAST_EXPECTED
    if rare.sum() < 2:
        return old, new
    return np.append(old[~rare], old[rare].sum()), np.append(new[~rare], new[rare].sum())


def _g_test(old: NDArray[np.float64], new: NDArray[np.float64]) -> tuple[float, float]:
    """Test whether two rows of counts have one distribution: p-value and Cohen's w above noise."""
    n, m = old.sum(), new.sum()
    if len(old) < 2:
        return 1.0, 0.0
    expected = np.outer([n, m], old + new) / (n + m)
    table = np.vstack([old, new])
    g = 2 * float((table * np.log(np.divide(table, expected, out=np.ones_like(table), where=table > 0))).sum())
    p, q = (old + 0.5) / (n + 0.5 * len(old)), new / m
    excess = float(((q - p) ** 2 / p).sum()) - (len(old) - 1) * (1 / n + 1 / m)
    return float(chdtrc(len(old) - 1, max(g, 0.0))), float(np.sqrt(max(excess, 0.0)))


def _judge(p_value: float, effect: float, alpha: float, limits: tuple[float, float]) -> Verdict:
    if p_value >= alpha or effect < limits[0]:
        return Verdict.STEADY
    return Verdict.ACT if effect >= limits[1] else Verdict.DRIFTING


def compare_texts(reference: Reference, texts: Sequence[str], vectors: NDArray[np.float32], alpha: float) -> TextDrift:
    """Compare n new tickets with the training tickets.

    Args:
        reference: of the training tickets.
        texts: n, cleaned as the model reads them.
        vectors: (n, d) float32 unit rows, of the encoder the reference was made with.
        alpha: level of each of the four tests, already corrected.
    """
    if len(texts) < LEAST_TEXTS:
        nothing = Shift(0.0, 1.0, 0.0, Verdict.UNKNOWN)
        return TextDrift(nothing, nothing, nothing, nothing, ())
    lengths = np.searchsorted(reference.lengths, [length_of(text) for text in texts], side="left")
    tenths = {str(i): count for i, count in enumerate(np.bincount(lengths, minlength=10).tolist())}
    languages = Counter(language_of(text) for text in texts)
    return TextDrift(
        words=_compare_words(reference, texts, alpha),
        vectors=_compare_vectors(reference, vectors, alpha),
        lengths=compare_shares(reference.length_tenths, tenths, alpha),
        languages=compare_shares(reference.languages, languages, alpha),
        rising=rising_words(reference, texts),
    )


def _compare_words(reference: Reference, texts: Sequence[str], alpha: float) -> Shift:
    now = np.asarray(word_buckets(texts).sum(axis=0)).ravel()
    found = float(divergence(reference.words.astype(float), now))
    p_value, expected = _chance(reference, "words", len(texts), found)
    effect = float(np.sqrt(max(0.0, found - expected)))
    return Shift(float(np.sqrt(found)), p_value, effect, _judge(p_value, effect, alpha, WORDS))


def _compare_vectors(reference: Reference, vectors: NDArray[np.float32], alpha: float) -> Shift:
    centre, _ = mean_moments(vectors)
    found = float(((centre - reference.moments) ** 2).sum())
    p_value, expected = _chance(reference, "vectors", len(vectors), found)
    between = max(0.0, found - expected) / 4
    effect = between / (between + reference.spread)
    return Shift(float(np.sqrt(found)), p_value, effect, _judge(p_value, effect, alpha, VECTORS))


def _chance(reference: Reference, measure: str, n: int, found: float) -> tuple[float, float]:
    """Tell how often chance gives so much, by a gamma distribution of the measured noise; and the noise's mean.

    Noise falls with the tickets as 1/n + 1/N; the measured size next below n is scaled by that.
    """
    rows: Sequence[Noise] = reference.noise.get(measure, ())
    if not rows:
        return 1.0, found
    row = max((r for r in rows if r.size <= n), key=lambda r: r.size, default=rows[0])
    scale = (1 / n + 1 / reference.tickets) / (1 / row.size + 1 / row.rest)
    mean, deviation = row.mean * scale, max(row.deviation * scale, 1e-12)
    shape = (mean / deviation) ** 2
    return float(gammaincc(shape, found * shape / max(mean, 1e-12))), mean


def rising_words(reference: Reference, texts: Sequence[str], top: int = 10) -> tuple[tuple[str, float, float], ...]:
    """List words that rose most: (word, share of tickets before, share now), the largest rise first.

    The share before is that of all words in the same bucket, so it is too high rather than too low. Only words in
    at least LEAST_TICKETS of the new tickets are listed.
    """
    n, rows = len(texts), []
    for word, count in word_counts(texts).items():
        before, now = min(1.0, reference.words[bucket_of(word)] / reference.tickets), count / n
        error = np.sqrt(max(before, 1 / reference.tickets) * (1 / n + 1 / reference.tickets))
        if count >= LEAST_TICKETS and now - before > _RISE * error:
            rows.append((word, round(float(before), 4), round(now, 4)))
    return tuple(sorted(rows, key=lambda row: (row[1] - row[2], row[0]))[:top])
