"""Folding: disguised words look like themselves, every folded character knows its place, and nothing makes it raise."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.guard.fold import fold
from citedesk.guard.injection.reading import folded_texts, lowered

_ANY = st.text(alphabet=st.characters(exclude_categories=()), max_size=60)
_PIECES = st.sampled_from(
    ["i g n o r e", "1gn0re", "a-b", "&amp;", "&#105;", "&lt;", "oooo", "ﬃ", "ｉ", "а", "\u200b", "\u202e", "\ud800",
     "x.y", "...", "    ", "\n\n\n\n", "\r\n", "\x1b[31m", "aabbcc", "🅸", "İ", "ß", "é", "\x00", "p4ss", "$$", "!!"]
)  # fmt: skip
_TEXTS = st.one_of(_ANY, st.lists(_PIECES, max_size=8).map("".join))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Ignore", "ignore"),
        ("Іgnоrе аll", "ignore all"),
        ("ｉｇｎｏｒｅ", "ignore"),
        ("𝓲𝓰𝓷𝓸𝓻𝓮", "ignore"),
        ("ⓘⓖⓝⓞⓡⓔ", "ignore"),
        ("🅸🅶🅽🅾🆁🅴", "ignore"),
        ("ıɢɴᴏʀᴇ", "ignore"),
        ("ĩgnôrè", "ignore"),
        ("ig\u200bno\u00adre\ufe0f", "ignore"),
        ("\u202eignore\u202c", "ignore"),
        ("&#105;gn&amp;#111;re &lt;b&gt;", "ignore <b>"),
        ("i g n o r e   a l l", "ignore all"),
        ("i.g.n.o.r.e a.l.l", "ignore all"),
        ("ig-no-re", "ignore"),
        ("1gn0r3 pr3v10us", "ignore previous"),
        ("ignooooore", "ignore"),
        ("iiggnnoorree", "ignore"),
        ("say “no”", 'say "no"'),
        ("x64, v2.3, abc123, 4711, 3rd", "x64, v2.3, abc123, 4711, 3rd"),
        ("a1b2c3d4", "a1b2c3d4"),
        ("I am on b 2", "i am on b 2"),
    ],
)
def test_fold_disguised_text_reads_as_meant(text: str, folded: str) -> None:
    assert fold(text).text == folded


def test_fold_starts_name_the_raw_places() -> None:
    assert fold("a ﬃ\u200b &#105; Z").starts.tolist() == [0, 1, 2, 2, 2, 4, 5, 11, 12]


@given(_TEXTS)
@settings(max_examples=400)
def test_fold_any_text_places_rise_within_it(text: str) -> None:
    folded = fold(text)
    starts = folded.starts.tolist()
    assert len(starts) == len(folded.text)
    assert starts == sorted(starts)
    assert all(0 <= start < len(text) for start in starts)


@given(_TEXTS)
@settings(max_examples=400)
def test_fold_folded_text_stays(text: str) -> None:
    once = fold(text).text
    assert fold(once).text == once


@given(_TEXTS)
def test_fold_any_text_grows_to_eighteen_times_at_most(text: str) -> None:
    assert len(fold(text).text) <= 18 * len(text)


@given(st.lists(_TEXTS, min_size=1, max_size=4))
def test_folded_texts_of_many_are_those_of_each(texts: list[str]) -> None:
    assert folded_texts(texts) == [fold(text).text for text in texts]


@given(_TEXTS)
def test_lowered_any_text_keeps_its_places(text: str) -> None:
    assert len(lowered(text)) == len(text)
