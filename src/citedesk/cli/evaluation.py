"""`citedesk eval`: figures, each beside a baseline in the same run."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from citedesk.batch.means import means_of
from citedesk.cli.common import PLACE, json_option, opened, print_json, print_table, progress_bar
from citedesk.cli.eval_guard import guard, outputs, poison, redteam
from citedesk.cli.eval_rephrasing import rephrasing
from citedesk.cli.eval_triage import triage
from citedesk.desk import Desk
from citedesk.encoding import open_encoder
from citedesk.settings import Settings, shipped
from citedesk.triage.rows import Columns, Place, read_rows


@click.group(name="eval")
def evaluation() -> None:
    """Measure retrieval, triage and answers."""


evaluation.add_command(triage)
evaluation.add_command(rephrasing)
for _command in (guard, outputs, poison, redteam):
    evaluation.add_command(_command)


@evaluation.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--run", "run_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the hybrid's TREC run.")
@click.option("--peer", type=click.Choice(["bm25s"]), help="Run this beside the legs, on the same passages.")
@json_option
@click.pass_obj
def retrieval(settings: Settings, folder: Path, run_file: Path | None, peer: str | None, as_json: bool) -> None:
    """Lexical, dense and hybrid on a folder in BEIR layout."""
    from citedesk.evaluate.retrieval import evaluate_retrieval, trec_lines

    encoder = open_encoder(settings)
    cache = settings.home / "eval" / f"{folder.resolve().name}.db"
    with progress_bar("encoding") as progress:
        report, run = evaluate_retrieval(folder, encoder, cache, progress, peer)
    if run_file:
        run_file.write_text("".join(line + "\n" for line in trec_lines(run)), encoding="utf-8")
    if as_json:
        print_json(report)
        return
    print_retrieval(report)


def print_retrieval(report: Mapping[str, Any]) -> None:
    """Print legs with their intervals, pairs with their test, and the run's sizes and seconds."""
    spans = {leg: {"ndcg@10, 95 %": _span(by["ndcg@10"])} for leg, by in report.get("intervals", {}).items()}
    print_table({leg: {**row, **spans.get(leg, {})} for leg, row in report["legs"].items()}, "leg")
    pairs = {f"{p['leg']} - {p['minus']}": p for p in report.get("paired", [])}
    if pairs:
        click.echo()
        print_table(
            {
                name: {"ndcg@10": f"{p['ndcg@10']:+.4f}", "95 %": _span(p["interval"], "+"), "p": f"{p['p_value']:.4f}"}
                for name, p in pairs.items()
            },
            "paired, query by query",
        )
    took = report["seconds"]
    click.echo(
        f"\n{report['queries']} queries on {report['documents']} documents ({report['passages']} passages); "
        f"indexed in {took['index']:.1f} s, a query takes {1000 * took['query_p50']:.0f} ms "
        f"(95 % below {1000 * took['query_p95']:.0f} ms)"
    )


def _span(interval: Sequence[float], sign: str = "") -> str:
    return " to ".join(f"{value:{sign}.4f}" for value in interval)


@evaluation.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--queries", default=200, show_default=True, help="Identifiers to draw.")
@click.option("--seed", default=0, show_default=True, help="Another seed draws others.")
@json_option
@click.pass_obj
def identifiers(settings: Settings, folder: Path, queries: int, seed: int, as_json: bool) -> None:
    """Whether error codes, versions, file names and other identifiers of a folder's documents are found exactly."""
    from citedesk.evaluate.identifiers import draw_identifiers, evaluate_identifiers, index_folder

    encoder = open_encoder(settings)
    cache = settings.home / "eval" / f"identifiers-{folder.resolve().name}.db"
    with progress_bar("encoding") as progress:
        documents, snapshot = index_folder(folder, encoder, cache, progress)
    probes = draw_identifiers(documents, queries, seed)
    with progress_bar("asking") as progress:
        report = evaluate_identifiers(snapshot, encoder, probes, progress)
    if as_json:
        print_json(report)
        return
    for form, legs in report["legs"].items():
        click.echo(f"\n{form}: {report['identifiers']} identifiers in {report['documents']} documents")
        print_table(legs, "leg")
    print_table(report["kinds"], "kind")
    for miss in report["missed"]:
        click.echo(json.dumps(miss, ensure_ascii=False))


