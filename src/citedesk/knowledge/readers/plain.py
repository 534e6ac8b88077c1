"""Read Markdown or plain text with optional YAML front matter."""

from collections.abc import Iterator
from typing import BinaryIO

from citedesk.knowledge.front import split_front_matter
from citedesk.knowledge.readers.draft import BadRow, Draft, unicode_text, whole


def read_plain(file: BinaryIO, name: str) -> Iterator[Draft | BadRow]:
    """Give the one text of a Markdown or text file, as it stands below its front matter.

    Raises:
        DocumentError: if it is too large, not UTF-8, or its front matter is broken.
    """
    values, body = split_front_matter(unicode_text(whole(file), name))
    yield Draft(body, values)
