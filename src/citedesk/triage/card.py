"""Write a model card: what a triage model is, what it was trained on, what it scored, what it must not do."""

from collections.abc import Mapping
from typing import Any

REPORT_COLUMNS = ("macro-F1", "of majority", "quadratic kappa", "auto from", "auto share", "right of auto", "features")
_MEASURES = ("macro_f1", "macro_f1_majority", "qwk", "auto_at", "auto_share", "auto_precision")


def report_cells(report: Mapping[str, Any]) -> list[str]:
    """Write a head's held-out measures as texts in the order of REPORT_COLUMNS; a dash where there is none."""
    cells = ["–" if report[name] is None else str(report[name]) for name in _MEASURES]
    return [*cells, ", ".join(report["blocks"])]


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
        "The threshold of `auto` was set on these same held-out predictions, so its precision here is the target, "
        "not a test.",
        "",
        f"| head | {' | '.join(REPORT_COLUMNS)} |",
        "|---" * (len(REPORT_COLUMNS) + 1) + "|",
    ]
    lines += [f"| {head} | {' | '.join(report_cells(report))} |" for head, report in about["metrics"].items()]
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
