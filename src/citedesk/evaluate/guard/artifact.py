"""Write the injection model: weights as whole numbers of eight bits, manifest and card; the same bytes each time."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from citedesk.evaluate.guard.fitting import Choice, Linear
from citedesk.guard.injection.grams import CHARACTERS, WIDTH
from citedesk.guard.injection.model import FORMAT
from citedesk.guard.injection.rules import NAMES
from citedesk.text import sha256_bytes

# The largest weight; whole numbers below it keep every sign.
_LARGEST = 127


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted model. slope, offset: of the probability over the margin. about: what else the manifest says."""

    linear: Linear
    choice: Choice
    slope: float
    offset: float
    about: Mapping[str, object]


def write_model(fitted: Fitted, out: Path) -> None:
    """Write `weights.npz`, `manifest.json` and `card.md` into a folder, which is made."""
    out.mkdir(parents=True, exist_ok=True)
    weights, unit = _whole(fitted.linear)
    data = _npz(weights)
    choice = fitted.choice
    manifest = {
        "format": FORMAT,
        "sha256": sha256_bytes(data),
        "units": {
            "characters": unit[0],
            "words": unit[1] * choice.words,
            "concepts": unit[1] * choice.concepts,
        },
        "rules": {name: round(float(w), 6) for name, w in zip(NAMES, fitted.linear.weights[WIDTH:], strict=True)},
        "bias": round(fitted.linear.bias, 6),
        "levels": list(choice.levels),
        "slope": fitted.slope,
        "offset": fitted.offset,
        "at": round(1 / (1 + float(np.exp(-fitted.offset))), 4),
        **fitted.about,
    }
    (out / "weights.npz").write_bytes(data)
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _whole(linear: Linear) -> tuple[np.ndarray[tuple[int], np.dtype[np.int8]], tuple[float, float]]:
    parts, units = [], []
    for part in (linear.weights[:CHARACTERS], linear.weights[CHARACTERS:WIDTH]):
        unit = round(float(np.abs(part).max()) / _LARGEST, 9) or 1.0
        parts.append(np.clip(np.rint(part / unit), -_LARGEST, _LARGEST).astype(np.int8))
        units.append(unit)
    return np.concatenate(parts), (units[0], units[1])


def _npz(weights: np.ndarray[tuple[int], np.dtype[np.int8]]) -> bytes:
    """Pack an array; without the time of day, which numpy would write into it."""
    array, packed = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array(array, weights, allow_pickle=False)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        file.writestr(zipfile.ZipInfo("weights.npy", (1980, 1, 1, 0, 0, 0)), array.getvalue(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()
