"""`citedesk eval triage`: heads judged on tickets they did not see, beside what everybody would use."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from citedesk.cli.common import json_option, print_json, print_table, progress_bar
from citedesk.settings import Settings
from citedesk.triage.folds import SEED

if TYPE_CHECKING:
    from citedesk.evaluate.few import Few

_MEASURES = ("accuracy", "macro_f1", "qwk", "ece", "ece_by_chance", "error_at_70")


@click.command()
@click.option("--train", "train_file", type=click.Path(path_type=Path), help="Labelled tickets to learn from.")
@click.option("--test", "test_file", type=click.Path(path_type=Path), help="Labelled tickets to judge on.")
@click.option(
    "--split",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Learn from this share of --train, judge on the rest: at random, and by groups of near-duplicates.",
)
@click.option("--seed", default=SEED, show_default=True, type=click.IntRange(0), help="Of --split and --few.")
@click.option("--head", "heads", multiple=True, required=True, help="Label column (repeatable).")
@click.option("--model", type=click.Path(path_type=Path, file_okay=False), help="Judge this model, do not train.")
@click.option("--subject", default="subject", show_default=True, help="Column of the subject.")
@click.option("--body", default="body", show_default=True, help="Column of the body.")
@click.option("--field", "fields", multiple=True, help="Column used as a feature, such as channel (repeatable).")
@click.option("--few", type=click.IntRange(min=20), help="Learn from this many tickets of --train, drawn by chance.")
@click.option("--repeats", default=1, show_default=True, type=click.IntRange(1, 100), help="Draws of --few.")
@click.option("--predictions", type=click.Path(path_type=Path, dir_okay=False), help="Write predictions, one a line.")
@json_option
@click.pass_obj
def triage(
    settings: Settings,
    train_file: Path | None,
    test_file: Path | None,
    split: float | None,
    seed: int,
    heads: tuple[str, ...],
    model: Path | None,
    subject: str,
    body: str,
    fields: tuple[str, ...],
    few: int | None,
    repeats: int,
    predictions: Path | None,
    as_json: bool,
) -> None:
    """A trained head beside majority and TF-IDF + logistic regression.

    With --train and --test: learn and judge; with one file as both, its column `split` says which rows are which. With
    --train and --split: judge on a share held back, at random and, without --few, by groups of near-duplicates. With
    --train alone: grouped cross-validation, with rules alone and learned heads alone beside both, and random folds
    beside grouped ones. With --test alone: judge a model as it is. Test tickets whose label was never trained on
    measure how well strange ones are told from the rest.
    """
    from citedesk.evaluate.crossvalidation import cross_validate
    from citedesk.evaluate.splits import split_and_judge, train_and_test
    from citedesk.evaluate.triage import Bench, judge_model, wanted

    _check(train_file, test_file, split, few, repeats)
    drawn = _few(few, repeats, seed)
    with progress_bar("reading") as progress:
        bench = Bench.open(settings, wanted(subject, body, heads, fields), progress)
        if train_file and test_file:
            report, rows = train_and_test(bench, train_file, test_file, drawn)
        elif train_file and split:
            report, rows = split_and_judge(bench, bench.read(train_file), split, seed, drawn)
        elif train_file:
            report, rows = cross_validate(bench, bench.read(train_file))
        elif test_file:
            report, rows = judge_model(bench, test_file, model or settings.triage_model)
    if predictions:
        predictions.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
    if as_json:
        print_json(report[0] if len(report) == 1 else report)
        return
    for one in report:
        _print_head(one)


def _check(train: Path | None, test: Path | None, split: float | None, few: int | None, repeats: int) -> None:
    if split and (test or not train):
        raise click.UsageError("--split parts the tickets of --train; give --train FILE, and no --test")
    if not (train or test):
        raise click.UsageError("give --train, --test, or both")
    if few and not (train and (test or split)):
        raise click.UsageError(
            "--few learns from --train; give --train FILE, and --test FILE or --split 0.8 to judge on"
        )
    if repeats > 1 and not few:
        raise click.UsageError("--repeats repeats the draw of --few; give --few N")


def _few(tickets: int | None, repeats: int, seed: int) -> "Few | None":
    from citedesk.evaluate.few import Few

    return Few(tickets, repeats, seed) if tickets else None


def _print_head(report: Mapping[str, Any]) -> None:
    if "split" in report:
        click.echo(f"\nsplit: {json.dumps(report['split'])}")
    for name, one in report.get("splits", {"": report}).items():
        by = f", {name} split" if name else ""
        click.echo(f"\n{one['head']}{by}: {one['n_train']} to learn from, {one['n_test']} to judge on")
        print_table({"citedesk": {k: one.get(k) for k in _MEASURES}, **one["baseline"]}, "system")
        for block in ("members", "sets", "scope", "decisions", "copies_in_training", "extra"):
            if one.get(block) is not None:
                click.echo(f"{block}: {json.dumps(one[block])}")
        if "few" in one:
            _print_few(one["few"])


def _print_few(few: Mapping[str, Any]) -> None:
    click.echo(f"{few['tickets']} tickets drawn {few['repeats']} times, macro-F1:")
    runs: dict[str, Mapping[str, Any]] = {f"seed {run['seed']}": run for run in few["runs"]}
    shown = ("macro_f1", "baseline", "gain")
    for name in ("mean", "sd"):
        runs[name] = {measure: few[measure][name] for measure in shown}
    print_table({name: {k: run[k] for k in shown} for name, run in runs.items()}, "draw")
