"""PDF: headings, paragraphs and hyphens out of lines; and files that are locked, empty, damaged or endless."""

import io
from collections.abc import Iterator
from itertools import count

import pypdf
import pytest
from fpdf import FPDF

from citedesk.errors import DocumentError
from citedesk.knowledge.readers.pdf import read_pdf
from citedesk.knowledge.readers.pdf_lines import Line, pages_to_markdown
from tests.reader_files import line, only, pdf


def manual(document: FPDF) -> None:
    line(document, "VPN guide", 18)
    line(document, "The VPN drops when the certifi-")
    line(document, "cate is too old. A well-")
    line(document, "known fault; well-known, indeed.")
    document.ln(8)
    line(document, "Second paragraph:")
    line(document, "1. Open it")
    line(document, "2. Close it")
    line(document, "Causes", 14)
    line(document, "It goes on and")
    document.add_page()
    line(document, "ends here.")


MARKDOWN = """# VPN guide

The VPN drops when the certificate is too old. A well-known fault; well-known, indeed.

Second paragraph:

1. Open it
2. Close it

## Causes

It goes on and ends here.
"""


def test_pages_become_headings_paragraphs_and_lists() -> None:
    draft = only(".pdf", pdf(manual, "The guide"))
    assert (draft.body, draft.front) == (MARKDOWN, {"title": "The guide", "updated_on": None})


@pytest.mark.parametrize("title", ["", "Untitled", "Microsoft Word - a.docx"])
def test_title_that_no_person_gave_is_left_to_the_heading(title: str) -> None:
    assert only(".pdf", pdf(manual, title)).front["title"] is None


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["certifi-", "cate"], "certificate\n"),
        (["well-", "known", "well-known"], "well-known well-known\n"),
        (["state-of-the-", "art"], "state-of-the-art\n"),
        (["on-line, online: on-", "line"], "on-line, online: online\n"),
        (["Smith-", "Jones"], "Smith- Jones\n"),
        (["pages 3-", "4"], "pages 3- 4\n"),
        (["soft\xad", "hyphen ﬁx"], "softhyphen fix\n"),
        (["• one", "• two"], "- one\n- two\n"),
        (["Chapter . . . . . . 7"], "Chapter … 7\n"),
        (["# no heading"], "\\# no heading\n"),
    ],
)
def test_lines_are_joined(lines: list[str], text: str) -> None:
    page = [Line(text, 10.0, 700.0 - 12 * at) for at, text in enumerate(lines)]
    assert pages_to_markdown([page]) == text


def test_running_heads_and_page_numbers_are_dropped() -> None:
    pages = [
        [Line("Manual", 8, 800), *(Line(f"{word} {n}.", 10, 700 - 40 * n) for n in range(4)), Line(f"Page {at}", 8, 20)]
        for at, word in enumerate(("red", "green", "blue"))
    ]
    assert (
        pages_to_markdown(pages)
        == "\n\n".join(" ".join(f"{word} {n}." for n in range(4)) for word in ("red", "green", "blue")) + "\n"
    )


def encrypted(password: str) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(manual)))
    writer.encrypt(password, "owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_pdf_that_opens_without_password_is_read() -> None:
    assert only(".pdf", encrypted("")).body == MARKDOWN


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (encrypted("secret"), "the PDF is encrypted; save it without a password"),
        (pdf(lambda document: document.rect(1, 1, 9, 9)), "the PDF has no text, only images"),
        (b"", "is not a PDF"),
        (b"<html>", "is not a PDF"),
        (b"%PDF-1.7\nnothing more", "the PDF is damaged"),
        (pdf(manual)[:300], "the PDF is damaged"),
    ],
)
def test_pdf_without_text_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        only(".pdf", data)


def nested_forms(levels: int) -> bytes:
    """A PDF whose page draws a form that draws a form ten times, and so on: ten to the power of `levels` drawings."""
    objects = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
               "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>",
               "<</Length 5>>stream\n/F Do\nendstream"]  # fmt: skip
    for level in range(levels):
        body = "/F Do\n" * 10
        below = f"/Resources<</XObject<</F {6 + level} 0 R>>>>"
        objects.append(
            f"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]{below}/Length {len(body)}>>stream\n{body}\nendstream"
        )
    objects.append("<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 3>>stream\n0 w\nendstream")
    out = "%PDF-1.7\n"
    for number, content in enumerate(objects, start=1):
        out += f"{number} 0 obj\n{content}\nendobj\n"
    return (out + "trailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n").encode()


def test_forms_that_draw_each_other_without_end_are_given_up() -> None:
    with pytest.raises(DocumentError, match=r"the PDF has no text|takes longer than"):
        only(".pdf", nested_forms(12))


def test_page_that_draws_for_too_long_is_refused() -> None:
    drawn = pdf(lambda document: [document.rect(1, 1, 9, 9) for _ in range(200)])
    seconds: Iterator[int] = count()
    with pytest.raises(DocumentError, match="the PDF takes longer than 120 seconds to read"):
        list(read_pdf(io.BytesIO(drawn), "a.pdf", clock=lambda: next(seconds)))
