"""A small made data set, and a model trained on it: what the triage tests share."""

from functools import lru_cache

import numpy as np

from citedesk.encoding.fake import FakeEncoder
from citedesk.settings import shipped
from citedesk.triage import Catalog, Policy, load_catalog, load_policy
from citedesk.triage.features import Inputs, read_inputs
from citedesk.triage.model import TriageModel
from citedesk.triage.training import Labelled, train

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
def trained() -> tuple[TriageModel, dict[str, dict[str, object]]]:
    """Train once a run, on 40 tickets of each label."""
    texts, priorities, teams = texts_and_labels(40, seed=1)
    labels = {"priority": np.array(priorities), "team": np.array(teams)}
    ids = [f"t{i:03}" for i in range(len(texts))]
    return train(Labelled(ids, inputs_of(texts), labels), ENCODER.name, POLICY, None, [("words",), ("words", "dense")])
