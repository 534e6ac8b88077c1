"""A finder that needs nothing installed: words with an `@` in them. For tests, without a network."""

import re
from collections.abc import Callable, Iterator


def open_finder() -> Callable[[str], Iterator[tuple[str, int, int]]]:
    """Open the finder."""
    return lambda text: (("EMAIL_ADDRESS", *match.span()) for match in re.finditer(r"\S+@\S+", text))
