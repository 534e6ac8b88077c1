"""What is asked: a message, completed by the conversation before it where it does not stand alone.

"And on a Mac?" asks nothing by itself; "how do I reset my password" does, whatever was said before. Leaves out taking
a mail's own words from what it quotes: `triage/clean.py`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citedesk.encoding import Encoder, encode_queries
from citedesk.index.analyzer import words

# Earlier messages of the asker that may complete a question.
_EARLIER = 3
# Distinct words below which a message does not stand alone; with a word that points back, twice as many and one.
_FEW, _FEW_POINTING = 3, 7
# What the message itself weighs beside the whole conversation, where it does not and where it does stand alone: in the
# meaning, and as often its words are repeated. Chosen on follow-ups and on changes of subject in `kb/golden/dev2`.
_LEANING, _STANDING = (0.5, 2), (4.0, 4)
_POINTING = re.compile(
    r"\b(?:it|its|that|this|these|those|they|them|their|he|she|him|her|his|ones?|there|then|instead|same|others?|else"
    r"|also|both|either|which|and|or|so|but)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Question:
    """A cleaned text, its (d,) float32 unit vector, and the asker's own last message if the text holds earlier ones."""

    text: str
    vector: NDArray[np.float32]
    own: str = ""

    @property
    def message(self) -> str:
        """What was written last."""
        return self.own or self.text


def stands_alone(message: str) -> bool:
    """Tell whether a message says what it asks about."""
    count = len(set(words(message)))
    return count > _FEW_POINTING or (count > _FEW and _POINTING.search(message) is None)


def asked_of(message: str, earlier: Sequence[str]) -> str:
    """Write a question with what completes it: earlier messages once, the last one as often as it weighs.

    Args:
        message: cleaned, the asker's last.
        earlier: the asker's own before it, oldest first; none for a question by itself.
    """
    if not earlier:
        return message
    _, times = _STANDING if stands_alone(message) else _LEANING
    return "\n".join([*earlier[-_EARLIER:], *[message] * times])


def question_of(message: str, earlier: Sequence[str], encoder: Encoder) -> Question:
    """Encode a question; of one in a conversation the message counts besides the whole.

    Args:
        message: cleaned, the asker's last.
        earlier: the asker's own before it, oldest first.
        encoder: the one the index was made with.
    """
    if not earlier:
        return Question(message, encode_queries(encoder, [message])[0])
    weight, _ = _STANDING if stands_alone(message) else _LEANING
    whole, last = encode_queries(encoder, ["\n".join([*earlier[-_EARLIER:], message]), message])
    both = whole + weight * last
    return Question(asked_of(message, earlier), (both / np.linalg.norm(both)).astype(np.float32), message)
