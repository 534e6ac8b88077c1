"""Notice a passage that repeats the question: whoever plants a page copies what will be asked into it, to be found.

People write documents before they are asked; a whole question of some length, word for word, in the running text of a
page is no coincidence. A question as title or heading is what honest question-and-answer pages have, and is left alone.

Source: the black-box attack of Zou et al., "PoisonedRAG", USENIX Security 2025, which puts the question before the lie.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import replace

from citedesk.index import Snapshot
from citedesk.retrieve import Found

# Words below which a question may well stand in a document; beyond which nothing more is compared.
_LEAST, _MOST = 8, 200
# Share of the question's words that stand in the passage in one run.
_RUN = 0.9
# Hits whose texts are looked at: more than any answer is made of.
LOOKED_AT = 20
_WORD = re.compile(r"\w+")
_HEADING = re.compile(r"(?m)^#{1,6}[ \t][^\n]*$")


def echoes(question: str, passage: str) -> bool:
    """Tell whether the running text of a passage holds nearly the whole question, word for word."""
    asked = _WORD.findall(question.casefold())[:_MOST]
    if len(asked) < _LEAST:
        return False
    run = math.ceil(_RUN * len(asked))
    held = f" {' '.join(_WORD.findall(_HEADING.sub(' ', passage).casefold()))} "
    return any(f" {' '.join(asked[at : at + run])} " in held for at in range(len(asked) - run + 1))


def without_echoes(snapshot: Snapshot, found: Found, texts: Mapping[int, str], question: str) -> Found:
    """Leave out the documents with a passage that echoes the question; `texts` are of the best hits, by position."""
    rows = {int(snapshot.owners[position]) for position, text in texts.items() if echoes(question, text)}
    if not rows:
        return found
    return replace(found, ranked=[hit for hit in found.ranked if int(snapshot.owners[hit.position]) not in rows])
