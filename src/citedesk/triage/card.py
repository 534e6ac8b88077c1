"""Write a model card: what a triage model is, what it was trained on, what it scored, what it must not do."""

from collections.abc import Mapping
from typing import Any

REPORT_COLUMNS = (
    "macro-F1", "95 %", "of majority", "kappa", "ECE", "auto from", "auto share", "right of auto", "members",
)  # fmt: skip


def report_cells(report: Mapping[str, Any]) -> list[str]:
    """Write a head's held-out measures as texts in the order of REPORT_COLUMNS; a dash where there is none."""
    low, high = report["macro_f1_interval"]
    names = ("macro_f1_majority", "qwk", "ece", "auto_at", "auto_share", "auto_precision")
    cells = ["–" if report[name] is None else str(report[name]) for name in names]
    return [str(report["macro_f1"]), f"{low} to {high}", *cells, ", ".join(report["members"])]


def cautions(head: str, report: Mapping[str, Any]) -> list[str]:
    """Say in sentences what a head's report warns of, and what more tickets would bring."""
    lines = []
    if not report["learnable"]:
        lines.append(
            f"{head}: NOTHING CAN BE LEARNED from these tickets: held-out predictions are no better than the shares "
            "of the labels. Every decision is `abstain`. Are the labels right, and do the texts say them?"
        )
    elif report["auto_at"] is None:
        lines.append(f"{head}: no threshold reaches the target precision, so nothing is decided without a person")
    if report["rare_classes"]:
        rare = ", ".join(report["rare_classes"])
        lines.append(f"{head}: too few examples, learned as `other`: {rare}")
    points, twice = report["curve"]["points"], report["curve"]["twice"]
    grown = ", ".join(f"{n}: {score}" for n, score in points)
    lines.append(f"{head}: macro-F1 by training tickets {grown}; with twice the tickets expect {twice:+.3f}")
    return lines


def model_card(about: Mapping[str, Any]) -> str:
    """Write the card of a model from its manifest's facts; Markdown."""
    lines = [
        "# Triage model",
        "",
        f"Predicts {', '.join(about['metrics'])} of support tickets from subject and body"
        + (f" and {', '.join(about['columns']['fields'])}" if about["columns"]["fields"] else "")
        + ". Each head pools linear machines over words, characters and sentence embeddings and the votes of the "
        "nearest training tickets; the policy's rules add to them with a learned weight; calibrated.",
        "",
        "## Data",
        "",
        f"{about['tickets']} labelled tickets, SHA-256 of the rows `{about['data_sha256'][:16]}`. "
        "The shipped default is trained on synthetic tickets, see `kb/tickets/card.md`.",
        "",
        "## Figures",
        "",
        f"{about['folds']}-fold cross-validation, near-duplicates kept in one fold, seed {about['seed']}. The pool "
        "that made a prediction was fitted to other folds. `auto` starts where precision is at the target with a risk "
        "of one in ten.",
        "",
        f"| head | {' | '.join(REPORT_COLUMNS)} |",
        "|---" * (len(REPORT_COLUMNS) + 1) + "|",
    ]
    lines += [f"| {head} | {' | '.join(report_cells(report))} |" for head, report in about["metrics"].items()]
    lines += ["", *(f"- {line}" for head, report in about["metrics"].items() for line in cautions(head, report))]
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
