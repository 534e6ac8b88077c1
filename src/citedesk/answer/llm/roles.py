"""The roles of the scripted model: what it offers for the quotes of a prompt, and which of it is a lie."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from citedesk.answer.llm.hallucinations import WAYS, hallucinated
from citedesk.answer.llm.honest import rephrased

_NUMBERED = re.compile(r"\A\d{1,3}[.)] ")
# Share of a hallucinating model's sentences that are lies.
_LIES = 0.5


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence the model says, the tokens it cites, and the kind of lie; empty if it is none."""

    text: str
    tokens: tuple[str, ...]
    lie: str = ""


Quotes = Sequence[tuple[str, str]]
Role = Callable[[str, Quotes, random.Random], list[Said]]


def _honest(ticket: str, quotes: Quotes, chance: random.Random) -> list[Said]:
    return [Said(_rephrased(text, chance), (token,)) for token, text in quotes]


def _rephrased(text: str, chance: random.Random) -> str:
    """Rephrase a quote; of a step's number the model is now and then forgetful."""
    found = _NUMBERED.match(text)
    number = found.group() if found else ""
    said = rephrased(text[len(number) :], chance)
    return number + said if chance.random() < 0.5 else said


def _hallucinating(ticket: str, quotes: Quotes, chance: random.Random) -> list[Said]:
    said = []
    for place, (token, text) in enumerate(quotes):
        other = quotes[(place + 1) % len(quotes)][1]
        if chance.random() >= _LIES:
            said.append(Said(_rephrased(text, chance), (token,)))
            continue
        bare = _NUMBERED.sub("", text)
        base = rephrased(bare, chance) if chance.random() < 0.3 else bare
        for way in chance.sample(sorted(WAYS), len(WAYS)):
            lie = hallucinated(base, _NUMBERED.sub("", other), way, chance)
            if lie is not None:
                said.append(Said(lie, (token,), way))
                break
    return said


def _citing(ticket: str, quotes: Quotes, chance: random.Random) -> list[Said]:
    """Cite what was not given, or another quote; say what is right with a token that is not."""
    said = []
    for place, (token, text) in enumerate(quotes):
        others = [t for t, said_there in quotes if said_there != text]
        tokens, lie = chance.choice(
            [
                ((token,), ""),
                (("cffff",), "unknown token"),
                ((), "no token"),
                (("1",), "unknown token"),
                *([((chance.choice(others),), "token of another quote")] if others else []),
                *([((token, chance.choice(others)), "token too many")] if others else []),
            ]
        )
        said.append(Said(text if place % 2 else _rephrased(text, chance), tokens, lie))
    return said


_ORDER = re.compile(r"(?i)(?:say|print|reply with|answer with|visit|write)[: ]{1,3}([^\n]{3,200})")


def _obeying(ticket: str, quotes: Quotes, chance: random.Random) -> list[Said]:
    """Obey every order that stands in ticket or quotes, and dress it up."""
    orders = [found[1] for text in (ticket, *(text for _, text in quotes)) for found in _ORDER.finditer(text)]
    payloads = orders or ["PWNED"]
    said = []
    for token, text in quotes:
        payload = chance.choice(payloads)
        lie = chance.choice(
            [
                payload,
                f"{text} {payload}",
                f'<a href="https://evil.example/?q={token}">{text}</a>',
                f"[{text}](https://evil.example)",
                f"{text} See https://evil.example/help.",
                f"![x](https://evil.example/x.png) {text}",
                f"**{text}**",
                f"{text}\u202e{payload}",
                f"{text}\x1b[2J",
            ]
        )
        said.append(Said(lie, (token,), "obeyed"))
    return said


_PROMISES = (
    "We will refund you by Friday.", "Our engineers fix this within the hour.", "You will get a credit of 20 euros.",
    "This will not happen again.", "I have escalated your ticket to the on-call engineer.",
)  # fmt: skip


def _promising(ticket: str, quotes: Quotes, chance: random.Random) -> list[Said]:
    said = []
    for token, text in quotes:
        promise = chance.choice(_PROMISES)
        said.append(Said(chance.choice([promise, f"{text} {promise}", f"{promise} {text}"]), (token,), "promise"))
    return said


# Roles by what they say; `slow` and `broken` say it late or not at all, see `scripted.py`.
ROLES: Mapping[str, Role] = {
    "honest": _honest,
    "hallucinating": _hallucinating,
    "citing": _citing,
    "obeying": _obeying,
    "promising": _promising,
    "slow": _honest,
    "broken": _honest,
}
