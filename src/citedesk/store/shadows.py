"""What two triage models said of the same tickets: the active one and the one in shadow."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from citedesk.store.failures import storage_errors

# head -> {"label", "probability", "decision"}
Predictions = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class ShadowPair:
    """One ticket, the two models' versions, and what each said of it."""

    ticket_id: str
    active: str
    shadow: str
    by_active: Predictions
    by_shadow: Predictions


class Shadows:
    """Pairs as rows; of one ticket and one pair of models the latest is kept."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def put(self, pair: ShadowPair) -> None:
        """Store a pair, replacing an older one of the same ticket and models."""
        self._db.execute(
            "insert or replace into shadow_predictions values (?, ?, ?, ?, ?, ?)",
            (
                pair.ticket_id,
                pair.active,
                pair.shadow,
                datetime.now(UTC).isoformat(),
                json.dumps(pair.by_active, ensure_ascii=False, sort_keys=True),
                json.dumps(pair.by_shadow, ensure_ascii=False, sort_keys=True),
            ),
        )

    @storage_errors()
    def models(self) -> list[tuple[str, str, int]]:
        """List (active, shadow, number of tickets), the pair stored last first."""
        return list(
            self._db.execute(
                "select active, shadow, count(*) from shadow_predictions group by active, shadow "
                "order by max(created_at) desc, active, shadow"
            )
        )

    def pairs(self, first: str, second: str) -> Iterator[ShadowPair]:
        """Yield the pairs of two models by ticket id, whichever was active; `first` stands as the active one."""
        rows = self._db.execute(
            "select ticket_id, active, active_predictions, shadow_predictions from shadow_predictions "
            "where (active = ? and shadow = ?) or (active = ? and shadow = ?) order by ticket_id, created_at",
            (first, second, second, first),
        ).fetchall()
        latest = {row[0]: row for row in rows}
        for ticket_id, active, by_active, by_shadow in latest.values():
            said = json.loads(by_active), json.loads(by_shadow)
            one, other = said if active == first else (said[1], said[0])
            yield ShadowPair(ticket_id, first, second, one, other)
