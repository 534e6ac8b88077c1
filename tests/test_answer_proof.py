"""What became of a citation: valid, moved, changed, gone, broken; and how many suggestions it concerns."""

import json
from collections.abc import Iterator
from dataclasses import replace
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.answer.proof import Proof, State, state_of, states_of, survey, worst
from citedesk.store import Store, open_store
from citedesk.store.citations import Spot, citations_in
from citedesk.store.tickets import StoredSuggestion
from citedesk.text import sha256
from citedesk.types import Citation, Document, Principal

READER = Principal("me", labels=frozenset({"staff"}))
STRANGER = Principal("you", labels=frozenset({"public"}))
TEXT = "# VPN\n\n## Steps\nRestart the client.\n\n## Rollback\nRestart the client.\n"
QUOTE = "Restart the client."


def document(text: str, document_id: str = "kb-vpn") -> Document:
    return Document(document_id, sha256(text), text, "VPN")


def cite(text: str, quote: str = QUOTE, nth: int = 0) -> Citation:
    start = -1
    for _ in range(nth + 1):
        start = text.index(quote, start + 1)
    return Citation("kb-vpn", sha256(text), start, start + len(quote), quote)


@pytest.fixture
def kb() -> Iterator[Store]:
    store = open_store(None)
    store.documents.put(document(TEXT))
    yield store
    store.close()


def spot(text: str, start: int, quote: str = QUOTE) -> Spot:
    return Spot("kb-vpn", sha256(text), start, start + len(quote))


def test_state_of_a_citation_of_the_current_version_is_valid(kb: Store) -> None:
    assert state_of(cite(TEXT), kb, READER) == Proof(State.VALID, spot(TEXT, 16))


def test_state_of_words_further_down_in_a_newer_version_is_moved_to_where_they_stand(kb: Store) -> None:
    newer = "A new line.\n\n" + TEXT
    kb.documents.put(document(newer))
    assert state_of(cite(TEXT), kb, READER) == Proof(State.MOVED, spot(newer, 16 + 13))


def test_state_of_words_at_the_same_place_of_a_newer_version_is_moved_to_that_version(kb: Store) -> None:
    kb.documents.put(document(TEXT + "More.\n"))
    assert state_of(cite(TEXT), kb, READER) == Proof(State.MOVED, spot(TEXT + "More.\n", 16))


@pytest.mark.parametrize("nth", [0, 1], ids=["steps", "rollback"])
def test_state_of_words_that_stand_twice_is_moved_to_the_same_heading(kb: Store, nth: int) -> None:
    newer = "# VPN\n\n## Rollback\nRestart the client.\n\n## Steps\nRestart the client.\n"
    kb.documents.put(document(newer))
    expected = [newer.index("## Steps\n") + 9, newer.index("## Rollback\n") + 12][nth]
    assert state_of(cite(TEXT, nth=nth), kb, READER) == Proof(State.MOVED, spot(newer, expected))


def test_state_of_words_that_stand_twice_below_one_heading_is_moved_to_the_same_company(kb: Store) -> None:
    old, newer = "a. Restart it. b. Restart it. c.", "c. b. Restart it. c. a. Restart it. b."
    for text in (old, newer):
        kb.documents.put(document(text))
    moved = [state_of(cite(old, "Restart it.", nth), kb, READER).now for nth in (0, 1)]
    assert moved == [spot(newer, newer.rindex("Restart"), "Restart it."), spot(newer, 6, "Restart it.")]


def test_state_of_words_a_newer_version_lacks_is_changed(kb: Store) -> None:
    kb.documents.put(document("# VPN\n\nReinstall the client.\n"))
    assert state_of(cite(TEXT), kb, READER) == Proof(State.CHANGED)


def test_state_of_an_old_version_that_came_back_is_valid_again(kb: Store) -> None:
    kb.documents.put(document("# VPN\n\nReinstall the client.\n"))
    kb.documents.put(document(TEXT))
    assert state_of(cite(TEXT), kb, READER).state is State.VALID


def test_state_looks_the_same_for_what_is_removed_erased_unknown_or_not_to_be_read(kb: Store) -> None:
    unknown = replace(cite(TEXT), document_id="kb-none")
    forged = replace(cite(TEXT), quote="Restart the clienT.")
    seen = [state_of(cite(TEXT), kb, STRANGER), state_of(forged, kb, STRANGER), state_of(unknown, kb, READER)]
    kb.documents.remove(["kb-vpn"])
    seen.append(state_of(cite(TEXT), kb, READER))
    kb.documents.erase("kb-vpn")
    seen.append(state_of(cite(TEXT), kb, READER))
    assert seen == [Proof(State.GONE)] * 5


@pytest.mark.parametrize(
    "changes",
    [{"quote": "Restart the clienT."}, {"start": 17}, {"end": 10_000}, {"quote": "", "end": 16}, {"start": -3}],
    ids=["quote", "start", "end", "empty", "negative"],
)
def test_state_of_a_quote_its_own_version_does_not_have_is_broken(kb: Store, changes: dict[str, object]) -> None:
    assert state_of(replace(cite(TEXT), **changes), kb, READER) == Proof(State.BROKEN)  # type: ignore[arg-type]


def test_state_of_a_quote_altered_after_its_document_changed_is_broken(kb: Store) -> None:
    forged = replace(cite(TEXT), quote="Reinstall the client.")
    kb.documents.put(document("# VPN\n\nReinstall the client.\n"))
    assert state_of(forged, kb, READER) == Proof(State.BROKEN)


