"""Structured fields: categories, numbers, lists; what is missing, new or odd is nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.triage.fields import Fields, Values, field_values, fit_fields
from citedesk.types import Ticket

_CHANNELS: list[Values] = [{"channel": c} for c in ("mail", "Mail ", "mail", "chat", "chat", "chat", "fax", "fax")]
_NUMBERS: list[Values] = [{"age": i} for i in range(21)]  # mean 10, deviation the root of 110/3


def test_fit_fields_categories_seen_three_times_get_a_column_whatever_their_case() -> None:
    assert fit_fields(_CHANNELS).categories == (("channel", "chat"), ("channel", "mail"))


def test_transform_category_is_half_in_its_column() -> None:
    rows = fit_fields(_CHANNELS).transform([{"channel": "CHAT"}, {"channel": "mail"}])
    assert rows.toarray().tolist() == [[0.5, 0.0], [0.0, 0.5]]


@pytest.mark.parametrize(
    "row", [{}, {"channel": None}, {"channel": ""}, {"channel": "fax"}, {"channel": "pigeon"}, {"other": "mail"}]
)
def test_transform_missing_rare_or_new_value_is_nothing(row: Values) -> None:
    assert fit_fields(_CHANNELS).transform([row]).nnz == 0


def test_transform_list_has_a_column_for_each_of_its_values() -> None:
    fields = fit_fields([{"tags": ["a", "b"]}] * 3 + [{"tags": ["b"]}])
    assert fields.transform([{"tags": ["b", "zz"]}, {"tags": ("a", "b", "a")}]).toarray().tolist() == [
        [0.0, 0.5],
        [0.5, 0.5],
    ]


def test_fit_fields_value_twice_in_a_list_counts_one_ticket() -> None:
    assert len(fit_fields([{"tags": ["a", "a", "a"]}, {"tags": ["a"]}])) == 0


def test_fit_fields_many_different_numbers_are_a_number() -> None:
    (number,) = fit_fields(_NUMBERS).numbers
    assert number[0] == "age"
    assert number[1:] == pytest.approx((10.0, np.sqrt(110 / 3)))


@pytest.mark.parametrize(
    ("value", "deviations"), [(10, 0.0), ("10", 0.0), (10 + np.sqrt(110 / 3), 1.0), (1e9, 3.0), (-1e9, -3.0)]
)
def test_transform_number_is_its_deviations_over_three_halved(value: object, deviations: float) -> None:
    assert fit_fields(_NUMBERS).transform([{"age": value}])[0, 0] == pytest.approx(deviations / 3 / 2, abs=1e-6)


@pytest.mark.parametrize("value", [None, "", "n/a", "nan", "inf", float("nan"), 10**400, 1e308, True, [1], {"a": 1}])
def test_transform_what_is_no_number_is_nothing(value: object) -> None:
    assert fit_fields(_NUMBERS).transform([{"age": value}]).nnz == 0


def test_fit_fields_few_different_numbers_are_categories() -> None:
    fields = fit_fields([{"floor": i % 3} for i in range(30)])
    assert (fields.categories, fields.numbers) == ((("floor", "0"), ("floor", "1"), ("floor", "2")), ())


def test_fit_fields_numbers_among_words_are_categories() -> None:
    rows: list[Values] = [*_NUMBERS, {"age": "unknown"}, {"age": "unknown"}, {"age": "unknown"}]
    assert fit_fields(rows).categories == (("age", "unknown"),)


def test_fields_names_and_columns_are_categories_then_numbers() -> None:
    fields = fit_fields([{"age": i, "channel": "mail"} for i in range(21)])
    assert ([fields.name(i) for i in range(len(fields))], fields.names) == (["channel=mail", "age"], ("channel", "age"))


def test_transform_no_fields_gives_no_columns() -> None:
    assert Fields().transform([{"a": 1}, {}]).shape == (2, 0)


_VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.text(max_size=3))


@given(rows=st.lists(st.dictionaries(st.sampled_from(["a", "b"]), _VALUES), min_size=1, max_size=12))
@settings(deadline=None)
def test_transform_any_values_stay_within_a_half(rows: list[dict[str, object]]) -> None:
    fields = fit_fields([*rows, *_CHANNELS, *_NUMBERS])
    values = fields.transform(rows).toarray()
    assert (values.shape, bool(np.isfinite(values).all()), bool((np.abs(values) <= 0.5).all())) == (
        (len(rows), len(fields)),
        True,
        True,
    )


def test_field_values_known_columns_and_others_are_read_and_empty_ones_left_out() -> None:
    ticket = Ticket("t", "s", "b", channel="mail", fields={"floor": 3, "room": "", "site": None})
    names = ["channel", "requester", "floor", "room", "site"]
    assert field_values(ticket, names) == {"channel": "mail", "floor": 3}
