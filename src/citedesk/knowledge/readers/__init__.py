"""One reader for each format: an open file and its name in, drafts in Markdown out."""

from collections.abc import Mapping

from citedesk.knowledge.readers.csv_rows import read_csv_rows
from citedesk.knowledge.readers.docx import read_docx
from citedesk.knowledge.readers.draft import BadRow, Draft, Reader
from citedesk.knowledge.readers.eml import read_eml
from citedesk.knowledge.readers.html import read_html
from citedesk.knowledge.readers.json_rows import read_json_rows
from citedesk.knowledge.readers.pdf import read_pdf
from citedesk.knowledge.readers.plain import read_plain

READERS: Mapping[str, Reader] = {
    ".md": read_plain,
    ".markdown": read_plain,
    ".txt": read_plain,
    ".html": read_html,
    ".htm": read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
    ".csv": read_csv_rows,
    ".tsv": read_csv_rows,
    ".jsonl": read_json_rows,
    ".jsonl.gz": read_json_rows,
    ".eml": read_eml,
}

__all__ = ["READERS", "BadRow", "Draft", "Reader"]
