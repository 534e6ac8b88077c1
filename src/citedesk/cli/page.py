"""What the pages that commands write share: the frame, its style, tables and figures; no script, and nothing is loaded.

Every text is escaped here. Pages are well-formed as XML, too.
"""

from collections.abc import Iterable, Sequence

from citedesk.cli.svg import STYLE, plain

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:66rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;display:block;overflow-x:auto}"
    "td,th{padding:.2rem .8rem;text-align:right;border-bottom:1px solid #8886}"
    "td:first-child,th:first-child,.words td,.words th{text-align:left}td{unicode-bidi:isolate}"
    ".plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:1rem 2rem}"
    "figure{margin:0}figcaption{font-size:13px}"
)
# Forbids what the page does without anyway.
_ALONE = "default-src 'none'; style-src 'unsafe-inline'"


def page(title: str, parts: Iterable[str], style: str = "") -> str:
    """Write a page of parts that are HTML already; `style` is added to the common one."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"/>'
        f'<meta http-equiv="Content-Security-Policy" content="{plain(_ALONE)}"/>'
        '<meta name="viewport" content="width=device-width"/>'
        f"<title>{plain(title)}</title><style>{_STYLE}{STYLE}{style}</style></head>"
        f"<body>{''.join(parts)}</body></html>\n"
    )


def figure(drawn: str, caption: str) -> str:
    """Put a caption below a drawing or a table."""
    return f"<figure>{drawn}<figcaption>{plain(caption)}</figcaption></figure>"


def table(header: Sequence[str], rows: Iterable[Sequence[object]], kind: str = "numbers") -> str:
    """Write a table, a dash where a cell is None; its kind is `numbers`, or `words`, which stand at the left."""
    head = "".join(f'<th scope="col">{plain(cell)}</th>' for cell in header)
    body = ("".join(f"<td>{'–' if cell is None else plain(cell)}</td>" for cell in row) for row in rows)
    return f'<table class="{kind}"><tr>{head}</tr>{"".join(f"<tr>{row}</tr>" for row in body)}</table>'
