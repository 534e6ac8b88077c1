"""Write the injection model: weights as whole numbers, manifest and card; the same bytes each time."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citedesk.evaluate.guard.fitting import Choice, Linear
from citedesk.guard.injection.grams import WIDTH
from citedesk.guard.injection.model import FORMAT
from citedesk.guard.injection.seen import MEASURES, SEEN
from citedesk.text import sha256_bytes

Whole = NDArray[np.signedinteger]
Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted model. glance, gate: see `Model`. slope, offset: of the probability over the margin. about: more."""

    linear: Linear
    choice: Choice
    glance: Whole
    gate: float
    slope: float
    offset: float
    about: Mapping[str, object]


def write_model(fitted: Fitted, out: Path) -> None:
    """Write `weights.npz`, `manifest.json` and `card.md` into a folder, which is made."""
    out.mkdir(parents=True, exist_ok=True)
    linear, choice = fitted.linear, fitted.choice
    weights, unit = whole(linear)
    signs, sign_unit = _whole(linear.weights[WIDTH : WIDTH + SEEN] * choice.signs, 16)
    data = _npz({"glance": fitted.glance, "signs": signs, "weights": weights})
    manifest = {
        "format": FORMAT,
        "sha256": sha256_bytes(data),
        "unit": unit,
        "sign_unit": sign_unit,
        "measures": {
            name: round(float(w), 6) for name, w in zip(MEASURES, linear.weights[WIDTH + SEEN :], strict=True)
        },
        "bias": round(linear.bias, 6),
        "levels": list(choice.levels),
        "gate": fitted.gate,
        "slope": fitted.slope,
        "offset": fitted.offset,
        "at": round(1 / (1 + float(np.exp(-fitted.offset))), 4),
        **fitted.about,
    }
    (out / "weights.npz").write_bytes(data)
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def whole(linear: Linear) -> tuple[Whole, float]:
    """Give weights of sequences as whole numbers of eight bits, and what a weight of one is worth."""
    return _whole(linear.weights[:WIDTH], 8)


def _whole(weights: Scores, bits: int) -> tuple[Whole, float]:
    largest = 2 ** (bits - 1) - 1
    unit = round(float(np.abs(weights).max()) / largest, 12) or 1.0
    return np.clip(np.rint(weights / unit), -largest, largest).astype(f"i{bits // 8}"), unit


def _npz(arrays: Mapping[str, Whole]) -> bytes:
    """Pack arrays; without the time of day, which numpy would write into it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, values in arrays.items():
            array = io.BytesIO()
            np.lib.format.write_array(array, values, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            file.writestr(entry, array.getvalue(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()
