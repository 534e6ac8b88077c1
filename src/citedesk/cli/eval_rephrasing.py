"""`citedesk eval rephrasing`: what of a language model's sentences reaches people; the model lies on purpose."""

from dataclasses import replace
from typing import Any

import click

from citedesk.answer.llm import require_client
from citedesk.cli.common import json_option, print_json, print_table, progress_bar
from citedesk.settings import Settings

_ROLES = ("honest", "hallucinating", "citing", "obeying", "promising", "slow", "broken")


@click.command()
@click.option("--role", type=click.Choice([*_ROLES, "all"]), default="hallucinating", show_default=True, help="Played.")
@click.option("--size", type=click.IntRange(1), default=1000, show_default=True, help="Answered suggestions.")
@click.option("--seed", default=0, show_default=True, help="Another seed lies otherwise.")
@json_option
@click.pass_obj
def rephrasing(settings: Settings, role: str, size: int, seed: int, as_json: bool) -> None:
    """What a scripted language model offers for the shipped tickets, what is kept, and whether a lie gets through.

    The model runs on the loopback interface and is asked over HTTP like any other. No other model is contacted.
    """
    require_client()
    from citedesk.evaluate.rephrasing import evaluate_rephrasing

    home = replace(settings, home=settings.home / "eval" / "rephrasing")
    with progress_bar("asking") as progress:
        report = evaluate_rephrasing(home, _ROLES if role == "all" else (role,), size, seed, progress)
    if as_json:
        print_json(report)
        return
    print_table({name: _plain(found) for name, found in report.items()}, "role")
    for name, found in report.items():
        for title in ("dropped", "extracted", "lies"):
            if found[title]:
                rows = found[title].items()
                click.echo()
                print_table({k: v if isinstance(v, dict) else {"count": v} for k, v in rows}, f"{name}: {title}")


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if not isinstance(value, dict)}