@evaluation.command()
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--model", type=click.Path(path_type=Path, file_okay=False), help="Triage model to judge.")
@json_option
@click.pass_obj
def pages(settings: Settings, source: Path, model: Path | None, as_json: bool) -> None:
    """Who would be woken by labelled tickets, rightly and wrongly; and whether the right team gets them."""
    from citedesk.evaluate.pages import evaluate_pages

    with opened(settings, model) as desk, progress_bar("routing") as progress:
        report = evaluate_pages(desk, source, progress)
    if as_json:
        print_json(report)
    else:
        print_table({name: {"value": json.dumps(value)} for name, value in report.items()}, "measure")


@evaluation.command()
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--head", required=True, help="Label column.")
@click.option("--share", type=click.FloatRange(0, 0.5, min_open=True), default=0.1, show_default=True, help="To plant.")
@click.option("--seed", default=0, show_default=True, help="Another seed plants others.")
@click.option("--subject", default="subject", show_default=True, help="Column of the subject.")
@click.option("--body", default="body", show_default=True, help="Column of the body.")
@json_option
@click.pass_obj
def labels(
    settings: Settings, source: Path, head: str, share: float, seed: int, subject: str, body: str, as_json: bool
) -> None:
    """The label audit on planted wrong labels, beside the model alone, the neighbours alone and chance.

    Plants labels drawn at random and, where the policy puts the labels on a scale, labels next to the right one.
    """
    from citedesk.evaluate.labels import KINDS, evaluate_audit
    from citedesk.evaluate.triage import Bench, wanted

    with progress_bar("reading") as progress:
        bench = Bench.open(settings, wanted(subject, body, [head]), progress)
        scale = bench.policy.file.heads[head].labels if bench.ordinal(head) else ()
        report = evaluate_audit(bench.read(source), head, scale, share, seed, progress)
    if as_json:
        print_json(report)
        return
    click.echo(f"{head}: {report['tickets']} tickets; before planting {json.dumps(report['before'])}")
    for kind in (kind for kind in KINDS if kind in report):
        found = report[kind]
        click.echo(f"\n{kind}: {json.dumps({k: v for k, v in found.items() if k != 'systems'})}")
        print_table(found["systems"], "ranked by")


@evaluation.command()
@click.argument("source", metavar="FILE", type=PLACE)
@click.option("--head", "heads", multiple=True, help="Head to measure (repeatable); default: all of the model.")
@click.option("--model", type=click.Path(path_type=Path, file_okay=False), help="Triage model to use.")
@click.option(
    "--share", type=click.FloatRange(0, 0.33, min_open=True), default=0.1, show_default=True, help="Made wrong."
)
@click.option("--runs", type=click.IntRange(1), default=20, show_default=True, help="Draws.")
@click.option("--subject", default="subject", show_default=True, help="Column of the subject.")
@click.option("--body", default="body", show_default=True, help="Column of the body.")
@json_option
@click.pass_obj
def changes(
    settings: Settings,
    source: Place,
    heads: tuple[str, ...],
    model: Path | None,
    share: float,
    runs: int,
    subject: str,
    body: str,
    as_json: bool,
) -> None:
    """What a plan would apply by itself where some labels are wrong: how much of it is right, how much does harm.

    FILE holds tickets with right labels that the model did not learn from. `none` takes no account of the current
    labels, `auto` weighs them as `reclassify plan` does.
    """
    from citedesk.evaluate.changes import evaluate_changes

    means = means_of(settings, model, None, heads)
    rows = list(read_rows([source]))
    classifier = means.classifier(settings.threads)
    report = evaluate_changes(rows, classifier, Columns(subject, body), list(means.triage.model.heads), share, runs)
    if as_json:
        print_json(report)
        return
    for head, found in report.items():
        print_table({f"{float(wrong):.0%}": row for wrong, row in found.items()}, f"{head}, wrong labels")


