"""Model folders and labelled files made of the triage tests' tickets."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from citedesk.encoding import Encoder
from citedesk.text import sha256_file
from citedesk.triage.artifact import save_model
from citedesk.triage.features import read_inputs
from citedesk.triage.holdout import text_hash
from citedesk.triage.training import Labelled, train
from tests.triage_data import CATALOG, ENCODER, POLICY, texts_and_labels


def model_folder(
    folder: Path,
    seed: int,
    encoder: Encoder = ENCODER,
    shuffled: bool = False,
    heads: Sequence[str] = ("priority", "team"),
) -> Path:
    """Train on 40 tickets of each label, or on labels that mean nothing, and save."""
    texts, priorities, teams = texts_and_labels(40, seed)
    labels = {"priority": np.array(priorities), "team": np.array(teams)}
    if shuffled:
        order = np.random.default_rng(seed).permutation(len(texts))
        labels = {head: column[order] for head, column in labels.items()}
    inputs = read_inputs(texts, encoder.encode(texts), POLICY, CATALOG, list(heads))
    ids = [f"s{seed}-{i:03}" for i in range(len(texts))]
    data = Labelled(ids, inputs, {head: labels[head] for head in heads})
    made = train(data, encoder.name, POLICY, candidates=[("words",)])
    about = {"tickets": len(texts), "data_sha256": f"{seed:064x}", "seed": seed, "metrics": made.reports}
    save_model(folder, made.model, about, f"# Model {seed}\n")
    rows = json.dumps({"texts": sorted(text_hash(text) for text in texts)})
    (folder / "rows.json").write_text(rows, encoding="utf-8")
    sign(folder, "rows.json")
    return folder


def sign(folder: Path, *added: str) -> None:
    """Write a manifest that agrees with the files as they are now."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = {name: sha256_file(folder / name) for name in [*manifest["files"], *added]}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def labelled_file(path: Path, per_label: int, seed: int) -> Path:
    """Write labelled tickets, one JSON a line."""
    texts, priorities, teams = texts_and_labels(per_label, seed)
    rows = [
        {"id": f"h{seed}-{i:03}", "subject": "", "body": text, "priority": priority, "team": team}
        for i, (text, priority, team) in enumerate(zip(texts, priorities, teams, strict=True))
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
