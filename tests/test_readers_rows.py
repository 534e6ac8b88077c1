"""Tables: columns by their names, delimiters by the header, and rows that are no documents."""

import pytest

from citedesk.errors import DocumentError
from citedesk.knowledge.readers import BadRow, Draft
from tests.reader_files import read


@pytest.mark.parametrize(
    ("header", "front"),
    [
        ("id,title,text", {"id": "i", "title": "t"}),
        ("_id;Subject;BODY", {"id": "i", "title": "t"}),
        (" ID \tquestion\tAnswer ", {"id": "i", "title": "t"}),
        ("other,title,content", {"id": None, "title": "t"}),
    ],
)
def test_columns_are_found_by_name_whatever_the_delimiter(header: str, front: dict[str, object]) -> None:
    delimiter = next(mark for mark in ",;\t" if mark in header)
    assert read(".csv", f"{header}\r\n{delimiter.join('itx')}\r\n") == [Draft("x", front, 2)]


def test_columns_named_like_front_matter_are_metadata() -> None:
    table = "id,text,Labels,tags,Reviewed on,kind,service,price\na,x,staff; sre,vpn,2026-01-02,runbook,,7\n"
    assert read(".csv", table) == [
        Draft(
            "x",
            {"id": "a", "title": None, "labels": ["staff", "sre"], "tags": ["vpn"], "reviewed_on": "2026-01-02",
             "kind": "runbook"},
            2,
        )
    ]  # fmt: skip


def test_cell_keeps_its_line_breaks_quotes_and_delimiters() -> None:
    (draft,) = read(".csv", 'text\n"a ""b"", c\n- d"\n')
    assert draft == Draft('a "b", c\n- d', {"id": None, "title": None}, 2)


def test_row_without_text_is_its_title_and_a_blank_row_is_nothing() -> None:
    found = read(".csv", "title,text\nT,\n,\n\nU,u\n")
    assert [(d.row, d.body) for d in found if isinstance(d, Draft)] == [(2, "T\n"), (5, "u")]


def test_row_with_more_cells_than_the_header_is_bad_and_the_others_are_read() -> None:
    found = read(".csv", "title,text\na,b,c\nd,e\n")
    assert [type(item) for item in found] == [BadRow, Draft]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            "name;price\na;b\n",
            r"no column of the first row is named text, body, answer, content; found 'name', 'price'",
        ),
        ("", "found nothing"),
        ('text\n"never closed', "broken quoting at line 2"),
        ("text\nGröße".encode("latin-1"), "is not UTF-8 text"),
        (b"text\n\x00", "is binary"),
    ],
)
def test_broken_table_is_refused(table: str | bytes, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        read(".csv", table)


def test_cell_longer_than_the_csv_modules_own_limit_is_read() -> None:
    (draft,) = read(".csv", "text\n" + "x" * 200_000)
    assert isinstance(draft, Draft)
    assert len(draft.body) == 200_000
