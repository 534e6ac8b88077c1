"""Survey a folder of example tickets: label counts, agreement of a second labelling, near-duplicates.

Sources: Cohen, "A coefficient of agreement for nominal scales", 1960; Broder, "On the resemblance and
containment of documents", 1997 (MinHash).
"""

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from sklearn.metrics import cohen_kappa_score

from citedesk.errors import InputError, MissingDependencyError
from citedesk.triage.rows import read_rows, ticket_of

SECOND_LABELS = "second_labels.tsv"
# Two tickets above this Jaccard similarity of word 3-grams are near-duplicates.
NEAR = 0.6
_PERMUTATIONS = 128
_SHINGLE = 3
_ORDINAL = ("priority", "tier")


def survey(folder: Path) -> dict[str, object]:
    """Survey the .jsonl files directly in a folder.

    Returns:
        Ticket count, counts per label, agreement per head if the folder holds a second labelling, and the
        share of tickets with a near-duplicate.
    """
    rows = list(read_rows([folder]))
    heads = [head for head in ("priority", "tier", "team", "type", "language", "voice") if head in rows[0]]
    return {
        "tickets": len(rows),
        "labels": {head: dict(Counter(str(row[head]) for row in rows).most_common()) for head in heads},
        "agreement": _agreement(rows, folder / SECOND_LABELS),
        "near_duplicate_share": near_duplicate_share([ticket_of(row).text for row in rows]),
    }


def _agreement(rows: Sequence[Mapping[str, object]], path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        second = {row["id"]: row for row in csv.DictReader(file, delimiter="\t")}
    both = [(row, second[str(row["id"])]) for row in rows if str(row["id"]) in second]
    if not both:
        raise InputError(f"{path} names none of the tickets; check its ids")
    result: dict[str, object] = {"tickets": len(both)}
    for head in (name for name in both[0][1] if name != "id"):
        a = ["true" if row[head] is True else "false" if row[head] is False else str(row[head]) for row, _ in both]
        b = [other[head] for _, other in both]
        result[head] = {
            "same": round(sum(x == y for x, y in zip(a, b, strict=True)) / len(a), 4),
            "kappa": round(float(cohen_kappa_score(a, b)), 4),
            "quadratic_kappa": round(float(cohen_kappa_score(a, b, weights="quadratic")), 4)
            if head in _ORDINAL
            else None,
        }
    return result


def near_duplicate_share(texts: Sequence[str]) -> float:
    """Share of texts with another above NEAR, by MinHash of word 3-grams; candidates are checked exactly.

    Raises:
        MissingDependencyError: if datasketch is not installed.
    """
    try:
        from datasketch import MinHash, MinHashLSH
    except ImportError as error:
        raise MissingDependencyError("near-duplicates need datasketch; run: pip install 'citedesk[dev]'") from error
    shingles = [_shingles(text) for text in texts]
    index = MinHashLSH(threshold=NEAR, num_perm=_PERMUTATIONS)
    hashes = []
    for i, grams in enumerate(shingles):
        hashed = MinHash(num_perm=_PERMUTATIONS)
        hashed.update_batch([gram.encode() for gram in sorted(grams)])
        hashes.append(hashed)
        index.insert(i, hashed)
    near = sum(
        any(j != i and _jaccard(shingles[i], shingles[j]) > NEAR for j in index.query(hashes[i]))
        for i in range(len(texts))
    )
    return round(near / len(texts), 4)


def _shingles(text: str) -> frozenset[str]:
    words = re.findall(r"\w+", text.lower())
    size = min(_SHINGLE, max(1, len(words)))
    return frozenset(" ".join(words[i : i + size]) for i in range(len(words) - size + 1))


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a or b else 0.0
