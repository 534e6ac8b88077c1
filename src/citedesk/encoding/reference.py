"""Any sentence-transformers model, on the CPU or a GPU: the reference, and the choice of bigger sites."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from citedesk.encoding import minilm
from citedesk.encoding.protocol import Progress, Vectors
from citedesk.errors import InputError, MissingDependencyError

BATCH = 32


class ReferenceEncoder:
    """A sentence-transformers model under torch."""

    def __init__(self, model: str) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise MissingDependencyError("run: pip install sentence-transformers torch==2.13.0") from error
        try:
            self._model = SentenceTransformer(model, trust_remote_code=False, model_kwargs={"use_safetensors": True})
        except (OSError, ValueError) as error:
            raise InputError(
                f"cannot load the encoder {model!r}; name a folder with a sentence-transformers model in "
                "safetensors, or make its hub reachable"
            ) from error
        self.name = f"sentence-transformers/{Path(model).name}"
        # Renamed in sentence-transformers 5.2; the old name warns there.
        renamed = getattr(self._model, "get_embedding_dimension", None)
        self.dimension = int((renamed or self._model.get_sentence_embedding_dimension)() or 0)
        self.window = int(self._model.max_seq_length or minilm.WINDOW)

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text, markers included."""
        return len(self._model.tokenizer(text)["input_ids"])

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Encode texts; see `Encoder.encode`."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for at in range(0, len(texts), BATCH):
            part = list(texts[at : at + BATCH])
            vectors[at : at + BATCH] = self._model.encode(
                part, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
            )
            if progress:
                progress(len(part))
        return vectors


def open_reference_minilm() -> ReferenceEncoder:
    """Open the packaged MiniLM under sentence-transformers, its weights checked first."""
    folder = minilm.model_folder()
    minilm.checked(folder, "model.safetensors", minilm.WEIGHTS_SHA256)
    return ReferenceEncoder(str(folder))
