"""The encoder that serves: the compiled graph under ONNX Runtime. Torch is never imported.

Built once into the home folder, checked by hash on every open.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citedesk.encoding import minilm
from citedesk.encoding.protocol import Progress, Vectors
from citedesk.errors import IntegrityError
from citedesk.store.failures import storage_errors
from citedesk.text import sha256_file

# Tokens a batch: enough to hide the cost of a call, few enough that activations stay near the core.
BATCH_TOKENS = 512
# Characters of a text that can matter: 256 tokens of at most a few dozen characters each. Cutting here
# keeps a megabyte of text from being tokenised in vain.
MAX_CHARACTERS = 20_000
# Fused, an addition and the layer normalisation after it run seven times slower (ONNX Runtime 1.32, CPU).
_SLOW_FUSIONS = ["SkipLayerNormFusion"]
# Vectors are rounded to this grid, so that the last bits of another processor rarely show.
GRID = np.float32(2**20)


class CompiledEncoder:
    """all-MiniLM-L6-v2 in int8 on the CPU."""

    def __init__(self, graph: Path, tokenizer: Path, name: str, threads: int) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        # One thread a batch, and batches side by side: no waiting at barriers, and the same bits.
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(graph), options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOW_FUSIONS
        )
        self._threads = threads
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
        """Encode texts; see `Encoder.encode`. Texts of one length in tokens share a batch."""
        tokens = self._tokens(texts)
        vectors = np.zeros((len(tokens), self.dimension), dtype=np.float32)
        batches = list(_batches(tokens))
        for rows, found in zip(batches, self._run_all(tokens, batches), strict=True):
            vectors[rows] = found
            if progress:
                progress(len(rows))
        return np.asarray(np.round(vectors * GRID) / GRID, dtype=np.float32)

    def _run_all(self, tokens: list[list[int]], batches: list[list[int]]) -> Iterator[NDArray[np.float32]]:
        """Run the batches, `threads` at a time, in order; the runtime lets go of the interpreter's lock."""
        work = ([tokens[i] for i in rows] for rows in batches)
        if self._threads == 1 or len(batches) < 2:
            yield from map(self._run, work)
            return
        with ThreadPoolExecutor(self._threads) as pool:
            yield from pool.map(self._run, work)

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        # A lone surrogate, as an ill-coded command line gives, is no character; the tokenizer refuses it.
        valid = [text[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8") for text in texts]
        return [_cut(self._tokenizer.encode(text).ids, self.window) for text in valid]

    def _run(self, tokens: list[list[int]]) -> NDArray[np.float32]:
        output = self._session.run(["vector"], {"input_ids": np.array(tokens, dtype=np.int64)})
        return np.asarray(output[0], dtype=np.float32)


def _cut(ids: list[int], window: int) -> list[int]:
    """Keep what fits, the end marker included."""
    return ids if len(ids) <= window else [*ids[: window - 1], ids[-1]]


def _batches(tokens: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Group positions by length, longest first, at most BATCH_TOKENS tokens together.

    Nothing is padded: padding moves the last bits of a float sum. Longest first, so that the threads
    finish together.
    """
    order = sorted(range(len(tokens)), key=lambda i: (-len(tokens[i]), i))
    for length, group in groupby(order, key=lambda i: len(tokens[i])):
        rows, size = list(group), max(1, BATCH_TOKENS // length)
        yield from (rows[at : at + size] for at in range(0, len(rows), size))


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
