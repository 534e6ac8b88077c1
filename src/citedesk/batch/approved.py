"""Changes somebody approved one by one: the CSV that `show --csv` wrote, without the rows that were rejected."""

from citedesk.batch.plan import Plan
from citedesk.errors import InputError
from citedesk.triage.sources import Place, read_rows

# The columns that say which change a row is of, and what it says.
_NEEDED = ("row", "head", "to")


def read_approved(file: Place, plan: Plan) -> frozenset[tuple[int, str]]:
    """Read which changes of a plan were approved.

    Args:
        file: rows with the columns `row`, `head` and `to`, as `reclassify show --csv` writes them; others are not read.
        plan: whose changes they are.

    Returns:
        Pairs of a ticket's number in the source and a head.

    Raises:
        InputError: if a row is of no change of the plan, naming it, or there is none.
    """
    approved: dict[tuple[int, str], tuple[int, str]] = {}
    for number, row in enumerate(read_rows([file]), start=1):
        missing = next((name for name in _NEEDED if name not in row), None)
        if missing is not None:
            raise InputError(f"{file}, change {number} has no {missing!r}; give rows that reclassify show --csv wrote")
        place, head = str(row["row"]).strip(), str(row["head"]).strip()
        if not place.isdecimal():
            raise InputError(
                f"{file}, change {number}: the row {place[:40]!r} is no number; leave that column as it was"
            )
        approved[int(place), head] = number, str(row["to"]).strip().lstrip("'")
    if not approved:
        raise InputError(f"{file} holds no change; keep the rows of those to apply")
    _refuse_unknown(file, plan, approved)
    return frozenset(approved)


def _refuse_unknown(file: Place, plan: Plan, approved: dict[tuple[int, str], tuple[int, str]]) -> None:
    """Pass changes that are the plan's: another label would be somebody's own, which a plan does not set."""
    left = dict(approved)
    for batch in plan.batches():
        for ticket in batch.tickets:
            for change in ticket.changes:
                known = left.pop((ticket.row, change.head), None)
                if known is not None and known[1] != change.new.strip().lstrip("'"):
                    raise InputError(
                        f"{file}, change {known[0]}: the plan says {change.new!r}, not {known[1][:80]!r}; a plan sets "
                        "what it planned, so delete the row and set that label in the help desk"
                    )
    if left:
        number = min(number for number, _ in left.values())
        raise InputError(f"{file}, change {number} is not of the plan {plan.id}; give rows that show --csv wrote of it")
