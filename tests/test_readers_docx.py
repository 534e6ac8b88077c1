"""Word documents: styles as Markdown, and packages made to hurt."""

import datetime
from typing import Any

import pytest

from citedesk.errors import DocumentError
from tests.reader_files import only, word, zipped

BODY = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{}</w:body></w:document>'
RELS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Target='
    '"word/document.xml" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>'
    "</Relationships>"
)


def guide(document: Any) -> None:
    document.core_properties.title = "The guide"
    document.core_properties.modified = datetime.datetime(2026, 2, 3)
    document.add_heading("Reset", 1)
    document.add_paragraph("Set max_conn first.")
    document.add_paragraph("one", style="List Number")
    document.add_paragraph("two", style="List Number")
    document.add_paragraph("dot", style="List Bullet")
    table = document.add_table(2, 2)
    for at, text in enumerate(("Key", "Value", "a|b", "2")):
        table.cell(at // 2, at % 2).text = text


def test_document_becomes_markdown() -> None:
    draft = only(".docx", word(guide))
    assert (draft.body, draft.front) == (
        "# Reset\n\nSet max_conn first.\n\n1. one\n2. two\n\n- dot\n\n| Key | Value |\n| --- | --- |\n| a\\|b | 2 |\n",
        {"title": "The guide", "updated_on": "2026-02-03"},
    )


def package(document: str | bytes, **more: str | bytes) -> bytes:
    return zipped({"_rels/.rels": RELS, "word/document.xml": document, **more})


def test_document_of_the_least_parts_is_read() -> None:
    assert only(".docx", package(BODY.format("<w:p><w:r><w:t>Text</w:t></w:r></w:p>"))).body == "Text\n"


LAUGHS = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + BODY.format("&b;")
EXTERNAL = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + BODY.format(
    "<w:p><w:r><w:t>&a;</w:t></w:r></w:p>"
)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not a whole zip archive"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 999, "is encrypted, or an old .doc"),
        (zipped({"a.txt": "x"}), "is not a Word document"),
        (word(guide)[:-99], "is not a whole zip archive"),
        (package(LAUGHS), "declares XML entities"),
        (package(EXTERNAL), "declares XML entities"),
        (package(LAUGHS.encode("utf-16")), "declares XML entities"),
        (package(BODY.format("<w:p>")), "a part of the document is not XML"),
        (package(BODY.format("<w:p>" * 500 + "</w:p>" * 500)), "has over 300,000 elements, or 100 within each other"),
        (package(BODY.format("<w:p/>" * 300_001)), "unpacks to more than 200 times its size|has over 300,000 elements"),
        (package(BODY.format(""), **{"word/styles.xml": b"<a>" + b" " * 9_000_000 + b"</a>"}), "200 times its size"),
        (package("<other/>"), "the document is damaged"),
    ],
)  # fmt: skip
def test_package_that_is_broken_or_hostile_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        only(".docx", data)
