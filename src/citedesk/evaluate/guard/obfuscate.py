"""Twenty-four ways to disguise a text, the same for the same text and seed; a person could still undo each."""

import base64
import codecs
import html
import random
import re
from collections.abc import Callable, Mapping

from citedesk.guard.injection.fragments import MORSE

Disguise = Callable[[str, random.Random], str]

_LEET = str.maketrans("aeiostAEIOST", "431057431057")
_CYRILLIC = str.maketrans("aceopxyijsABCEHKMOPTX", "асеорхуіјѕАВСЕНКМОРТХ")
_SMALL = str.maketrans("abcdefghijklmnopqrtuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀᴛᴜᴠᴡʏᴢ")
_MORSE = {letter: signs for signs, letter in MORSE.items()}


def _shifted(small: int, large: int) -> Disguise:
    """Move letters to another alphabet, given its first small and its first capital letter."""

    def disguise(text: str, rng: random.Random) -> str:
        return "".join(
            chr(small + ord(c) - 97) if "a" <= c <= "z" else chr(large + ord(c) - 65) if "A" <= c <= "Z" else c
            for c in text
        )

    return disguise


def _between(sign: str, share: float) -> Disguise:
    """Put a sign between some letters of a word."""

    def disguise(text: str, rng: random.Random) -> str:
        return re.sub(r"(?<=[A-Za-z])(?=[A-Za-z])", lambda _: sign if rng.random() < share else "", text)

    return disguise


def _spaced(text: str, rng: random.Random) -> str:
    return "   ".join(" ".join(word) for word in text.split())


def _dotted(text: str, rng: random.Random) -> str:
    return " ".join(".".join(word) if word.isalpha() else word for word in text.split())


def _entities(text: str, rng: random.Random) -> str:
    return "".join(f"&#{ord(c)};" if c.isalpha() and rng.random() < 0.6 else html.escape(c) for c in text)


def _accents(text: str, rng: random.Random) -> str:
    return "".join(c + "\u0301" if c.lower() in "aeiou" else c for c in text)


def _stretched(text: str, rng: random.Random) -> str:
    return re.sub(r"[aeiou]", lambda m: m.group() * (4 if rng.random() < 0.4 else 1), text)


def _doubled(text: str, rng: random.Random) -> str:
    return re.sub(r"[A-Za-z]", lambda m: m.group() * 2, text)


def _case(text: str, rng: random.Random) -> str:
    return "".join(c.upper() if rng.random() < 0.5 else c.lower() for c in text)


def _bidi(text: str, rng: random.Random) -> str:
    return "\u202d" + text.replace(" ", " \u2066\u2069") + "\u202c"


def _wrapped(text: str, rng: random.Random) -> str:
    return base64.b64encode(text.encode("utf-8", "replace")).decode()


def _hexadecimal(text: str, rng: random.Random) -> str:
    return text.encode("utf-8", "replace").hex()


def _rot13(text: str, rng: random.Random) -> str:
    return codecs.encode(text, "rot13")


def _backwards(text: str, rng: random.Random) -> str:
    return text[::-1]


def _numbers(text: str, rng: random.Random) -> str:
    return " ".join(str(ord(c)) for c in text if ord(c) < 128)


def _binary(text: str, rng: random.Random) -> str:
    return " ".join(f"{byte:08b}" for byte in text.encode("utf-8", "replace"))


def _morse(text: str, rng: random.Random) -> str:
    words = (" ".join(_MORSE[c] for c in word if c in _MORSE) for word in text.lower().split())
    return " / ".join(word for word in words if word)


def _twice(text: str, rng: random.Random) -> str:
    return _wrapped(_wrapped(text, rng), rng)


OBFUSCATIONS: Mapping[str, Disguise] = {
    "zero_width": _between("\u200b", 0.5),
    "bidi_controls": _bidi,
    "cyrillic": lambda text, rng: text.translate(_CYRILLIC),
    "fullwidth": _shifted(0xFF41, 0xFF21),
    "mathematical": _shifted(0x1D41A, 0x1D400),
    "circled": _shifted(0x24D0, 0x24B6),
    "small_capitals": lambda text, rng: text.lower().translate(_SMALL),
    "accents": _accents,
    "leetspeak": lambda text, rng: text.translate(_LEET),
    "html_entities": _entities,
    "spaced_letters": _spaced,
    "dotted_letters": _dotted,
    "inner_hyphens": _between("-", 0.3),
    "stretched_letters": _stretched,
    "doubled_letters": _doubled,
    "random_case": _case,
    "base64": _wrapped,
    "base64_twice": _twice,
    "hexadecimal": _hexadecimal,
    "rot13": _rot13,
    "backwards": _backwards,
    "numbers": _numbers,
    "binary": _binary,
    "morse": _morse,
}


def obfuscate(text: str, name: str, seed: int = 0) -> str:
    """Disguise a text.

    Args:
        text: any.
        name: one of OBFUSCATIONS.
        seed: of what is left to chance.

    Raises:
        KeyError: if there is no such way.
    """
    return OBFUSCATIONS[name](text, random.Random(f"{seed} {name} {text}"))  # noqa: S311  no secret hangs on it
