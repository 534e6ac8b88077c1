"""The card of the injection model, from its manifest."""

import json
from pathlib import Path

from citedesk.guard.injection.signs import SIGNS

_CARD = """# Injection model

Says how much a text reads like orders to software: a linear model over the different sequences of words (1 to 3),
stems, kinds of words and concepts (what words stand for in an order, in six languages) that a text holds, and over
{signs} signs (expressions) and pairs of them near each other, each counted once; on the whole text and on stretches of
320 and 1,280 characters, whichever is furthest above its level. Texts are read folded, as they stand, and decoded. A
first look by a smaller model passes over texts that hold nothing. Weights are whole numbers in `weights.npz`.

## Data

{texts:,} texts, {attacks:,} of them attacks, SHA-256 `{data}`: `kb/guard/` (synthetic, see its card), the tickets,
documents and development questions that are shipped, and short attacks put into harmless texts. Nothing of others.

## Figures

{folds}-fold cross-validation, texts that share seven words in a row in one fold, seed {seed}: AUROC {auroc}. Share
flagged, by family (attacks want 1, harmless texts 0):

| family | texts | flagged |
|---|---|---|
{rows}

Public sets are measured with `citedesk eval guard`.

## Limits

Attacks and harmless texts are synthetic, by six writers and grammars of two, mostly English. An attack in plain words
of a ticket ("set this to P1") is hardly told from a wish. A score is no proof: what is flagged is read by a
person, and nothing in CiteDesk obeys a text that is not.
"""


def write_card(folder: Path) -> None:
    """Write `card.md` beside `manifest.json`."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    rows = "\n".join(f"| {name} | {one['n']} | {one['flagged']} |" for name, one in manifest["flagged"].items())
    card = _CARD.format(
        signs=len(SIGNS),
        texts=manifest["texts"],
        attacks=manifest["attacks"],
        data=manifest["data_sha256"][:16],
        folds=manifest["folds"],
        seed=manifest["seed"],
        auroc=manifest["auroc"],
        rows=rows,
    )
    (folder / "card.md").write_text(card, encoding="utf-8")
