"""Labels and ids of rows: what becomes their text, and what is said of a column that is not there."""

import pytest

from citedesk.errors import InputError
from citedesk.triage.rows import labels_of, ticket_of


def test_labels_of_any_scalar_is_its_text_trimmed() -> None:
    values = [1, 2.0, 2.5, True, False, " High ", "high", None, float("nan"), ""]
    rows: list[dict[str, object]] = [{"q": value} for value in values]
    assert labels_of([*rows, {}], "q").tolist() == [
        "1", "2", "2.5", "true", "false", "High", "high", "", "", "", "",
    ]  # fmt: skip


def test_labels_of_a_missing_column_names_the_near_ones() -> None:
    rows = [{"id": "1", "Priority": "P1", "queue": "A"}, {"priorities": "P2"}]
    with pytest.raises(InputError) as error:
        labels_of(rows, "priority")
    assert str(error.value) == (
        "the column 'priority' has 0 labels, two are needed; did you mean 'Priority' or 'priorities'? "
        "columns seen: Priority, id, priorities, queue"
    )


def test_labels_of_many_columns_names_a_dozen() -> None:
    with pytest.raises(InputError, match=r"columns seen: c00, .*, c11 and 18 more$"):
        labels_of([{f"c{i:02}": "x" for i in range(30)}], "queue")


def test_labels_of_a_list_is_refused_by_its_ticket() -> None:
    with pytest.raises(InputError, match="'q' holds a list in ticket 2"):
        labels_of([{"q": "a"}, {"q": ["a", "b"]}], "q")


@pytest.mark.parametrize(
    ("value", "expected"), [("T 1 ", "T 1 "), (7, "7"), (7.0, "7"), (None, "row-3"), ("", "row-3"), (" ", "row-3")]
)
def test_ticket_of_id_is_kept_or_made(value: object, expected: str) -> None:
    assert ticket_of({"id": value, "subject": "a"}, default_id="row-3").id == expected
