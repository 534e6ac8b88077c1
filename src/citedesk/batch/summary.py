"""What a plan says in sum: per head how many tickets move from which label to which, and how sure that is."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from citedesk.types import Decision

# Probabilities are counted in tenths.
BINS = 10
# How tickets that get no prediction are counted.
SKIPPED, EMPTY, REFUSED = "skipped", "empty", "refused"
# In the place of a decision where the model says another label, and the one the ticket has is kept as likelier.
OUTWEIGHED = "outweighed"

Move = tuple[str, str, str]


@dataclass(frozen=True)
class HeadSummary:
    """Counts of one head.

    moves: (label now, label planned, decision) -> tickets; labels that stay are among them, "" is no label. A label
    that stays although the model says another has `OUTWEIGHED` for its decision.
    probabilities: decision -> tickets by tenths of the probability, of moves only.
    """

    moves: Counter[Move] = field(default_factory=Counter)
    probabilities: dict[str, list[int]] = field(default_factory=dict)

    def count(self, move: Move, probability: float) -> None:
        """Count a prediction."""
        self.moves[move] += 1
        if move[0] != move[1]:
            bins = self.probabilities.setdefault(move[2], [0] * BINS)
            bins[min(int(probability * BINS), BINS - 1)] += 1

    def changes(self, decisions: Iterable[str] = tuple(Decision)) -> int:
        """Count the tickets whose label changes, by some decisions."""
        wanted = set(decisions)
        return sum(n for (old, new, decision), n in self.moves.items() if old != new and decision in wanted)

    def load(self, decisions: Iterable[str] = (Decision.AUTO,)) -> dict[str, tuple[int, int]]:
        """Give for each label how many tickets have it now, and how many after an apply of these decisions."""
        wanted = set(decisions)
        now, then = Counter[str](), Counter[str]()
        for (old, new, decision), n in self.moves.items():
            now[old] += n
            then[new if decision in wanted else old] += n
        return {label: (now[label], then[label]) for label in sorted(now.keys() | then.keys())}


@dataclass(frozen=True)
class Summary:
    """Counts of a plan; `tickets` were read, `unpredicted` of them got no prediction, by why."""

    tickets: int = 0
    changed: int = 0
    unpredicted: Counter[str] = field(default_factory=Counter)
    heads: dict[str, HeadSummary] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """Shape it; the same counts give the same text."""
        return {
            "tickets": self.tickets,
            "changed": self.changed,
            "unpredicted": {name: self.unpredicted[name] for name in (SKIPPED, EMPTY, REFUSED)},
            "heads": {
                name: {
                    "moves": [[*move, n] for move, n in sorted(head.moves.items())],
                    "probabilities": {d: head.probabilities[d] for d in sorted(head.probabilities)},
                }
                for name, head in self.heads.items()
            },
        }


def read_summary(value: Mapping[str, Any]) -> Summary:
    """Make a summary of what `Summary.json` gave."""
    heads = {
        name: HeadSummary(
            Counter({(old, new, decision): n for old, new, decision, n in found["moves"]}),
            {decision: list(bins) for decision, bins in found["probabilities"].items()},
        )
        for name, found in value["heads"].items()
    }
    return Summary(value["tickets"], value["changed"], Counter(value["unpredicted"]), heads)


def add_up(parts: Iterable[Summary], heads: Sequence[str]) -> Summary:
    """Add up summaries of parts of the tickets."""
    tickets = changed = 0
    unpredicted, total = Counter[str](), {name: HeadSummary() for name in heads}
    for part in parts:
        tickets, changed = tickets + part.tickets, changed + part.changed
        unpredicted.update(part.unpredicted)
        for name, head in part.heads.items():
            total[name].moves.update(head.moves)
            for decision, bins in head.probabilities.items():
                known = total[name].probabilities.get(decision, [0] * BINS)
                total[name].probabilities[decision] = [a + b for a, b in zip(known, bins, strict=True)]
    return Summary(tickets, changed, unpredicted, total)
