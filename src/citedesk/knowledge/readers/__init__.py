"""One reader for each format: an open file and its name in, drafts in Markdown out.

A reader's module is imported when the first file of its format is read, so that serving does not pay for it.
"""

from citedesk.errors import DocumentError
from citedesk.knowledge.readers.draft import BadRow, Draft, Reader

FORMATS = (
    ".md", ".markdown", ".txt", ".html", ".htm", ".pdf", ".docx", ".csv", ".tsv", ".jsonl", ".jsonl.gz", ".eml",
)  # fmt: skip

__all__ = ["FORMATS", "BadRow", "Draft", "Reader", "reader_of"]


def reader_of(suffix: str) -> Reader:
    """Choose the reader of a suffix.

    Raises:
        DocumentError: if there is none.
    """
    if suffix in (".md", ".markdown", ".txt"):
        from citedesk.knowledge.readers.plain import read_plain as reader
    elif suffix in (".html", ".htm"):
        from citedesk.knowledge.readers.html import read_html as reader
    elif suffix == ".pdf":
        from citedesk.knowledge.readers.pdf import read_pdf as reader
    elif suffix == ".docx":
        from citedesk.knowledge.readers.docx import read_docx as reader
    elif suffix in (".csv", ".tsv"):
        from citedesk.knowledge.readers.csv_rows import read_csv_rows as reader
    elif suffix in (".jsonl", ".jsonl.gz"):
        from citedesk.knowledge.readers.json_rows import read_json_rows as reader
    elif suffix == ".eml":
        from citedesk.knowledge.readers.eml import read_eml as reader
    else:
        raise DocumentError(f"{suffix or 'no'} suffix is not supported; give {', '.join(FORMATS)}")
    return reader
