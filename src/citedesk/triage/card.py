"""Write a model card: what a triage model is, what it was trained on, what it scored, what it must not do."""

from collections.abc import Mapping
from typing import Any


def model_card(about: Mapping[str, Any]) -> str:
    """Write the card of a model from its manifest's facts; Markdown."""
    lines = [
        "# Triage model",
        "",
        f"Predicts {', '.join(about['metrics'])} of support tickets from subject and body. Linear models over words, "
        "characters and sentence embeddings, to which the policy's rules add with a learned weight; calibrated.",
        "",
        "## Data",
        "",
        f"{about['tickets']} labelled tickets, SHA-256 of the rows `{about['data_sha256'][:16]}`. "
        "The shipped default is trained on synthetic tickets, see `kb/tickets/card.md`.",
        "",
        "## Figures",
        "",
        f"{about['folds']}-fold cross-validation, near-duplicates kept in one fold, seed {about['seed']}.",
        "",
        "| head | macro-F1 | of majority | quadratic kappa | auto from | auto share | right of auto | features |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for head, r in about["metrics"].items():
        cells = (
            r["macro_f1"],
            r["macro_f1_majority"],
            r["qwk"],
            r["auto_at"],
            r["auto_share"],
            r["auto_precision"],
        )
        shown = " | ".join("–" if cell is None else str(cell) for cell in cells)
        lines.append(f"| {head} | {shown} | {', '.join(r['blocks'])} |")
    return "\n".join(
        [
            *lines,
            "",
            "## Limits",
            "",
            "Thresholds hold for tickets like the training tickets. On another site's tickets expect less; train on",
            "its own history with `citedesk train`. Text in languages other than English is read mostly through",
            "characters and policy signals. The model ranks; the policy decides who is woken.",
            "",
        ]
    )
