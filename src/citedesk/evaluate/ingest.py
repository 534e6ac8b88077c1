"""Measure adding documents against the encoder alone: what reading, cutting, storing and indexing cost beside it."""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from citedesk.desk import open_desk
from citedesk.encoding import open_encoder
from citedesk.guard import mask_secrets
from citedesk.knowledge import chunk, load_paths
from citedesk.knowledge.build import Progress
from citedesk.knowledge.chunk import context
from citedesk.settings import Settings


def measure_ingest(settings: Settings, folder: Path, progress: Progress | None = None) -> dict[str, object]:
    """Add a folder to a new home, add it again unchanged, and encode the same passages alone.

    Args:
        settings: threads and encoder.
        folder: documents.
        progress: called with (documents indexed, documents to index).

    Returns:
        Seconds of each; passages a second of adding and of the encoder alone, and their ratio.
    """
    encoder = open_encoder(settings)
    documents = load_paths([folder], mask_secrets).documents
    texts = [context(d.title, p, d.text) for d in documents for p in chunk(d, encoder.count_tokens, encoder.window)]
    unique = list(dict.fromkeys(texts))
    with tempfile.TemporaryDirectory() as temporary:
        home = replace(settings, home=Path(temporary) / "home")
        open_encoder(home)  # compiled before the clock starts, as on any home that is in use
        began = time.perf_counter()
        desk = open_desk(home)
        added = desk.library.add([folder], progress)
        seconds = time.perf_counter() - began
        began = time.perf_counter()
        again = desk.library.add([folder])
        unchanged = time.perf_counter() - began
        desk.close()
    began = time.perf_counter()
    encoder.encode(unique)
    alone = time.perf_counter() - began
    return {
        "documents": added.build.documents,
        "passages": added.build.passages,
        "encoded": added.build.encoded,
        "add_seconds": round(seconds, 1),
        "encoder_alone_seconds": round(alone, 1),
        "passages_per_second": round(added.build.encoded / seconds, 1),
        "encoder_alone_per_second": round(len(unique) / alone, 1),
        "share_of_encoder_rate": round(added.build.encoded / seconds / (len(unique) / alone), 3),
        "unchanged_seconds": round(unchanged, 2),
        "unchanged_encoded": again.build.encoded,
    }
