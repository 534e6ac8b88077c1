"""Decoding, hashing and sentence spans."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.errors import InputError
from citedesk.text import decode, sentence_spans, sha256, sha256_file, strip_span

# The digest of "abc" printed in FIPS 180-4.
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def sentences(text: str) -> list[str]:
    return [text[a:b] for a, b in sentence_spans(text)]


def test_sha256_of_abc_is_the_published_digest() -> None:
    assert sha256("abc") == ABC


def test_sha256_file_reads_the_bytes_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    assert sha256_file(path) == ABC


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_decode_of_every_accepted_encoding_gives_the_text(codec: str) -> None:
    assert decode("Größe: 3 µs\r\n✓".encode(codec), "a.md") == "Größe: 3 µs\r\n✓"


def test_decode_of_big_endian_utf16_with_its_mark_gives_the_text() -> None:
    assert decode(b"\xfe\xff" + "naïve".encode("utf-16-be"), "a.md") == "naïve"


def test_decode_of_latin1_names_file_byte_offset_and_remedy() -> None:
    with pytest.raises(InputError) as raised:
        decode("Gr\xf6\xdfe".encode("latin-1"), "a.md")
    assert str(raised.value) == (
        "a.md is not UTF-8 text (byte 0xf6 at offset 2); save it as UTF-8, or convert it with: iconv -f latin1 -t utf-8"
    )


def test_decode_of_a_bad_byte_after_a_mark_names_that_byte() -> None:
    with pytest.raises(InputError, match=r"byte 0xe9 at offset 6"):
        decode(b"\xef\xbb\xbfab \xe9 c", "a.md")


def test_decode_of_binary_names_the_first_nul_byte() -> None:
    with pytest.raises(InputError, match=r"a\.md is binary, not text \(NUL byte at 3\); give a text file"):
        decode(b"PNG\x00\x01", "a.md")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t ", []),
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Use e.g. Redis. Then stop.", ["Use e.g. Redis.", "Then stop."]),
        ("Ask J. Smith. Done.", ["Ask J. Smith.", "Done."]),
        ("Version 2.14.3 is out. Good.", ["Version 2.14.3 is out.", "Good."]),
        ('He said "stop." Then left.', ['He said "stop."', "Then left."]),
        ("first line\nsecond line\r\n\r\nthird", ["first line", "second line", "third"]),
        ("It failed. why? nobody knows", ["It failed. why? nobody knows"]),
    ],
)
def test_sentence_spans_of_known_texts_are_those_by_hand(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(alphabet="aB.!? \n\r\"')(e.g", max_size=80), st.integers(0, 40), st.integers(0, 40))
def test_sentence_spans_of_any_part_cover_it_in_order(text: str, a: int, b: int) -> None:
    start, end = sorted((min(a, len(text)), min(b, len(text))))
    spans = sentence_spans(text, start, end)
    edges = [start, *(edge for span in spans for edge in span), end]
    gaps = [text[x:y] for x, y in zip(edges[::2], edges[1::2], strict=True)]
    assert edges == sorted(edges)
    assert "".join(gaps).strip() == ""


@given(st.text(alphabet="a \t\n\u3000"), st.text(alphabet="b \n"))
def test_strip_span_gives_what_str_strip_gives(before: str, after: str) -> None:
    text = before + after
    start, end = strip_span(text, 0, len(text))
    assert text[start:end] == text.strip()
