"""Whatever bytes a reader is given, it gives text or raises DocumentError, and nothing else."""

import io
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citedesk.errors import DocumentError
from citedesk.knowledge.front import check_body, front_matter
from citedesk.knowledge.load import SUFFIXES
from citedesk.knowledge.readers import FORMATS, BadRow, reader_of
from citedesk.knowledge.unpack import check_member, open_member, open_zip
from tests.reader_files import pdf, word, zipped
from tests.test_readers_docx import guide
from tests.test_readers_eml import mail
from tests.test_readers_html import PAGE
from tests.test_readers_pdf import manual

SAMPLES = {
    ".md": b"---\ntitle: a\nlabels: [x]\n---\n# b\n",
    ".txt": b"text\n",
    ".html": PAGE.encode(),
    ".pdf": pdf(manual, "title"),
    ".docx": word(guide),
    ".csv": b'id,text\n1,"a\nb"\n',
    ".jsonl": b'{"_id": "a", "text": "b", "metadata": {"tags": "c"}}\n',
    ".eml": mail("plain", "<p>html").as_bytes(),
}


def damaged(sample: bytes) -> st.SearchStrategy[bytes]:
    """Cut a good file short, or put other bytes somewhere in it."""
    at = st.integers(0, len(sample))
    cut = at.map(lambda n: sample[:n])
    patched = st.tuples(at, st.binary(min_size=1, max_size=8)).map(lambda p: sample[: p[0]] + p[1] + sample[p[0] + 4 :])
    return cut | patched


def read_all(suffix: str, data: bytes) -> None:
    """Read bytes to the end, and each draft as far as it would be checked."""
    try:
        for item in reader_of(suffix)(io.BytesIO(data), f"a{suffix}"):
            if isinstance(item, BadRow):
                assert item.reason
                continue
            check_body(item.body)
            front_matter(dict(item.front))
    except DocumentError as error:
        assert str(error)


@pytest.mark.parametrize("suffix", FORMATS)
@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_arbitrary_bytes_give_text_or_our_error(suffix: str, data: bytes) -> None:
    read_all(suffix, data)


@pytest.mark.parametrize("suffix", sorted(SAMPLES))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(draw=st.data())
def test_damaged_file_gives_text_or_our_error(suffix: str, draw: st.DataObject) -> None:
    read_all(suffix, draw.draw(damaged(SAMPLES[suffix])))


@settings(max_examples=200, deadline=None)
@given(data=damaged(zipped({"a.md": "text" * 99, "b/c.md": "x"})) | st.binary(max_size=99).map(b"PK\x03\x04".__add__))
def test_damaged_zip_gives_members_or_our_error(data: bytes) -> None:
    try:
        with open_zip(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                check_member(member)
                with open_member(archive, member) as opened:
                    list(reader_of(".md")(opened, "a.md"))
    except DocumentError as error:
        assert str(error)


def test_every_suffix_but_zip_has_a_reader() -> None:
    found: list[Callable[..., object]] = [reader_of(suffix) for suffix in SUFFIXES if suffix != ".zip"]
    assert len(found) == len(FORMATS)


def test_other_suffix_has_no_reader() -> None:
    with pytest.raises(DocumentError, match=r"\.exe suffix is not supported"):
        reader_of(".exe")
