"""A peer for the lexical leg: bm25s, with its own tokenizer, over the same passages.

Source: Lù, "BM25S: Orders of magnitude faster lexical search via eager sparse scoring", 2024.
"""

from collections.abc import Callable, Sequence

import numpy as np

from citedesk.errors import MissingDependencyError
from citedesk.index.bm25 import K1, B
from citedesk.knowledge.chunk import context
from citedesk.types import Document, Passage

# Passages taken of the peer's ranking; enough for a hundred documents.
DEPTH = 1000
Search = Callable[[str], list[tuple[int, float]]]


def passage_texts(documents: Sequence[Document], passages: Sequence[Passage]) -> list[str]:
    """Write the indexed text of each passage again, in their order."""
    by_id = {document.id: document for document in documents}
    owners = (by_id[passage.document_id] for passage in passages)
    return [context(d.title, passage, d.text) for d, passage in zip(owners, passages, strict=True)]


def bm25s_peer(texts: Sequence[str]) -> Search:
    """Index passages with bm25s as Lucene scores: k1 1.2, b 0.75, Snowball English, English stop words.

    Args:
        texts: the indexed text of each passage.

    Returns:
        A search: query -> (position, score > 0), best first.

    Raises:
        MissingDependencyError: if bm25s is not installed.
    """
    try:
        import bm25s
        import Stemmer
    except ImportError as error:
        raise MissingDependencyError(
            "the peer needs bm25s, which is not installed; run: pip install 'citedesk[dev]'"
        ) from error
    stemmer = Stemmer.Stemmer("english")
    index = bm25s.BM25(method="lucene", k1=K1, b=B)
    index.index(bm25s.tokenize(list(texts), stopwords="en", stemmer=stemmer, show_progress=False), show_progress=False)

    def search(query: str) -> list[tuple[int, float]]:
        split = bm25s.tokenize([query], stopwords="en", stemmer=stemmer, return_ids=False, show_progress=False)
        # The peer refuses words it has not seen.
        known = [word for word in split[0] if word in index.vocab_dict]
        scores = np.asarray(index.get_scores(known) if known else np.zeros(len(texts)), dtype=np.float32)
        best = [int(i) for i in np.argsort(-scores, kind="stable")[:DEPTH]]
        return [(i, float(scores[i])) for i in best if scores[i] > 0]

    return search
