"""sentence-transformers as its documentation shows it: default `encode` and the exact cosine of `semantic_search`."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from sentence_transformers import SentenceTransformer, util


class System:
    """Embeddings of whole documents, compared one by one."""

    def __init__(self, model: str) -> None:
        self._model = SentenceTransformer(model, device="cpu")
        self._ids: list[str] = []
        self._vectors: Any = None

    def index(self, documents: Sequence[tuple[str, str]]) -> None:
        """Encode the documents; what is beyond the model's window is cut off, as by default."""
        self._ids = [document for document, _ in documents]
        self._vectors = self._model.encode([text for _, text in documents], convert_to_tensor=True)

    def search(self, query: str, k: int) -> list[tuple[str, float]]:
        """Find the best k by cosine."""
        vector = self._model.encode(query, convert_to_tensor=True)
        hits = util.semantic_search(vector, self._vectors, top_k=k)[0]
        return [(self._ids[int(hit["corpus_id"])], float(hit["score"])) for hit in hits]


def open_system(options: Mapping[str, Any]) -> System:
    """Open the system on a model folder."""
    torch.set_num_threads(options["threads"])
    return System(options["model"])
