"""txtai as its documentation shows hybrid search: `Embeddings(path=..., hybrid=True)`, everything else by default."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from txtai import Embeddings


class System:
    """A hybrid index over whole documents."""

    def __init__(self, model: str) -> None:
        self._embeddings = Embeddings(path=model, hybrid=True)

    def index(self, documents: Sequence[tuple[str, str]]) -> None:
        """Index the documents, dense and sparse."""
        self._embeddings.index((document, text, None) for document, text in documents)

    def search(self, query: str, k: int) -> list[tuple[str, float]]:
        """Find the best k."""
        return [(str(document), float(score)) for document, score in self._embeddings.search(query, k)]


def open_system(options: Mapping[str, Any]) -> System:
    """Open the system on a model folder."""
    torch.set_num_threads(options["threads"])
    return System(options["model"])
