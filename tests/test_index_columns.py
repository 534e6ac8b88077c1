"""Columns: round trips of anything, strings against lists, files that are no columns."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from citedesk.errors import IntegrityError
from citedesk.index.columns import (
    category,
    category_of,
    joined,
    joined_categories,
    open_columns,
    strings,
    strings_of,
    write_columns,
)

TYPES = [np.dtype(name) for name in ("u1", "<u2", "<i4", "<i8", "<f4")]
ARRAYS = st.sampled_from(TYPES).flatmap(lambda kind: arrays(kind, array_shapes(min_dims=1, max_dims=2, min_side=0)))
# Every code point, halves of surrogate pairs too.
TEXTS = st.lists(st.text(st.characters(exclude_categories=()), max_size=6), max_size=8)
ON_DISK = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(st.dictionaries(st.text("abc._", min_size=1, max_size=4), ARRAYS, max_size=4))
@ON_DISK
def test_columns_of_any_type_and_shape_come_back_bit_for_bit(tmp_path: Path, columns: dict[str, NDArray[Any]]) -> None:
    write_columns(tmp_path / "c", columns)
    found = open_columns(tmp_path / "c")
    assert {k: (a.dtype, a.shape, a.tobytes()) for k, a in found.items()} == {
        k: (a.dtype, a.shape, a.tobytes()) for k, a in columns.items()
    }


def test_columns_opened_are_read_only(tmp_path: Path) -> None:
    write_columns(tmp_path / "c", {"a": np.arange(3)})
    with pytest.raises(ValueError, match="read-only"):
        open_columns(tmp_path / "c")["a"][0] = 7


@given(TEXTS)
@ON_DISK
def test_strings_come_back_as_the_list_they_were(tmp_path: Path, texts: list[str]) -> None:
    write_columns(tmp_path / "s", strings(texts).columns("names"))
    table = strings_of(open_columns(tmp_path / "s"), "names")
    assert (table.all(), [table[i] for i in range(len(table))]) == (texts, texts)


@given(TEXTS, st.text(st.characters(exclude_categories=()), max_size=2))
@settings(deadline=None)
def test_find_among_sorted_strings_equals_the_place_in_a_list(texts: list[str], other: str) -> None:
    ordered = sorted(set(texts))
    table = strings(ordered)
    for text in (*ordered, other):
        assert table.find(text) == (ordered.index(text) if text in ordered else -1)


@given(TEXTS, st.data())
@settings(deadline=None)
def test_take_and_joined_equal_those_of_lists(texts: list[str], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=9)) if texts else []
    taken = strings(texts).take(np.array(rows, dtype=np.int64))
    assert taken.all() == [texts[row] for row in rows]
    assert joined([strings(texts), taken, strings([])]).all() == texts + taken.all()


@given(st.lists(TEXTS, max_size=4))
@ON_DISK
def test_categories_joined_equal_the_list_and_hold_each_value_once_sorted(
    tmp_path: Path, parts: list[list[str]]
) -> None:
    whole = joined_categories([category(texts) for texts in parts])
    expected = [text for texts in parts for text in texts]
    assert ([whole[row] for row in range(len(expected))], whole.values.all()) == (expected, sorted(set(expected)))
    write_columns(tmp_path / "c", whole.columns("kinds"))
    again = category_of(open_columns(tmp_path / "c"), "kinds")
    assert ([again[row] for row in range(len(expected))], again.values.all()) == (expected, sorted(set(expected)))


def test_categories_joined_drop_values_that_no_row_has() -> None:
    whole = category(["a", "b"])
    only_b = type(whole)(whole.codes[1:], whole.values)
    assert joined_categories([only_b]).values.all() == ["b"]


def _file(header: object, body: bytes = b"12345678") -> bytes:
    data = json.dumps(header).encode()
    return len(data).to_bytes(8, "little") + data + body


def _about(**changes: object) -> dict[str, object]:
    return {"a": {"dtype": "I32", "shape": [2], "data_offsets": [0, 8], **changes}}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"short",
        b"\xff" * 40,
        (2**63).to_bytes(8, "little") + b"{}",
        (3).to_bytes(8, "little") + b"{}x",
        _file([]),
        _file(7),
        _file({"a": 1}),
        _file(_about(dtype="F64")),
        _file(_about(shape=[3])),
        _file(_about(shape=[2**70])),
        _file(_about(shape="x")),
        _file(_about(data_offsets=[0, 6])),
        _file(_about(data_offsets=[0, 800])),
        _file(_about(data_offsets=[0])),
        _file(_about(data_offsets=["a", "b"])),
        (200_000).to_bytes(8, "little") + b"[" * 200_000,
    ],
    ids=range(17),
)
def test_open_of_a_damaged_header_is_an_integrity_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "c").write_bytes(data)
    with pytest.raises(IntegrityError, match="c is not a file of columns"):
        open_columns(tmp_path / "c")


@given(st.binary(max_size=60), st.integers(0, 40))
@ON_DISK
def test_open_of_any_bytes_gives_columns_or_an_integrity_error(tmp_path: Path, noise: bytes, at: int) -> None:
    good = _file(_about())
    (tmp_path / "c").write_bytes(good[:at] + noise + good[at + len(noise) :])
    try:
        open_columns(tmp_path / "c")
    except IntegrityError as error:
        assert "c is not a file of columns" in str(error)
