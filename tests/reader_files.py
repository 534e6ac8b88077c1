"""Small files of each format, made by the libraries people use, and the one call that reads them."""

import io
import zipfile
from collections.abc import Callable, Mapping

import docx
from fpdf import FPDF

from citedesk.knowledge.readers import BadRow, Draft, reader_of


def read(suffix: str, data: bytes | str) -> list[Draft | BadRow]:
    """Read bytes as a file of a format."""
    content = data if isinstance(data, bytes) else data.encode()
    return list(reader_of(suffix)(io.BytesIO(content), f"file{suffix}"))


def only(suffix: str, data: bytes | str) -> Draft:
    """Read a file that holds one document."""
    (draft,) = read(suffix, data)
    assert isinstance(draft, Draft)
    return draft


def pdf(draw: Callable[[FPDF], object], title: str = "") -> bytes:
    """Make a PDF whose first page stands open for drawing."""
    document = FPDF()
    if title:
        document.set_title(title)
    document.add_page()
    document.set_font("helvetica", size=11)
    draw(document)
    return bytes(document.output())


def line(document: FPDF, text: str, size: float = 11) -> None:
    """Draw one line of text."""
    document.set_font("helvetica", size=size)
    document.cell(0, 6, text, new_x="LMARGIN", new_y="NEXT")


def word(write: Callable[..., object]) -> bytes:
    """Make a Word document."""
    document = docx.Document()
    write(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def zipped(members: Mapping[str, bytes | str]) -> bytes:
    """Pack members into a zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()
