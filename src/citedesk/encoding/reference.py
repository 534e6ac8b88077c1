"""Any sentence-transformers model, on the CPU or a GPU: the reference, and the choice of bigger sites.

Leaves out quantisation and remote code; only safetensors are read.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from citedesk.encoding import minilm
from citedesk.encoding.protocol import Progress, Vectors
from citedesk.errors import InputError, MissingDependencyError
from citedesk.text import sha256_file

# Texts a batch: the library's own choice on a CPU; a GPU is idle with so few.
BATCH, GPU_BATCH = 32, 256
# What decides a model's vectors: settings, vocabulary and weights; not its card.
_DECIDING = (".json", ".txt", ".model", ".safetensors")
# Digits of a digest in the name.
_DIGITS = 12


class ReferenceEncoder:
    """A sentence-transformers model under torch, on the device torch chooses.

    If the model defines prompts for queries and documents, they are put before the texts.
    """

    def __init__(self, model: str) -> None:
        self._model = _load(model)
        self.name = f"sentence-transformers/{Path(model).name}/{_identity(model, self._model)}"
        self.device = str(self._model.device)
        self.batch = BATCH if self._model.device.type == "cpu" else GPU_BATCH
        # Renamed in sentence-transformers 5.2; the old name warns there.
        renamed = getattr(self._model, "get_embedding_dimension", None)
        self.dimension = int((renamed or self._model.get_sentence_embedding_dimension)() or 0)
        self.window = int(self._model.max_seq_length or minilm.WINDOW)

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text, markers included."""
        return len(self._model.tokenizer(text)["input_ids"])

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Encode passages; see `Encoder.encode`."""
        return self._encode(self._model.encode_document, texts, progress)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Encode queries; see `QueryEncoder.encode_queries`."""
        return self._encode(self._model.encode_query, texts, None)

    def _encode(self, encode: Callable[..., Any], texts: Sequence[str], progress: Progress | None) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for at in range(0, len(texts), self.batch):
            part = list(texts[at : at + self.batch])
            vectors[at : at + self.batch] = encode(
                part, batch_size=self.batch, normalize_embeddings=True, show_progress_bar=False
            )
            if progress:
                progress(len(part))
        return vectors


def _load(model: str) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise MissingDependencyError("run: pip install 'sentence-transformers>=5' torch==2.13.0") from error
    try:
        return SentenceTransformer(model, trust_remote_code=False, model_kwargs={"use_safetensors": True})
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot load the encoder {model!r}; name a folder with a sentence-transformers model in "
            "safetensors, or make its hub reachable"
        ) from error


def _identity(model: str, loaded: Any) -> str:
    """Name the weights: a folder by the digest of its files, a hub's model by its commit, else by its tensors."""
    folder = Path(model)
    if folder.is_dir():
        return folder_digest(folder)
    commit = getattr(getattr(getattr(loaded[0], "auto_model", None), "config", None), "_commit_hash", None)
    if commit:
        return str(commit)[:_DIGITS]
    digest = hashlib.sha256()
    for name, tensor in sorted(loaded.state_dict().items()):
        digest.update(name.encode() + tensor.cpu().float().numpy().tobytes())
    return digest.hexdigest()[:_DIGITS]


def folder_digest(folder: Path) -> str:
    """Digest the files of a model folder that decide its vectors, their names included."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in _DECIDING and p.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()} {sha256_file(path)}\n".encode())
    return digest.hexdigest()[:_DIGITS]


def open_reference_minilm() -> ReferenceEncoder:
    """Open the packaged MiniLM under sentence-transformers, its weights checked first."""
    folder = minilm.model_folder()
    minilm.checked(folder, "model.safetensors", minilm.WEIGHTS_SHA256)
    return ReferenceEncoder(str(folder))


def default_encode(threads: int) -> Callable[[Sequence[str]], Vectors]:
    """Give sentence-transformers' own `encode` of the packaged MiniLM, its defaults untouched: the peer.

    Args:
        threads: torch's threads, >= 1; set for the whole process.
    """
    minilm.checked(minilm.model_folder(), "model.safetensors", minilm.WEIGHTS_SHA256)
    model = _load(str(minilm.model_folder()))
    import torch

    torch.set_num_threads(threads)
    return lambda texts: np.asarray(model.encode(list(texts), show_progress_bar=False), dtype=np.float32)
