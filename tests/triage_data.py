"""A small made data set, and a model trained on it: what the triage tests share."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from citedesk.encoding.fake import FakeEncoder
from citedesk.settings import shipped
from citedesk.triage import Catalog, Policy, load_catalog, load_policy
from citedesk.triage.features import Inputs, read_inputs
from citedesk.triage.training import Labelled, Trained, train

ENCODER = FakeEncoder()
POLICY: Policy = load_policy(shipped("kb") / "policy.toml")
CATALOG: Catalog = load_catalog(shipped("kb") / "catalog.toml")

# label -> team, and words its tickets are made of
_TOPICS = {
    "P1": (
        "security",
        ["intruder", "copied", "customer", "records", "breach", "everywhere", "dumped", "tables", "outside"],
    ),
    "P3": ("workplace-it", ["printer", "paper", "jam", "laptop", "mouse", "tray", "toner", "office", "desk"]),
    "P4": ("billing-payments", ["invoice", "copy", "question", "vat", "address", "statement", "month", "booking"]),
}


def texts_and_labels(per_label: int, seed: int) -> tuple[list[str], list[str], list[str]]:
    """Make tickets: (texts, priorities, teams)."""
    rng = np.random.default_rng(seed)
    rows = [
        (" ".join(rng.choice(words, 6)) + f" ref{rng.integers(10**6)}", label, team)
        for _ in range(per_label)
        for label, (team, words) in _TOPICS.items()
    ]
    texts, priorities, teams = zip(*rows, strict=True)
    return list(texts), list(priorities), list(teams)


def inputs_of(texts: list[str]) -> Inputs:
    """Read inputs with the fake encoder and the shipped policy."""
    return read_inputs(texts, ENCODER.encode(texts), POLICY, CATALOG, ["priority", "team"])


@lru_cache(maxsize=1)
def trained() -> Trained:
    """Train once a run, on 40 tickets of each label."""
    return train(labelled(40, seed=1), ENCODER.name, POLICY, candidates=[("words",), ("words", "dense")])


@lru_cache(maxsize=1)
def trained_on_all() -> Trained:
    """Train once a run with every member and a structured field, on 40 tickets of each label."""
    data = labelled(40, seed=1)
    fields = [
        {"floor": "ground" if label == "workplace-it" else f"floor {i % 4}"}
        for i, label in enumerate(data.labels["team"])
    ]
    data = replace(data, inputs=replace(data.inputs, fields=fields))
    return train(data, ENCODER.name, POLICY, candidates=[("text", "dense", "network", "neighbours")])


def labelled(per_label: int, seed: int) -> Labelled:
    """Make labelled tickets, ids t000 and so on."""
    texts, priorities, teams = texts_and_labels(per_label, seed)
    labels = {"priority": np.array(priorities), "team": np.array(teams)}
    return Labelled([f"t{i:03}" for i in range(len(texts))], inputs_of(texts), labels)
