"""The texts the injection model is fitted to: our own, from files, and copies made of them.

Leaves out evaluation texts: `holdout/` is never read here.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# Weight of tickets and questions that are many and much alike, of a text by grammar, and of one made of others.
_KEPT = 0.3
_BY = {"hand": 1.0, "grammar": 0.5, "made": 0.6}


@dataclass(frozen=True, slots=True)
class Text:
    """A text to learn from.

    label: 1 is an attack. by: `hand`, `grammar`, `made` or `kept`. weight: beside a text by hand.
    """

    id: str
    text: str
    label: int
    family: str
    by: str = "hand"
    lang: str = "en"
    weight: float = 1.0


def read_texts(path: Path, label: int) -> list[Text]:
    """Read rows `{id, family, lang, text, by}` of one label, in the file's order."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Text(r["id"], r["text"], label, r["family"], r["by"], r["lang"], _BY[r["by"]]) for r in rows]


def kept_texts(kb: Path) -> list[Text]:
    """Read the harmless texts that are shipped anyway: tickets, documents and development questions."""
    found = []
    for path in sorted((kb / "tickets").glob("*.jsonl")):
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            text = f"{row['subject']}\n\n{row['body']}".strip()
            found.append(Text(row["id"], text, 0, "ticket", "kept", row.get("language", "en"), _KEPT))
    for kind in ("articles", "postmortems", "runbooks"):
        documents = sorted((kb / kind).glob("*.md"))
        found += [Text(path.stem, path.read_text(encoding="utf-8"), 0, "document", "kept") for path in documents]
    questions = (kb / "golden" / "dev" / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    found += [Text(row["_id"], row["text"], 0, "question", "kept", "en", _KEPT) for row in map(json.loads, questions)]
    return found


def embedded(attacks: Sequence[Text], harmless: Sequence[Text], count: int, seed: int) -> list[Text]:
    """Put short attacks between the sentences of harmless texts.

    Returns:
        Attacks of the family `embedded`, whose id names both.
    """
    rng = np.random.default_rng(seed)
    short = [text for text in attacks if len(text.text) <= 240 and text.family not in ("encoding", "multilingual")]
    if not short or not harmless:
        return []
    made = []
    for _ in range(count):
        attack, host = short[int(rng.integers(len(short)))], harmless[int(rng.integers(len(harmless)))]
        cuts = [0, *(i + 1 for i, c in enumerate(host.text) if c in ".\n"), len(host.text)]
        at = cuts[int(rng.integers(len(cuts)))]
        before = host.text[:at].rstrip() + _GLUE[int(rng.integers(len(_GLUE)))]
        text = f"{before}{attack.text}\n{host.text[at:].lstrip()}".strip()
        made.append(Text(f"{attack.id}+{host.id}", text, 1, "embedded", "made", attack.lang, 0.5))
    return made


_GLUE = (" ", "\n", "\n\n", " - ", "\n> ", "\n\n---\n")
