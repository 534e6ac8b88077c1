"""Fit the injection model that is shipped, from the texts in a folder and the shipped knowledge base and tickets.

How the levels in `Choice` were set, and what had been seen by then, stands in `kb/guard/card.md`.
Source of the probabilities: Platt, "Probabilistic Outputs for Support Vector Machines", 1999.
"""

import platform
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citedesk.evaluate.guard.artifact import Fitted, Whole, whole, write_model
from citedesk.evaluate.guard.card import write_card
from citedesk.evaluate.guard.fitting import Choice, Instances, Rows, Scores, fit, fit_glance, instances
from citedesk.evaluate.guard.texts import Text, embedded, kept_texts, read_texts
from citedesk.evaluate.metrics import auroc
from citedesk.guard.fold import fold
from citedesk.guard.injection.model import Model, first_look
from citedesk.settings import shipped
from citedesk.text import sha256

SEED = 20261123
# Files of a folder, by what they hold.
ATTACKS = ("attacks.jsonl", "attacks2.jsonl")
HARMLESS = ("benign.jsonl", "benign2.jsonl")
FOLDS = 2
# Words in a row that make two texts near-duplicates, which stay in one fold.
_SHARED = 7
# Attacks put into harmless texts, beside those that were written so.
_EMBEDDED = 600
# Share of found attacks that the first look may miss.
_MISSED = 0.002


def training_texts(folder: Path, seed: int = SEED) -> list[Text]:
    """Read what is learned from: ATTACKS and HARMLESS of a folder, as far as there are, and what is shipped beside.

    Raises:
        OSError: if one of the files cannot be read.
    """
    attacks = [text for name in ATTACKS if (folder / name).exists() for text in read_texts(folder / name, 1)]
    harmless = [text for name in HARMLESS if (folder / name).exists() for text in read_texts(folder / name, 0)]
    harmless += kept_texts(shipped("kb"))
    hosts = [text for text in harmless if text.family in ("ticket", "docs", "issue")]
    return [*attacks, *harmless, *embedded(attacks, hosts, _EMBEDDED, seed)]


def fit_injection(folder: Path, out: Path, seed: int = SEED, choice: Choice | None = None) -> dict[str, object]:
    """Fit the model and write it; the same texts, seed and versions give the same bytes.

    Args:
        folder: holds files of ATTACKS and HARMLESS.
        out: the model's folder.
        seed: of folds, chance stretches and made texts.
        choice: what cross-validation chose; None for what was.

    Returns:
        What the manifest says of data and figures.
    """
    choice = choice or Choice()
    texts = training_texts(folder, seed)
    label = np.array([text.label for text in texts])
    found = instances([text.text for text in texts], choice, label == 0, seed)
    own = out_of_fold(found, texts, choice, seed)
    slope, offset = platt(own, label == 1)
    linear = fit(found, texts, choice)
    glance, _ = whole(fit_glance(found, texts, choice))
    gate = gate_of(glance, [text.text for i, text in enumerate(texts) if label[i] == 1 and own[i] >= 0])
    about = _about(texts, own, seed)
    write_model(Fitted(linear, choice, glance, gate, slope, offset, about), out)
    write_card(out)
    return about


def out_of_fold(found: Instances, texts: Sequence[Text], choice: Choice, seed: int) -> Scores:
    """Score each whole text by a model fitted to other texts: its margin over the level."""
    groups = near_duplicates([text.text for text in texts])
    fold = np.random.default_rng(seed).permutation(len(texts))[groups] % FOLDS
    result = np.full(len(texts), -np.inf)
    for held in range(FOLDS):
        learn = np.flatnonzero(fold != held)
        model = fit(some_of(found, learn, len(texts)), [texts[i] for i in learn.tolist()], choice)
        rows = np.flatnonzero((fold[found.text] == held) & (found.scale == 0))
        result[found.text[rows]] = model.scores(found.x[rows]) - choice.levels[0]
    return result


def gate_of(glance: Whole, attacks: Sequence[str]) -> float:
    """Find what the first look sees of nearly every attack that is found: all but one in five hundred."""
    none = np.zeros(0)
    model = Model(glance, glance, 1.0, none, none, 0.0, (), 0.0, 1.0, 0.0, 0.5)
    sight = np.concatenate([[0.0], first_look(model, [fold(text).text for text in attacks])])
    return round(float(np.quantile(sight, _MISSED)), 3)


def some_of(found: Instances, texts: Rows, total: int) -> Instances:
    """Keep the stretches of some texts, which are numbered anew."""
    number = np.full(total, -1, dtype=np.int64)
    number[texts] = np.arange(len(texts))
    kept = found.take(np.flatnonzero(number[found.text] >= 0))
    return replace(kept, text=number[kept.text])


def near_duplicates(texts: Sequence[str]) -> Rows:
    """Number texts so that those that share seven words in a row have one number, that of the first."""
    parent = list(range(len(texts)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first: dict[tuple[str, ...], int] = {}
    for i, text in enumerate(texts):
        words = re.findall(r"\w+", text.lower())
        for at in range(max(1, len(words) - _SHARED + 1)):
            other = first.setdefault(tuple(words[at : at + _SHARED]), i)
            low, high = sorted((root(i), root(other)))
            parent[high] = low
    return np.array([root(i) for i in range(len(texts))])


def platt(margins: Scores, attack: NDArray[np.bool_]) -> tuple[float, float]:
    """Fit slope and offset of the probability of an attack over the margin."""
    from sklearn.linear_model import LogisticRegression

    machine = LogisticRegression(C=1e3).fit(margins[:, None], attack)
    return round(float(machine.coef_[0, 0]), 6), round(float(machine.intercept_[0]), 6)


def _about(texts: Sequence[Text], own: Scores, seed: int) -> dict[str, object]:
    import sklearn

    attack = np.array([text.label == 1 for text in texts])
    families = sorted({(text.label, text.family) for text in texts}, reverse=True)
    caught = {
        f"{'attack' if label else 'harmless'}: {family}": {
            "n": len(rows := [i for i, text in enumerate(texts) if (text.label, text.family) == (label, family)]),
            "flagged": round(float((own[rows] >= 0).mean()), 4),
        }
        for label, family in families
    }
    return {
        "data_sha256": sha256("\n".join(f"{text.label}\t{text.text}" for text in texts)),
        "texts": len(texts),
        "attacks": int(attack.sum()),
        "seed": seed,
        "folds": FOLDS,
        "auroc": round(auroc(own, attack), 4),
        "flagged": caught,
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "scikit-learn": sklearn.__version__},
    }
