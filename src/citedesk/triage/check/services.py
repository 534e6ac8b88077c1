"""Check the catalog: owners, on-call, dependencies, and aliases that two services share or every text holds."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from citedesk.index.analyzer import STOP_WORDS
from citedesk.triage.catalog import service_names
from citedesk.triage.check.draft import CatalogDraft, Issue, suggestion

TEAMS = "teams"
SERVICES = "services"
ALIASES = "aliases"
# Words of tickets about anything: as an alias each would claim tickets of every service.
_WORDS = (
    "access account address again app application change code company computer connection customer data date day "
    "device document down email error everything failed failure file fix form group hello help hi image incident "
    "info internet issue item link list machine mail message name network new number office order outage page "
    "people phone please problem program project question release report request screen security server service "
    "setting setup site slow software status store support system team test text thanks ticket time today tool "
    "update urgent user version web website window work"
)
_COMMON = STOP_WORDS | frozenset(_WORDS.split())


def check_teams(catalog: CatalogDraft) -> Iterator[Issue]:
    """Check that each team has groups and an on-call, and owns something or is a human queue."""
    owners = {service.team for service in catalog.services.values()}
    for name, team in catalog.teams.items():
        for field in ("name", "l1", "l2", "l3", "on_call"):
            if not getattr(team, field).strip():
                what = "nobody can be paged" if field == "on_call" else "tickets cannot be handed over"
                yield catalog.error(TEAMS, ("teams", name, field), f"{field} is empty, so {what}; fill it in")
        if name not in owners and not team.human_queue:
            yield catalog.info(TEAMS, ("teams", name), "this team owns no service and is no human queue")


def check_services(catalog: CatalogDraft) -> Iterator[Issue]:
    """Check owners and dependencies."""
    teams, services = catalog.table("teams"), catalog.table("services")
    for name, service in catalog.services.items():
        if service.team not in teams:
            message = f'its owner "{service.team}" is no team; {suggestion(service.team, teams)}'
            yield catalog.error(SERVICES, ("services", name, "team"), message)
        for other in service.depends_on:
            if other not in services:
                message = f'it depends on "{other}", which is no service; {suggestion(other, services)}'
                yield catalog.error(SERVICES, ("services", name, "depends_on"), message)
        if not service.aliases:
            message = "it has no aliases, so tickets must spell its id or name; add the words people use"
            yield catalog.info(SERVICES, ("services", name), message)
    cycle = _cycle({name: service.depends_on for name, service in catalog.services.items()})
    if cycle:
        message = f"services depend on each other in a circle: {' → '.join(cycle)}; take one dependency out"
        yield catalog.warning(SERVICES, ("services", cycle[0], "depends_on"), message)


def _cycle(graph: Mapping[str, Sequence[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        # The sorter lists what comes before what; a reader asks what depends on what.
        return list(reversed(error.args[1]))
    return []


def check_aliases(catalog: CatalogDraft) -> Iterator[Issue]:
    """Check what services are called."""
    owners: dict[str, set[str]] = defaultdict(set)
    for name, service in catalog.services.items():
        for called in service_names(name, service):
            owners[_folded(called)].add(name)
        for number, alias in enumerate(service.aliases):
            yield from _alias(catalog, ("services", name, "aliases", number), alias)
    for name, service in catalog.services.items():
        for called in {_folded(called): called for called in service_names(name, service)}.values():
            others = sorted(owners[_folded(called)] - {name})
            if others and name > others[0]:
                numbers = [i for i, alias in enumerate(service.aliases) if _folded(alias) == _folded(called)]
                path = ("services", name, "aliases", numbers[0]) if numbers else ("services", name)
                message = f'"{called}" also names {", ".join(others)}, so a ticket that says it names neither; keep one'
                yield catalog.error(ALIASES, path, message)


def _alias(catalog: CatalogDraft, path: tuple[str | int, ...], alias: str) -> Iterator[Issue]:
    words = [word for word in re.split(r"[\s-]+", alias.lower()) if word]
    if not words:
        yield catalog.error(ALIASES, path, f"the alias {alias!r} holds no word, so it matches every text; remove it")
    elif len(words) == 1 and len(words[0]) == 1:
        yield catalog.warning(ALIASES, path, f'the alias "{alias}" is a single letter; use a word people write')
    elif len(words) == 1 and not _COMMON.isdisjoint({words[0], words[0].removesuffix("s")}):
        message = f'the alias "{alias}" is a common word that tickets about anything hold; use a longer name'
        yield catalog.warning(ALIASES, path, message)


def _folded(name: str) -> str:
    """Fold what the search for aliases treats alike: case, white space and hyphens, a plural."""
    flat = re.sub(r"[\s-]+", "", name.lower())
    return flat.removesuffix("s") if len(flat) > 3 else flat
