"""Checks `duplicates` and `titles`: pairs of documents, against an exact oracle and by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.knowledge.check.issue import Corpus, Issue
from citedesk.knowledge.check.outline import outline
from citedesk.knowledge.check.pairs import NEARLY_SAME, candidates, duplicates, jaccard, shingles
from citedesk.knowledge.check.titles import opposed, same_words, titles
from citedesk.text import sha256
from citedesk.types import Document

WORDS = st.lists(st.sampled_from("abcdefgh"), max_size=30).map(" ".join)


def document(name: str, text: str, title: str = "", **facts: object) -> Document:
    return replace(Document(id=name, version=sha256(text), text=text, title=title or name), **facts)  # type: ignore[arg-type]


def long_text(seed: int, length: int = 200) -> list[str]:
    return [f"w{i}" for i in np.random.default_rng(seed).integers(0, 5_000, length)]


def runs(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    width = min(5, len(words))
    return {tuple(words[i : i + width]) for i in range(len(words) - width + 1)} if words else set()


@settings(max_examples=200, deadline=None)
@given(WORDS, WORDS)
def test_jaccard_equals_that_of_the_sets_of_runs(a: str, b: str) -> None:
    union = runs(a) | runs(b)
    assert jaccard(shingles(a), shingles(b)) == (len(runs(a) & runs(b)) / len(union) if union else 0.0)


def test_candidates_hold_every_pair_an_exact_comparison_finds() -> None:
    random = np.random.default_rng(7)
    texts = []
    for group in range(40):
        base = long_text(group)
        changed = list(base)
        changed[int(random.integers(0, 200))] = "other"
        texts += [" ".join(base), " ".join(changed)]
    sets = [shingles(text) for text in texts]
    exact = {
        (i, j) for i in range(80) for j in range(i + 1, 80) if jaccard(sets[i], sets[j]) >= NEARLY_SAME
    }  # fmt: skip
    assert len(exact) == 40
    assert exact <= set(candidates(sets))


def test_candidates_of_many_equal_texts_are_few() -> None:
    assert len(candidates([shingles("one two three four five six")] * 500)) <= 2 * 500


def test_duplicates_name_the_nearest_and_how_alike() -> None:
    base = long_text(1)
    near = [*base[:199], "changed"]
    corpus = Corpus([document("a", " ".join(base)), document("b", " ".join(near)), document("c", " ".join(base))])
    assert [(issue.document_id, issue.related, issue.severity.value, issue.message.split(";")[0])
            for issue in duplicates(corpus)] == [
        ("b", ("a",), "warning", "it has nearly the same text (99%) as a"),
        ("c", ("a",), "warning", "it has the same text as a"),
    ]  # fmt: skip


def test_duplicates_of_different_texts_and_superseded_versions_are_none() -> None:
    text = " ".join(long_text(1))
    old, new = document("a", text), document("b", text, supersedes="a")
    assert duplicates(Corpus([old, new, document("c", " ".join(long_text(2)))])) == []


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Enable single sign-on", "Disable single sign-on"),
        ("Turn alerts on", "Turn alerts off"),
        ("Allow an IP address", "Block an IP address"),
        ("Printer on Windows 10", "Printer on Windows 11"),
        ("Payments are delayed", "Payments are not delayed"),
    ],
)
def test_opposed_titles_are_told_apart(a: str, b: str) -> None:
    assert opposed(a, b)
    assert opposed(b, a)


@pytest.mark.parametrize(
    ("a", "b"), [("Restart the gateway", "Restart gateway"), ("Reset VPN", "VPN reset"), ("Slow VPN", "VPN is slow")]
)
def test_opposed_titles_of_one_meaning_are_not(a: str, b: str) -> None:
    assert not opposed(a, b)


def test_same_words_ignore_order_inflection_and_stop_words() -> None:
    assert same_words("Restarting the payment gateways") == same_words("payment gateway: restart")
    assert same_words("of the") == ()


def judged(*documents: Document, near: dict[str, list[tuple[str, float]]] | None = None) -> list[Issue]:
    return titles(Corpus(documents), {d.id: outline(d.text) for d in documents}, near or {})


A = document(
    "rb-a", "1. Drain it.\n2. Restart it.\n\n```bash\nkubectl rollout restart deploy/pay\n```\n",
    "Restart the payment gateway", service="payments", owner="billing",
)  # fmt: skip
B = document(
    "rb-b", "1. Call the bank and wait for them.\n\n```bash\nsystemctl restart pay\n```\n",
    "Restart payment gateway", service="payments", owner="platform",
)  # fmt: skip


def test_titles_same_but_different_steps_name_what_differs() -> None:
    assert [(issue.document_id, issue.severity.value, issue.related, issue.message) for issue in judged(A, B)] == [
        (
            "rb-b",
            "warning",
            ("rb-a",),
            "it has the same title as rb-a (Restart the payment gateway) but differs: owner platform, there billing; "
            "1 numbered steps, there 2; only here: systemctl restart pay; only there: kubectl rollout restart "
            "deploy/pay; 0% of their text is shared. To mend it, merge them, let one supersede the other, or retitle "
            "one",
        )
    ]


def test_titles_of_two_services_are_good_to_know() -> None:
    issues = judged(A, replace(B, service="public-api"))
    assert [(issue.severity.value, "service public-api, there payments" in issue.message) for issue in issues] == [
        ("info", True)
    ]


@pytest.mark.parametrize(
    "other",
    [
        replace(B, title="Stop the payment gateway"),
        replace(B, text=A.text, version=A.version),
        replace(B, kind="postmortem"),
        replace(B, labels=frozenset({"public"})),
        replace(B, supersedes="rb-a"),
        replace(B, title=""),
    ],
    ids=["opposite", "same text", "other kind", "no common reader", "supersedes", "no title"],
)
def test_titles_that_do_not_contradict_are_no_finding(other: Document) -> None:
    assert judged(A, other) == []


def test_titles_near_by_cosine_are_compared_too() -> None:
    near = replace(B, title="Reboot payment gateway")
    found = judged(A, near, near={"rb-a": [("rb-b", 0.97)]})
    assert [issue.message.split(" as ")[0] for issue in found] == ["it has nearly the same title"]
    assert judged(A, near, near={"rb-a": [("rb-b", 0.9)]}) == []
    assert judged(A, replace(B, title="Stop gateway", id="rb-c"), near={"rb-a": [("rb-a", 1.0)]}) == []
