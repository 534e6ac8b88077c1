"""The encoder that serves: the compiled graph under ONNX Runtime. Torch is never imported.

Built once into the home folder, checked by hash on every open.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citedesk.encoding import minilm
from citedesk.encoding.protocol import Progress, Vectors
from citedesk.errors import IntegrityError
from citedesk.store.failures import storage_errors
from citedesk.text import sha256_file

# Texts a batch: above this, throughput on two cores no longer rises.
BATCH = 16
# Characters of a text that can matter: 256 tokens of at most a few dozen characters each. Cutting here
# keeps a megabyte of text from being tokenised in vain.
MAX_CHARACTERS = 20_000
# Texts are padded to the next multiple of this many tokens, and only texts of one padded length share a
# batch: padding moves the last bits of a float sum, so it must depend on the text alone.
PAD_TOKENS = 16
# Vectors are rounded to this grid, so that the last bits of another processor rarely show.
GRID = np.float32(2**20)


class CompiledEncoder:
    """all-MiniLM-L6-v2 in int8 on the CPU."""

    def __init__(self, graph: Path, tokenizer: Path, name: str, threads: int) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.name = name
        self.dimension = minilm.DIMENSION
        self.window = minilm.WINDOW

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text, markers included."""
        return len(self._tokenizer.encode(text).ids)

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Encode texts; see `Encoder.encode`. Texts of one padded length share a batch."""
        tokens = [self._ids(text) for text in texts]
        vectors = np.zeros((len(tokens), self.dimension), dtype=np.float32)
        for rows in _batches(tokens):
            vectors[rows] = self._run([tokens[i] for i in rows])
            if progress:
                progress(len(rows))
        return np.asarray(np.round(vectors * GRID) / GRID, dtype=np.float32)

    def _ids(self, text: str) -> list[int]:
        # A lone surrogate, as an ill-coded command line gives, is no character; the tokenizer refuses it.
        valid = text[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8")
        ids: list[int] = self._tokenizer.encode(valid).ids
        return ids if len(ids) <= self.window else [*ids[: self.window - 1], ids[-1]]

    def _run(self, tokens: list[list[int]]) -> NDArray[np.float32]:
        ids = np.zeros((len(tokens), _padded(tokens[0])), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, sequence in enumerate(tokens):
            ids[row, : len(sequence)] = sequence
            mask[row, : len(sequence)] = 1
        output = self._session.run(["vector"], {"input_ids": ids, "attention_mask": mask})
        return np.asarray(output[0], dtype=np.float32)


def _padded(tokens: Sequence[int]) -> int:
    return -(-len(tokens) // PAD_TOKENS) * PAD_TOKENS


def _batches(tokens: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Group positions by padded length, shortest first, at most BATCH together."""
    order = sorted(range(len(tokens)), key=lambda i: (len(tokens[i]), i))
    for _, group in groupby(order, key=lambda i: _padded(tokens[i])):
        rows = list(group)
        yield from (rows[at : at + BATCH] for at in range(0, len(rows), BATCH))


def open_compiled(folder: Path, threads: int) -> CompiledEncoder:
    """Open the compiled encoder in `folder`, building it first if it is not there.

    Raises:
        IntegrityError: if the packaged weights or the compiled graph differ from their hash.
        StorageError: if the folder cannot be written.
    """
    from citedesk.encoding.version import SCHEME

    name = f"all-MiniLM-L6-v2/{minilm.WEIGHTS_SHA256[:12]}/{SCHEME}"
    home = folder / f"minilm-{SCHEME}"
    source = minilm.model_folder()
    if not (home / "manifest.json").is_file():
        _build(source, home)
    tokenizer = minilm.checked(source, "tokenizer.json", minilm.TOKENIZER_SHA256)
    return CompiledEncoder(_checked_graph(home), tokenizer, name, threads)


def _build(source: Path, home: Path) -> None:
    from citedesk.encoding.graph import compile_graph

    weights = minilm.checked(source, "model.safetensors", minilm.WEIGHTS_SHA256)
    with storage_errors():
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.parent, prefix=".building-") as temporary:
            target = Path(temporary) / "encoder.onnx"
            compile_graph(weights, target)
            home.mkdir(exist_ok=True)
            digest = sha256_file(target)
            target.replace(home / "encoder.onnx")
        manifest = {"sha256": digest, "weights_sha256": minilm.WEIGHTS_SHA256}
        written = home / f".manifest-{os.getpid()}"
        written.write_text(json.dumps(manifest), encoding="utf-8")
        written.replace(home / "manifest.json")


def _checked_graph(home: Path) -> Path:
    graph = home / "encoder.onnx"
    try:
        expected = json.loads((home / "manifest.json").read_text(encoding="utf-8"))["sha256"]
    except (ValueError, LookupError, TypeError, OSError) as error:
        raise _set_aside(home) from error
    if not graph.is_file() or sha256_file(graph) != expected:
        raise _set_aside(home)
    return graph


def _set_aside(home: Path) -> IntegrityError:
    """Forget a damaged build, so that the next run makes it again from the checked weights."""
    (home / "manifest.json").unlink(missing_ok=True)
    return IntegrityError("the compiled encoder is damaged; it was set aside: run the command again and it is rebuilt")
