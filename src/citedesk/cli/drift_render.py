"""Show a drift report in a terminal, or as one page of HTML without scripts."""

from collections.abc import Iterator, Sequence
from html import escape

from rich.console import Console
from rich.table import Table

from citedesk.evaluate.drift import DriftReport, HeadDrift, Window
from citedesk.triage.drift import Shift, TextDrift, Verdict

_BARS = "▁▂▃▄▅▆▇█"
_COLUMNS = ("from", "tickets", "auto", "suggest", "abstain", "judged", "changed", "auto judged", "auto changed")
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{padding:.2rem .8rem;text-align:right;border-bottom:1px solid #ccc}"
    "td:first-child,th:first-child{text-align:left}"
)


def sparkline(values: Sequence[float | None], top: float = 1.0) -> str:
    """Draw shares as bars, the highest at `top`; a dot where there is none."""
    step = len(_BARS) - 1
    return "".join("·" if v is None else _BARS[min(step, round(step * v / top))] for v in values)


def _trends(head: HeadDrift) -> str:
    auto = [w.decisions.get("auto", 0) / w.tickets for w in head.windows]
    changed = [w.auto_overridden / w.auto_judged if w.auto_judged else None for w in head.windows]
    top = max([2 * head.spent.budget, *(c for c in changed if c is not None)])
    return f"auto {sparkline(auto)}   auto changed {sparkline(changed, top)} (full: {top:.0%})"


def _cells(window: Window) -> list[str]:
    shares = [f"{window.decisions.get(d, 0) / window.tickets:.0%}" for d in ("auto", "suggest", "abstain")]
    pairs = ((window.judged, window.overridden), (window.auto_judged, window.auto_overridden))
    judged = [text for n, k in pairs for text in (str(n), f"{k / n:.0%}" if n else "-")]
    return [window.start or "undated", str(window.tickets), *shares, *judged]


def _shift(name: str, shift: Shift) -> str:
    if shift.verdict is Verdict.UNKNOWN:
        return f"{name}: not compared"
    return f"{name}: {shift.verdict}, distance {shift.distance:.3f}, effect {shift.effect:.4f}, p {shift.p_value:.2g}"


def _budget(head: HeadDrift) -> str:
    s = head.spent
    if not s.judged:
        return f"error budget {s.budget:.0%}: nothing judged yet"
    share = f"{s.overridden} of the last {s.judged} judged auto labels changed ({s.overridden / s.judged:.0%})"
    return f"error budget {s.budget:.0%}: {share}, evidence {s.evidence:.3g} of 20, p of one test {s.p_value:.2g}"


def _text_lines(text: TextDrift | None) -> Iterator[str]:
    if text is None:
        yield "text: unknown, nothing to compare"
        return
    known = text.verdict in (Verdict.DRIFTING, Verdict.ACT)
    yield f"text: {text.verdict}: " + ("train again on recent tickets" if known else "nothing to do")
    for name in ("words", "vectors", "lengths", "languages"):
        yield "  " + _shift(name, getattr(text, name))
    if text.rising:
        risen = ", ".join(f"{word} {before:.1%} to {now:.1%}" for word, before, now in text.rising)
        yield f"  words that rose (share before: at most): {risen}"


def _lead(report: DriftReport) -> str:
    other = f"; {report.other_models} of other models left out" if report.other_models else ""
    against = (
        f"{report.training_tickets} training tickets"
        if report.training_tickets
        else "nothing: the model keeps no reference, train it again"
    )
    return f"{report.tickets} tickets classified by model {report.model} against {against}{other}"


def _head_lines(name: str, head: HeadDrift) -> Iterator[str]:
    yield f"{name}: {head.verdict}: {'; '.join(head.advice)}"
    yield "  " + _shift("labels", head.labels)
    if head.given.verdict is not Verdict.UNKNOWN:
        yield "  " + _shift("right labels", head.given)
    yield "  " + _shift("decisions", head.decisions)
    yield "  " + _budget(head)


def print_report(console: Console, report: DriftReport) -> None:
    """Print the verdicts, then each head's windows with a sparkline."""
    console.print(_lead(report), soft_wrap=True)
    for line in _text_lines(report.text):
        console.print(line, soft_wrap=True)
    for name, head in report.heads.items():
        console.print()
        for line in _head_lines(name, head):
            console.print(line, soft_wrap=True)
        if head.windows:
            table = Table(*_COLUMNS, box=None)
            for window in head.windows:
                table.add_row(*_cells(window))
            console.print(table)
            console.print("  " + _trends(head), soft_wrap=True)


def html_page(report: DriftReport) -> str:
    """Write the report as one page of HTML; it loads nothing."""
    parts = [f"<h1>Drift</h1><p>{escape(_lead(report))}</p>", _paragraphs(_text_lines(report.text))]
    for name, head in report.heads.items():
        parts.append(f"<h2>{escape(name)}: {head.verdict}</h2>{_paragraphs(_head_lines(name, head))}")
        rows = "".join(_row("td", _cells(window)) for window in head.windows)
        trends = f"<p>{escape(_trends(head))}</p>" if head.windows else ""
        parts.append(f"<table>{_row('th', _COLUMNS)}{rows}</table>{trends}")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>CiteDesk drift</title><style>{_STYLE}</style>'
        + "".join(parts)
        + "</html>\n"
    )


def _paragraphs(lines: Iterator[str]) -> str:
    return "".join(f"<p>{escape(line.strip())}</p>" for line in lines)


def _row(tag: str, cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"
