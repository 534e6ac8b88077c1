"""detect-secrets with its default plugins and filters, each text as a file of its own."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from detect_secrets import SecretsCollection
from detect_secrets.settings import default_settings


def open_finder() -> Callable[[str], Iterator[tuple[str, int, int]]]:
    """Open the scanner."""

    def find(text: str) -> Iterator[tuple[str, int, int]]:
        with tempfile.TemporaryDirectory() as folder, default_settings():
            path = Path(folder) / "text.txt"
            path.write_text(text, encoding="utf-8")
            secrets = SecretsCollection()
            secrets.scan_file(str(path))
            for _, secret in secrets:
                start = max(0, text.find(secret.secret_value or ""))
                yield secret.type, start, start + len(secret.secret_value or "")

    return find