def test_states_of_keeps_the_order(kb: Store) -> None:
    broken = replace(cite(TEXT), start=17)
    states = [proof.state for proof in states_of([cite(TEXT), broken, cite(TEXT, nth=1)], kb, READER)]
    assert states == [State.VALID, State.BROKEN, State.VALID]


def test_worst_of_states_is_the_one_that_needs_a_person_most() -> None:
    assert [worst([]), worst([State.MOVED, State.VALID]), worst([State.GONE, State.CHANGED])] == [
        State.VALID,
        State.MOVED,
        State.GONE,
    ]


@given(st.text(max_size=40), st.text(min_size=1, max_size=8), st.text(max_size=40), st.text(max_size=40))
def test_state_of_moved_words_always_names_a_place_where_they_stand(
    before: str, quote: str, after: str, added: str
) -> None:
    texts = [text.replace("\0", "") for text in (f"{before}{quote}{after}", f"{added}{quote}{before}{after}")]
    quote, store = quote.replace("\0", "") or "q", open_store(None)
    texts = [text if quote in text else text + quote for text in texts]
    for text in texts:
        store.documents.put(document(text))
    proof = state_of(cite(texts[0], quote), store, READER)
    store.close()
    assert proof.state is (State.VALID if texts[0] == texts[1] else State.MOVED)
    assert proof.now is not None and texts[1][proof.now.start : proof.now.end] == quote


def response(*citations: Citation) -> str:
    def shape(c: Citation) -> dict[str, object]:
        return {name: getattr(c, name) for name in ("document_id", "version", "start", "end", "quote")}

    return json.dumps({"answer": {"sentences": [{"text": "t", "citations": [shape(c) for c in citations]}]}})


def suggest(store: Store, name: str, *citations: Citation) -> None:
    store.tickets.put_suggestion(StoredSuggestion(name, "T", "r", response(*citations)), "me", None)


def test_citations_in_finds_them_wherever_they_stand_in_order() -> None:
    one, two = cite(TEXT), cite(TEXT, nth=1)
    more = json.loads(response(two))["answer"]["sentences"][0]["citations"][0] | {"age_days": 3}
    nested = json.loads(response(one)) | {"risks": [{"rollback": [more]}]}
    assert list(citations_in(nested)) == [one, two]


@pytest.mark.parametrize("value", [None, 3, "x", [], {"document_id": "x"}, {"quote": 1}], ids=str)
def test_citations_in_anything_else_finds_none(value: object) -> None:
    assert list(citations_in(value)) == []


def test_survey_counts_suggestions_by_their_worst_citation(kb: Store) -> None:
    second = document("# Mail\n\nEmpty the outbox.\n", "kb-mail")
    kb.documents.put(second)
    mail = Citation("kb-mail", second.version, 8, 25, "Empty the outbox.")
    suggest(kb, "s-1", cite(TEXT), mail)
    suggest(kb, "s-2", mail)
    suggest(kb, "s-3", cite(TEXT))
    suggest(kb, "s-4")
    assert survey(kb, READER) == {State.VALID: 3, State.MOVED: 0, State.CHANGED: 0, State.GONE: 0, State.BROKEN: 0}
    kb.documents.put(document("# VPN\n\nReinstall the client.\n"))
    kb.documents.put(document("Now.\n" + second.text, "kb-mail"))
    assert survey(kb, READER) == {State.VALID: 0, State.MOVED: 1, State.CHANGED: 2, State.GONE: 0, State.BROKEN: 0}
    kb.documents.remove(["kb-mail"])
    assert survey(kb, READER) == {State.VALID: 0, State.MOVED: 0, State.CHANGED: 1, State.GONE: 2, State.BROKEN: 0}


def test_survey_of_an_erased_document_counts_no_suggestion_that_forgot_it(kb: Store) -> None:
    suggest(kb, "s-1", cite(TEXT))
    kb.documents.erase("kb-vpn")
    kb.tickets.forget_document("kb-vpn")
    assert set(survey(kb, READER).values()) == {0}
    assert kb.citations.outdated() == {}


def test_survey_of_ten_thousand_suggestions_reads_each_text_once(kb: Store) -> None:
    texts = {f"kb-{n}": "".join(f"## Part {n} {i}\n\nDo step {i} of {n}.\n\n" for i in range(40)) for n in range(100)}
    for name, text in texts.items():
        kb.documents.put(document(text, name))
    with kb.transaction():
        for number in range(10_000):
            name, part = f"kb-{number % 100}", number // 100 % 40
            quote = f"Do step {part} of {number % 100}."
            start = texts[name].index(quote)
            suggest(kb, f"s-{number}", Citation(name, sha256(texts[name]), start, start + len(quote), quote))
    for name, text in texts.items():
        kb.documents.put(document("New.\n" + text.replace("Do step 7 ", "Never do step 7 "), name))
    read: list[str] = []
    kb.db.conn.set_trace_callback(read.append)
    began = perf_counter()
    counts = survey(kb, READER)
    print(f"{perf_counter() - began:.2f} s")
    kb.db.conn.set_trace_callback(None)
    assert (counts[State.MOVED], counts[State.CHANGED]) == (9700, 300)
    assert len([sql for sql in read if "from versions" in sql]) <= 400
