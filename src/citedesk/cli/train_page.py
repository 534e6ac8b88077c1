"""Write what training reports as one page of HTML: plots, tables; no script, and it loads nothing.

It shows labels and the ids of tickets, never their text.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from citedesk.cli.page import figure, page, table
from citedesk.cli.svg import Axis, Plane, band, chart, dot, line, matrix, plain, shares
from citedesk.triage.card import REPORT_COLUMNS, cautions, report_cells
from citedesk.triage.curves import chance_band

# Labels up to which the confusion is drawn; of more the commonest mistakes are listed.
_DRAWN = 24
_MISTAKES = 15
# Points of the learning curve below which nothing is expected of more tickets.
_LEAST_POINTS = 3
# Radius of the dot of the fullest bin, whose area stands for its tickets, and of the smallest that can be seen.
_FULLEST, _SMALLEST = 9.0, 2.0
_LABEL_COLUMNS = ("n", "precision", "recall", "decided alone", "right of these")

Report = Mapping[str, Any]


def html_page(about: Report) -> str:
    """Write the page of a model from its manifest's facts; well-formed as XML, too."""
    heads: Mapping[str, Report] = about["metrics"]
    lead = (
        f"{about['tickets']} labelled tickets, SHA-256 of the rows {about['data_sha256'][:16]}. Every figure is of "
        f"tickets held out from training: {about['folds']}-fold cross-validation, near-duplicates kept in one fold."
    )
    rows = [(head, report["n"], *report_cells(report)) for head, report in heads.items()]
    parts = [f"<h1>Trained heads</h1><p>{plain(lead)}</p>", table(("head", "tickets", *REPORT_COLUMNS), rows)]
    parts += [_section(head, report) for head, report in heads.items()]
    return page("CiteDesk training", parts)


def _section(head: str, report: Report) -> str:
    plots = (_reliability(report), _risk(report), _curve(report))
    said = "".join(f"<p>{plain(text)}</p>" for text in cautions(head, report))
    return (
        f"<h2>{plain(head)}</h2>{said}"
        f'<div class="plots">{"".join(plots)}{_confusion(report)}</div>'
        f"<h3>By label</h3>{_by_label(report)}<h3>Surest and wrong</h3>{_disagreements(report)}"
    )


def _reliability(report: Report) -> str:
    plane = Plane(shares("stated probability"), shares("share right"))
    bins = report["reliability"]
    most = max(n for _, _, n in bins)
    spans = [(sure, *chance_band(sure, n)) for sure, _, n in bins]
    dots = [
        dot(
            plane,
            (sure, right),
            f"{n} tickets: stated {sure:.1%}, right {right:.1%}",
            max(_SMALLEST, _FULLEST * math.sqrt(n / most)),
        )
        for sure, right, n in bins
    ]
    drawn = chart(plane, "Reliability", band(plane, spans), line(plane, [(0, 0), (1, 1)], "even"), *dots)
    outside = sum(not low <= right <= high for (_, right, _), (_, low, high) in zip(bins, spans, strict=True))
    return figure(
        drawn,
        f"Reliability. A dot is a bin of tickets, its area their number; true probabilities lie on the dashed line. "
        f"Chance alone keeps 95 of 100 of them inside the band; outside here: {outside} of {len(bins)}.",
    )


def _risk(report: Report) -> str:
    points = report["risk_coverage"]
    whole = points[-1][1]
    auto = None if report["auto_precision"] is None else (report["auto_share"], 1 - report["auto_precision"])
    plane = Plane(shares("share of tickets decided, surest first"), _errors([*points, *([auto] if auto else [])]))
    marks = [line(plane, [(0.1, whole), (1.0, whole)], "even"), line(plane, points)]
    marks += [dot(plane, (covered, error), f"{covered:.0%} decided: {error:.1%} wrong") for covered, error in points]
    said = "Risk over coverage. Dashed: the error if sure and unsure tickets were mixed."
    if auto:
        marks.append(dot(plane, auto, f"auto: {auto[0]:.1%} decided, {auto[1]:.1%} wrong", 8, "mark"))
        said += f" Ring: what `auto` decides, from probability {report['auto_at']} up."
    return figure(chart(plane, "Risk over coverage", *marks), said)


def _errors(points: Iterable[tuple[float, float]]) -> Axis:
    """Make an axis from 0 to the largest error, with a tick at every 5 or 10 %."""
    twentieths = max(2, math.ceil(20 * max(error for _, error in points)))
    steps = range(0, twentieths + 1, 1 if twentieths <= 6 else 2)
    return Axis("error among them", 0.0, twentieths / 20, {step / 20: f"{5 * step} %" for step in steps})


def _curve(report: Report) -> str:
    points = [(math.log2(n), score) for n, score in report["curve"]["points"] if n]
    twice = report["curve"]["twice"]
    ahead = [(points[-1][0] + 1, min(1.0, points[-1][1] + twice))] if len(points) >= _LEAST_POINTS else []
    sizes = {x: str(round(2**x)) for x, _ in points + ahead}
    across = Axis("training tickets, doubling", min(sizes) - 0.3, max(sizes) + 0.3, sizes)
    plane = Plane(across, _scores([score for _, score in points + ahead]))
    marks = [line(plane, points), *(dot(plane, (x, score), f"{sizes[x]} tickets: {score}") for x, score in points)]
    said = "Learning curve, on one held-out fold, so steps are uncertain."
    if ahead:
        marks.append(line(plane, [points[-1], *ahead], "expected"))
        marks.append(dot(plane, ahead[0], f"expected: {ahead[0][1]:.3f}", 6, "mark"))
        said += f" Ring: what twice as many tickets would bring if gains shrink as they did, {twice:+.3f}."
    return figure(chart(plane, "Learning curve", *marks), said)


def _scores(values: Sequence[float]) -> Axis:
    """Make an axis of macro-F1 around values, from tenth to tenth."""
    low, high = math.floor(10 * min(values) - 0.5), math.ceil(10 * max(values) + 0.5)
    low, high = max(0, low), min(10, high)
    return Axis("macro-F1", low / 10, high / 10, {tenth / 10: str(tenth / 10) for tenth in range(low, high + 1)})


def _confusion(report: Report) -> str:
    rows: Mapping[str, Mapping[str, int]] = report["confusion"]
    if len(rows) <= _DRAWN:
        return figure(
            matrix("Confusion", rows),
            "Confusion. Rows: the true label; columns: what was said; shaded by the share of the row.",
        )
    pairs = [(n, true, said) for true, row in rows.items() for said, n in row.items() if true != said]
    worst = sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2]))[:_MISTAKES]
    listed = table(("true", "said", "tickets"), [(true, said, n) for n, true, said in worst])
    return figure(listed, f"The commonest mistakes among {len(rows)} labels.")


def _by_label(report: Report) -> str:
    names = ("n", "precision", "recall", "auto_share", "auto_precision")
    rows = [(label, *(found[name] for name in names)) for label, found in report["by_label"].items()]
    return table(("label", *_LABEL_COLUMNS), rows)


def _disagreements(report: Report) -> str:
    names = ("id", "label", "said", "probability")
    rows = [[one[name] for name in names] for one in report["disagreements"]]
    return table(("ticket", "its label", "said", "probability"), rows, "words")
