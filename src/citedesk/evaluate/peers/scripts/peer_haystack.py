"""Haystack's documented hybrid pipeline: BM25 and embedding retrievers joined by reciprocal rank fusion.

The documented ranker at the end is left out: it needs a second model, a cross-encoder, which no other system here has.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from haystack import Document, Pipeline
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)


class System:
    """The documented pipeline over the in-memory store."""

    def __init__(self, model: str) -> None:
        self._store = InMemoryDocumentStore()
        self._embedder = SentenceTransformersDocumentEmbedder(model=model, progress_bar=False)
        self._embedder.warm_up()
        self._pipeline = _hybrid(self._store, model)

    def index(self, documents: Sequence[tuple[str, str]]) -> None:
        """Embed the documents and write them to the store."""
        made = [Document(id=document, content=text) for document, text in documents]
        self._store.write_documents(self._embedder.run(made)["documents"])

    def search(self, query: str, k: int) -> list[tuple[str, float]]:
        """Find the best k; each retriever gives as many, as by default."""
        inputs = {
            "text_embedder": {"text": query},
            "bm25_retriever": {"query": query, "top_k": k},
            "embedding_retriever": {"top_k": k},
            "document_joiner": {"top_k": k},
        }
        found = self._pipeline.run(inputs)["document_joiner"]["documents"]
        return [(str(document.id), float(document.score)) for document in found]


def _hybrid(store: Any, model: str) -> Any:
    pipeline = Pipeline()
    pipeline.add_component("text_embedder", SentenceTransformersTextEmbedder(model=model, progress_bar=False))
    pipeline.add_component("embedding_retriever", InMemoryEmbeddingRetriever(store))
    pipeline.add_component("bm25_retriever", InMemoryBM25Retriever(store))
    pipeline.add_component("document_joiner", DocumentJoiner(join_mode="reciprocal_rank_fusion"))
    pipeline.connect("text_embedder", "embedding_retriever")
    pipeline.connect("bm25_retriever", "document_joiner")
    pipeline.connect("embedding_retriever", "document_joiner")
    pipeline.warm_up()
    return pipeline


def open_system(options: Mapping[str, Any]) -> System:
    """Open the system on a model folder."""
    torch.set_num_threads(options["threads"])
    return System(options["model"])
