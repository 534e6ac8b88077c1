"""Tell whether a known secret stands in a text, however it was dressed up.

Looks for it as it is, in another case or spelling, spaced out, backwards, and in the encodings that models are talked
into. Leaves out paraphrases, hints and acrostics. Of secrets of fewer than four letters only the exact form is looked
for.
"""

import base64
import codecs
import unicodedata
from collections.abc import Collection, Mapping
from urllib.parse import quote

# Letters below which only the exact form is looked for: three letters stand in any text by chance.
_SHORTEST = 4


def leaks(text: str, secrets: Collection[str]) -> str | None:
    """Say in which form a text gives a secret away: `exact`, `normalised`, `spaced`, `reversed`, `encoded`, or None.

    Args:
        text: what would leave.
        secrets: known ones; empty ones are passed over.
    """
    found = {form for secret in secrets if secret.strip() for form in _forms(text, secret.strip())}
    return next((form for form in ("exact", "normalised", "spaced", "reversed", "encoded") if form in found), None)


def _forms(text: str, secret: str) -> set[str]:
    bare_text, bare = _bare(text), _bare(secret)
    found = {"exact"} if secret in text else set()
    if len(bare) < _SHORTEST:
        return found
    if _folded(secret) in _folded(text):
        found.add("normalised")
    if bare in bare_text:
        found.add("spaced")
    if bare[::-1] in bare_text and bare[::-1] != bare:
        found.add("reversed")
    packed = "".join(text.split())
    if any(form in packed or form.casefold() in packed.casefold() for form in _encodings(secret).values()):
        found.add("encoded")
    return found


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _bare(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def _encodings(secret: str) -> Mapping[str, str]:
    data = secret.encode()
    # The middle of the base64 text stays the same whatever stands beside the secret, in one of three places.
    padded = {f"base64-{i}": base64.b64encode(b"\0" * i + data).decode()[(i * 8 + 5) // 6 :] for i in range(3)}
    middles = {name: code.rstrip("=")[: -1 if code.endswith("=") else None] for name, code in padded.items()}
    forms = {
        **middles,
        "hex": data.hex(),
        "percent": "".join(f"%{byte:02x}" for byte in data),
        "quoted": quote(secret, safe=""),
        "rot13": codecs.encode(secret, "rot13"),
        "codes": ",".join(str(byte) for byte in data),
        "binary": "".join(f"{byte:08b}" for byte in data),
    }
    return {
        name: "".join(form.split()) for name, form in forms.items() if len(form) >= _SHORTEST + 2 and form != secret
    }
