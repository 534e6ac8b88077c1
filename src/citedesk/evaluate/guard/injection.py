"""Measure the detection of prompt injection: recall, false alarms, disguises, families never seen.

Leaves out reading files and printing (`cli/`). Source of the intervals: Wilson, "Probable Inference, the Law of
Succession, and Statistical Inference", JASA 1927.
"""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citedesk.errors import InputError
from citedesk.evaluate.guard.fit_injection import SEED, fit_injection, some_of, training_texts
from citedesk.evaluate.guard.fitting import Choice, fit, instances
from citedesk.evaluate.guard.obfuscate import OBFUSCATIONS, obfuscate
from citedesk.evaluate.metrics import auroc
from citedesk.guard import detect_many, injection_families
from citedesk.triage.folds import Progress, silent

Row = Mapping[str, object]

# What anybody writes first; the figure a model must beat.
_CRUDE = re.compile(
    r"(?i)ignore|disregard|forget|override|system prompt|instructions|jailbreak|pretend|act as|you are now|"
    r"access granted|\bDAN\b"
)
_BLOCK = 256
_Z = 1.959964


def evaluate_injection(rows: Sequence[Row], progress: Progress = silent, at: float | None = None) -> dict[str, object]:
    """Measure detection on labelled texts.

    Args:
        rows: `text`, `label` (1 is an attack), and, if there is one, `family`.
        progress: called with (done, total, what).
        at: least score that counts as an attack; None for the model's own.

    Returns:
        `n`, `attacks`, `recall` and `false_alarms` (null without such rows), each with share and 95 % interval, `auroc`
        (null without both), `families` with the share flagged, and the same of two `baselines`.

    Raises:
        InputError: if there is no row, or one lacks text or label.
    """
    texts, label = _read(rows)
    scores, flagged = [], []
    for first in range(0, len(texts), _BLOCK):
        for found in detect_many(texts[first : first + _BLOCK], at):
            scores.append(found.score)
            flagged.append(found.flagged)
        progress(min(first + _BLOCK, len(texts)), len(texts), "score texts")
    rules = [bool(injection_families(text)) for text in texts]
    crude = [_CRUDE.search(text) is not None for text in texts]
    return {
        **_figures(np.array(flagged), label, np.array(scores)),
        "families": _by_family(rows, np.array(flagged)),
        "baselines": {
            "keywords": _figures(np.array(crude), label, np.array(crude, dtype=float)),
            "rules": _figures(np.array(rules), label, np.array(rules, dtype=float)),
        },
    }


def _read(rows: Sequence[Row]) -> tuple[list[str], NDArray[np.bool_]]:
    if not rows:
        raise InputError("there is no row to measure on; give rows with text and label")
    for number, row in enumerate(rows, 1):
        if not isinstance(row.get("text"), str) or row.get("label") not in (0, 1):
            raise InputError(f"row {number} needs a text and a label of 0 or 1; correct it")
    return [str(row["text"]) for row in rows], np.array([row["label"] == 1 for row in rows])


def _figures(flagged: NDArray[np.bool_], attack: NDArray[np.bool_], scores: NDArray[np.float64]) -> dict[str, object]:
    both = attack.any() and not attack.all()
    return {
        "n": len(attack),
        "attacks": int(attack.sum()),
        "recall": share(flagged[attack]),
        "false_alarms": share(flagged[~attack]),
        "auroc": round(auroc(scores, attack), 4) if both else None,
    }


def share(marks: NDArray[np.bool_]) -> dict[str, object] | None:
    """Give the share of marks and its 95 % interval (Wilson, 1927); None of none."""
    n = len(marks)
    if not n:
        return None
    p = float(marks.mean())
    middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n * n))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return {"share": round(p, 4), "interval": [round(low, 4), round(high, 4)], "n": n}


def _by_family(rows: Sequence[Row], flagged: NDArray[np.bool_]) -> dict[str, object]:
    names = np.array([str(row.get("family", "")) for row in rows])
    return {name: share(flagged[names == name]) for name in sorted(set(names.tolist())) if name}


def evaluate_obfuscations(rows: Sequence[Row], seed: int = 0, progress: Progress = silent) -> dict[str, object]:
    """Measure how many attacks are still found in disguise.

    Args:
        rows: as for `evaluate_injection`; only attacks are read.
        seed: of what the disguises leave to chance.
        progress: called with (done, total, what).

    Returns:
        `plain`: the recall without disguise; `disguised`: for each name its `recall` and `loss` in points; `mean_loss`,
        `worst_loss`.
    """
    texts, attack = _read(rows)
    attacks = [text for text, is_attack in zip(texts, attack, strict=True) if is_attack]
    if not attacks:
        raise InputError("there is no attack among the rows; give rows with label 1")
    plain = _recall(attacks)
    found: dict[str, dict[str, float]] = {}
    for done, name in enumerate(OBFUSCATIONS, 1):
        recall = _recall([obfuscate(text, name, seed) for text in attacks])
        found[name] = {"recall": round(recall, 4), "loss": round(100 * (plain - recall), 2)}
        progress(done, len(OBFUSCATIONS), "disguise")
    losses = [one["loss"] for one in found.values()]
    return {
        "n": len(attacks),
        "plain": round(plain, 4),
        "disguised": found,
        "mean_loss": round(sum(losses) / len(losses), 2),
        "worst_loss": max(losses),
    }


def _recall(texts: Sequence[str]) -> float:
    return sum(found.flagged for found in detect_many(texts)) / len(texts)


def leave_one_family_out(
    folder: Path, seed: int = SEED, choice: Choice | None = None, progress: Progress = silent
) -> dict[str, object]:
    """Measure how many attacks of each family a model finds that learned from all other families.

    Args:
        folder: as for `fit_injection`.
        seed: as for `fit_injection`.
        choice: as for `fit_injection`.
        progress: called with (done, total, what).

    Returns:
        For each family of attacks its recall and 95 % interval.
    """
    choice = choice or Choice()
    texts = [text for text in training_texts(folder, seed) if text.family != "embedded"]
    found = instances([text.text for text in texts], choice, np.array([text.label == 0 for text in texts]), seed)
    families = sorted({text.family for text in texts if text.label == 1})
    result: dict[str, object] = {}
    for done, family in enumerate(families, 1):
        held = np.array([text.label == 1 and text.family == family for text in texts])
        learn = np.flatnonzero(~held)
        model = fit(some_of(found, learn, len(texts)), [texts[i] for i in learn.tolist()], choice)
        rows = np.flatnonzero(held[found.text] & (found.scale == 0))
        result[family] = share(model.scores(found.x[rows]) >= choice.levels[0])
        progress(done, len(families), "leave one family out")
    return result


__all__ = [
    "evaluate_injection",
    "evaluate_obfuscations",
    "fit_injection",
    "leave_one_family_out",
    "share",
]