@evaluation.command()
@click.argument("sources", metavar="FOLDER|FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--kb", "kb_folder", type=click.Path(path_type=Path), help="Documents to ask; default: the shipped ones.")
@click.option(
    "--fit",
    type=click.Path(path_type=Path, file_okay=False),
    help="Fit the evidence model on the questions of all folders and write it here.",
)
@json_option
@click.pass_obj
def answers(
    settings: Settings, sources: tuple[Path, ...], kb_folder: Path | None, fit: Path | None, as_json: bool
) -> None:
    """Recall, right citations, kept silence, and whether confidence knows when documents answer.

    FOLDER holds judged questions (expected.jsonl), or is in BEIR layout: then each question is asked with and without
    its documents. FILE holds questions with the passages that answer them in `contexts`, and a `label`.
    """
    from citedesk.evaluate.answers import examples_of
    from citedesk.evaluate.evidence import fit_evidence

    if fit is None:
        for source in sources:
            _print_answers(_measured_answers(settings, source, kb_folder), as_json)
        return
    with _asked_home(settings, kb_folder) as desk:
        fitted = fit_evidence([example for folder in sources for example in examples_of(desk, folder)])
    fit.mkdir(parents=True, exist_ok=True)
    (fit / "model.json").write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")
    print_json(fitted)


@contextmanager
def _asked_home(settings: Settings, kb_folder: Path | None) -> Iterator[Desk]:
    home = replace(settings, home=settings.home / "eval" / "answers")
    with opened(home) as desk, progress_bar("encoding") as progress:
        desk.library.add([kb_folder or shipped("kb")], progress)
        yield desk


def _measured_answers(settings: Settings, source: Path, kb_folder: Path | None) -> dict[str, object]:
    from citedesk.evaluate.answerability import evaluate_file, evaluate_folder
    from citedesk.evaluate.answers import ask_all, report

    if source.is_dir() and (source / "expected.jsonl").is_file():
        with _asked_home(settings, kb_folder) as desk:
            return report(desk, ask_all(desk, source))
    measure = evaluate_folder if source.is_dir() else evaluate_file
    own = replace(settings, home=settings.home / "eval" / f"answerable-{source.resolve().name}")
    with opened(own) as desk, progress_bar("encoding") as progress:
        return measure(desk, source, progress)


def _print_answers(measured: Mapping[str, object], as_json: bool) -> None:
    if as_json:
        print_json(measured)
    else:
        print_table({name: {"value": value} for name, value in measured.items()}, "measure")


@evaluation.command()
@click.argument("folder", type=click.Path(path_type=Path))
@json_option
def tickets(folder: Path, as_json: bool) -> None:
    """Survey example tickets: label counts, agreement of a second labelling, near-duplicates."""
    from citedesk.evaluate.corpus import survey

    found = survey(folder)
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        click.echo(f"{name}: {json.dumps(value, ensure_ascii=False)}")


@evaluation.command()
@click.option("--cases", type=click.IntRange(1), default=100_000, show_default=True, help="Citations to check.")
@click.option("--seed", default=0, show_default=True, help="Another seed makes other documents.")
@click.option("--block", type=click.IntRange(0), help="Only this block of a seed: reproduces a failure.")
@json_option
@click.pass_context
def citations(context: click.Context, cases: int, seed: int, block: int | None, as_json: bool) -> None:
    """Citations of generated documents, byte for byte: all of Unicode, all line ends, every kind of block and file.

    Exit code 1 if one is not what it claims.
    """
    from citedesk.evaluate.citations import evaluate_citations

    with progress_bar("citations") as progress:
        report = evaluate_citations(cases, seed, progress, block=block)
    if as_json:
        print_json(report)
    else:
        for name in ("paths", "documents", "features"):
            print_table({key: {"count": value} for key, value in report[name].items()}, name)
        for failure in report["failures"]:
            again = f"citedesk eval citations --seed {seed} --block {failure['block']}"
            click.echo(f"{failure['document']}: {failure['stage']}; again: {again}")
        checked = f"{report['cases']:,} citations checked in {report['seconds']:.0f} s"
        click.echo(f"{checked}, {report['failed']} failed; {report['files_refused']} files refused")
    if report["failed"]:
        context.exit(1)
