"""Choose the steps of one section: a run from its first, later ones that fit as well, and every warning about them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean

from citedesk.answer.units import Unit

# Steps from the first, and steps further down, at most.
_FIRST, _LATER = 7, 2
# A later step is added if it fits better than most and nearly as well as the best of the first.
_SLACK = 0.1
# Words that a warning shares with a step that it is about.
_SHARED_WORDS = 3


def sections_of(found: Iterable[Unit]) -> dict[int, list[Unit]]:
    """Group units by where their section starts, in order."""
    sections: dict[int, list[Unit]] = {}
    for unit in found:
        sections.setdefault(unit.section, []).append(unit)
    return sections


def choose_steps(
    section: Sequence[Unit], scores: Mapping[Unit, float], terms: Callable[[str], Sequence[str]], limit: int
) -> list[Unit]:
    """Choose steps.

    Args:
        section: its steps and warnings, in text order; not empty.
        scores: how well each fits the question.
        terms: the words of a text.
        limit: how many at most, >= 1; only warnings of a single step may exceed it.

    Returns:
        Steps in text order. A step stands there with all its warnings or not at all.
    """
    first = list(section[:_FIRST])
    rest = sorted(section[_FIRST:], key=lambda unit: (-scores[unit], unit.start))[: min(_LATER, limit // 4)]
    usual = fmean(scores[unit] for unit in section)
    least = max(usual, max(scores[unit] for unit in first) - _SLACK)
    # Room is given to the later steps first, as there is always a beginning.
    wanted = [*(unit for unit in rest if scores[unit] > least), *first]
    kept: dict[Unit, None] = {}
    for unit in wanted:
        group = {unit: None} | dict.fromkeys(_warnings(unit, section, terms))
        if len(kept | group) <= max(limit, 1):
            kept |= group
        elif unit in first:
            break
    return sorted(kept or {first[0]: None} | dict.fromkeys(_warnings(first[0], section, terms)), key=lambda u: u.start)


def _warnings(step: Unit, section: Sequence[Unit], terms: Callable[[str], Sequence[str]]) -> list[Unit]:
    """Find the warnings that belong to a step: those next to it, and those that share its words."""
    at = section.index(step)
    near: dict[Unit, None] = {}
    for side in (range(at - 1, -1, -1), range(at + 1, len(section))):
        for i in side:
            if not section[i].warning:
                break
            near[section[i]] = None
    said = set(terms(step.text))
    about = (u for u in section if u.warning and u != step and len(said & set(terms(u.text))) >= _SHARED_WORDS)
    return list(near | dict.fromkeys(about))
