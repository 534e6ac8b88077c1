"""Documents, kept versions and vectors, in an in-memory database."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from citedesk.store import Store, open_store
from citedesk.text import sha256
from citedesk.types import Document


@pytest.fixture
def store() -> Iterator[Store]:
    opened = open_store(None)
    yield opened
    opened.close()


def document(text: str = "Restart the pod.", document_id: str = "rb-1") -> Document:
    return Document(
        id=document_id,
        version=sha256(text),
        text=text,
        title="Crash loop",
        kind="runbook",
        service="checkout",
        layer="kubernetes",
        owner="sre",
        labels=frozenset({"staff", "sre"}),
        reviewed_on="2026-01-31",
        review_every_days=90,
        supersedes="rb-0",
        source="rb-1.md",
    )


def test_get_of_a_stored_document_gives_every_field_back(store: Store) -> None:
    store.documents.put(document())
    assert store.documents.get("rb-1") == document()


def test_put_of_the_same_document_tells_that_nothing_changed(store: Store) -> None:
    assert [store.documents.put(document()), store.documents.put(document())] == [True, False]


@pytest.mark.parametrize("change", [{"title": "Other"}, {"labels": frozenset({"sre"})}, {"reviewed_on": None}])
def test_put_with_one_field_changed_tells_so_and_stores_it(store: Store, change: dict[str, object]) -> None:
    store.documents.put(document())
    changed = replace(document(), **change)  # type: ignore[arg-type]
    assert store.documents.put(changed)
    assert store.documents.all() == [changed]


def test_get_of_an_old_version_gives_the_text_it_had(store: Store) -> None:
    old, new = document("Restart the pod."), document("Roll back first.")
    store.documents.put(old)
    store.documents.put(new)
    assert (store.documents.get("rb-1"), store.documents.get("rb-1", old.version)) == (new, old)


def test_put_of_an_earlier_text_makes_its_kept_version_current_again(store: Store) -> None:
    old, new = document("Restart the pod."), document("Roll back first.")
    for version in (old, new, old):
        store.documents.put(version)
    assert store.documents.get("rb-1") == old


def test_get_of_an_old_version_has_the_labels_of_today(store: Store) -> None:
    old = document("Restart the pod.")
    store.documents.put(old)
    store.documents.put(replace(document("Roll back first."), labels=frozenset({"security"})))
    found = store.documents.get("rb-1", old.version)
    assert found is not None and found.labels == frozenset({"security"})


@pytest.mark.parametrize(("length", "found"), [(7, False), (8, True), (12, True), (64, True)])
def test_get_of_a_shortened_version_needs_eight_characters(store: Store, length: int, found: bool) -> None:
    store.documents.put(document())
    assert store.documents.get("rb-1", document().version[:length]) == (document() if found else None)


def test_get_of_a_shortened_version_that_names_two_gives_none(store: Store) -> None:
    for text, version in (("one", "abcdefgh1"), ("two", "abcdefgh2")):
        store.documents.put(replace(document(text), version=version))
    found = [store.documents.get("rb-1", "abcdefgh"), store.documents.get("rb-1", "abcdefgh1")]
    assert [f and f.text for f in found] == [None, "one"]


@pytest.mark.parametrize(("document_id", "version"), [("rb-2", None), ("rb-1", "f" * 64), ("rb-1", "%" * 64)])
def test_get_of_what_was_never_stored_gives_none(store: Store, document_id: str, version: str | None) -> None:
    store.documents.put(document())
    assert store.documents.get(document_id, version) is None


def test_all_lists_current_versions_by_id(store: Store) -> None:
    for item in (document("b", "rb-2"), document("old"), document("new")):
        store.documents.put(item)
    assert store.documents.all() == [document("new"), document("b", "rb-2")]


def test_versions_maps_ids_to_current_versions(store: Store) -> None:
    store.documents.put(document("old"))
    store.documents.put(document("new"))
    assert store.documents.versions() == {"rb-1": sha256("new")}


def test_texts_gives_kept_versions_and_leaves_out_unknown_ones(store: Store) -> None:
    store.documents.put(document("old"))
    store.documents.put(document("new"))
    keys = [("rb-1", sha256("old")), ("rb-1", sha256("new")), ("rb-9", "x")]
    assert store.documents.texts(keys) == {keys[0]: "old", keys[1]: "new"}


def test_put_of_text_beyond_ascii_gives_the_same_characters_back(store: Store) -> None:
    text = "Größe 3 µs ✓ 😀\r\n\x0b\u2028 end"
    store.documents.put(document(text))
    assert store.documents.texts([("rb-1", sha256(text))]) == {("rb-1", sha256(text)): text}


def test_vectors_of_more_hashes_than_one_lookup_come_back_bit_for_bit(store: Store) -> None:
    rows = np.random.default_rng(0).standard_normal((1203, 4)).astype(np.float32)
    kept = {f"h{i}": row for i, row in enumerate(rows)}
    store.vectors.put("fake", kept)
    found = store.vectors.get("fake", [*kept, "unknown"])
    assert {k: v.tobytes() for k, v in found.items()} == {k: v.tobytes() for k, v in kept.items()}


def test_vectors_of_another_encoder_are_not_found(store: Store) -> None:
    store.vectors.put("fake", {"h": np.ones(2, np.float32)})
    assert store.vectors.get("other", ["h"]) == {}


def test_keep_only_used_forgets_other_encoders_and_what_no_document_uses(store: Store) -> None:
    one = np.ones(2, np.float32)
    store.documents.put(document())
    store.vectors.assign({1: ["used", "used"]})
    store.vectors.put("fake", {"used": one, "unused": one})
    store.vectors.put("other", {"used": one})
    store.vectors.keep_only("fake", used=True)
    found = [sorted(store.vectors.get(name, ["used", "unused"])) for name in ("fake", "other")]
    assert found == [["used"], []]


def test_keep_only_keeps_unused_vectors_of_its_encoder(store: Store) -> None:
    one = np.ones(2, np.float32)
    store.vectors.put("fake", {"unused": one})
    store.vectors.put("other", {"unused": one})
    store.vectors.keep_only("fake")
    assert [sorted(store.vectors.get(name, ["unused"])) for name in ("fake", "other")] == [["unused"], []]


def test_assign_forgets_a_vector_once_its_last_document_lets_go(store: Store) -> None:
    store.documents.put(document())
    store.documents.put(document(document_id="rb-2"))
    store.vectors.put("fake", {"shared": np.ones(2, np.float32), "own": np.ones(2, np.float32)})
    left = []
    steps: list[dict[int, list[str]]] = [{1: ["shared", "own"], 2: ["shared"]}, {1: []}, {2: []}]
    for texts in steps:
        store.vectors.assign(texts)
        left.append(sorted(store.vectors.get("fake", ["shared", "own"])))
    assert left == [["own", "shared"], ["shared"], []]


def test_assign_of_a_document_that_is_not_there_notes_nothing(store: Store) -> None:
    store.vectors.assign({1: ["a"]})
    assert store.db.execute("select count(*) from passage_texts").fetchone()[0] == 0
