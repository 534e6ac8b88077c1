"""The shipped knowledge base, example tickets and golden questions are what the README says they are."""

import datetime
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from datasketch import MinHash, MinHashLSH

from citedesk.settings import shipped
from citedesk.triage import load_catalog

KB = shipped("kb")
CATALOG = load_catalog(KB / "catalog.toml")
FOLDERS = {"runbook": ("runbooks", "rb-"), "article": ("articles", "kb-"), "postmortem": ("postmortems", "pm-")}
FILES = {kind: sorted((KB / folder).glob("*.md")) for kind, (folder, _) in FOLDERS.items()}
DOCUMENTS = [(kind, path) for kind, paths in FILES.items() for path in paths]
BY_ID = {path.stem: path for _, path in DOCUMENTS}
KEYS = {"id", "title", "kind", "service", "layer", "owner", "labels", "reviewed_on", "review_every_days"}
HEADINGS = {
    "runbook": [
        "Symptoms", "Impact", "Checks", "Steps", "Verification", "Rollback", "When to escalate", "Related",
    ],
    "postmortem": [
        "Summary", "Impact", "Timeline", "Root cause", "Detection", "What went well", "What went badly",
        "Action items", "Related",
    ],
}  # fmt: skip
ALLOWED = {
    "priority": {"P1", "P2", "P3", "P4"},
    "tier": {"L1", "L2", "L3"},
    "type": {"incident", "request", "question", "problem", "change"},
    "team": set(CATALOG.teams),
}
# Jaccard of word 3-shingles above which two tickets are near-duplicates, and the share allowed to be.
NEAR, NEAR_SHARE = 0.6, 0.01

each_document = pytest.mark.parametrize(("kind", "path"), DOCUMENTS, ids=[path.stem for _, path in DOCUMENTS])


@cache
def parts(path: Path) -> tuple[dict[str, Any], str]:
    """Split a document by hand: front matter and body."""
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(front), body


def prose(body: str) -> str:
    """Drop fenced code, whose `# comment` lines are no headings."""
    return re.sub(r"^\s*```.*?^\s*```[ \t]*$", "", body, flags=re.M | re.S)


def headings(body: str) -> list[str]:
    return re.findall(r"^## (.+?)\s*$", prose(body), re.M)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@cache
def tickets() -> list[dict[str, Any]]:
    return [row for path in sorted((KB / "tickets").glob("*.jsonl")) for row in rows(path)]


@pytest.mark.parametrize(("kind", "least"), [("runbook", 45), ("article", 40), ("postmortem", 16)])
def test_documents_of_each_kind_are_as_many_as_promised(kind: str, least: int) -> None:
    assert len(FILES[kind]) >= least


def test_catalog_holds_at_least_25_services() -> None:
    assert len(CATALOG.services) >= 25


@each_document
def test_front_matter_is_complete_and_agrees_with_the_catalog(kind: str, path: Path) -> None:
    front, _ = parts(path)
    service = CATALOG.services[front["service"]]
    assert set(front) - {"supersedes"} == KEYS
    assert (front["id"], front["kind"], front["layer"]) == (path.stem, kind, service.layer)
    assert path.stem.startswith(FOLDERS[kind][1])
    assert front["owner"] in CATALOG.teams
    assert {frozenset(front["labels"])} <= {frozenset(x) for x in (["staff"], ["public", "staff"], ["restricted"])}
    assert isinstance(front["reviewed_on"], datetime.date)
    assert front["review_every_days"] in (90, 120, 180, 365)


@each_document
def test_title_heading_equals_front_matter_title(kind: str, path: Path) -> None:
    front, body = parts(path)
    assert re.findall(r"^# (.+?)\s*$", prose(body), re.M) == [front["title"]]


@pytest.mark.parametrize(
    ("kind", "path"), [d for d in DOCUMENTS if d[0] in HEADINGS], ids=lambda x: getattr(x, "stem", "")
)
def test_headings_are_those_of_the_kind_in_order(kind: str, path: Path) -> None:
    assert headings(parts(path)[1]) == HEADINGS[kind]


@each_document
def test_links_resolve_and_public_ones_stay_public(kind: str, path: Path) -> None:
    front, body = parts(path)
    targets = [(path.parent / link.split("#")[0]).resolve() for link in re.findall(r"\]\(([^)\s]+\.md[^)]*)\)", body)]
    assert [str(t) for t in targets if not t.is_file()] == []
    if "public" in front["labels"]:
        assert [t.stem for t in targets if "public" not in parts(t)[0]["labels"]] == []


def test_document_titles_are_unique() -> None:
    assert [t for t, n in Counter(parts(path)[0]["title"] for _, path in DOCUMENTS).items() if n > 1] == []


def test_tickets_are_at_least_1200_with_unique_ids_and_text() -> None:
    found = tickets()
    assert len(found) >= 1200
    assert [i for i, n in Counter(row["id"] for row in found).items() if n > 1] == []
    assert [row["id"] for row in found if not (row["subject"] + row["body"]).strip()] == []


@pytest.mark.parametrize("head", sorted(ALLOWED))
def test_ticket_labels_are_all_of_the_allowed_and_all_are_used(head: str) -> None:
    assert {row[head] for row in tickets()} == ALLOWED[head]


def test_ticket_services_are_in_the_catalog() -> None:
    assert {row["service"] for row in tickets()} - {None} - CATALOG.services.keys() == set()


def test_tickets_are_written_in_english_german_and_spanish() -> None:
    assert {row["language"] for row in tickets()} == {"en", "de", "es"}


def shingles(text: str) -> set[str]:
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[i : i + 3]) for i in range(max(1, len(words) - 2))}


def test_near_duplicate_share_of_tickets_stays_below_one_percent() -> None:
    texts = {row["id"]: shingles(f"{row['subject']} {row['body']}") for row in tickets()}
    index, hashes = MinHashLSH(threshold=NEAR - 0.1, num_perm=64), {}
    for key, words in texts.items():
        hashes[key] = MinHash(num_perm=64)
        hashes[key].update_batch([word.encode() for word in words])
        index.insert(key, hashes[key])
    # MinHash finds candidates; the exact Jaccard decides.
    near = {
        key
        for key in texts
        for other in index.query(hashes[key])
        if other != key and len(texts[key] & texts[other]) / len(texts[key] | texts[other]) > NEAR
    }
    assert len(near) / len(texts) < NEAR_SHARE


def slug(heading: str) -> str:
    return "-".join(re.findall(r"\w+", heading.replace("'", "").lower()))


@cache
def sections() -> frozenset[str]:
    """Name every section as the judgements do: `document#slug-of-heading`, `#top` above the first."""
    return frozenset(
        f"{path.stem}#{name}"
        for _, path in DOCUMENTS
        for name in ["top", *(slug(heading) for heading in headings(parts(path)[1]))]
    )


@cache
def golden(part: str = "") -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[tuple[str, str, int]]]:
    """Questions, expected answers, and judgements (query, section, score)."""
    folder = KB / "golden" / part
    lines = (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]
    qrels = [(q, section, int(score)) for q, section, score in (line.split("\t") for line in lines)]
    return rows(folder / "queries.jsonl"), rows(folder / "expected.jsonl"), qrels


def test_golden_questions_are_120_and_20_of_them_unanswerable() -> None:
    questions, _, _ = golden()
    assert len({question["_id"] for question in questions}) == len(questions) >= 120
    assert sum(not question["metadata"]["answerable"] for question in questions) >= 20


@pytest.mark.parametrize("part", ["", "dev", "dev2"])
def test_golden_judgements_name_sections_that_exist(part: str) -> None:
    assert {section for _, section, _ in golden(part)[2]} - sections() == set()


@pytest.mark.parametrize("part", ["", "dev", "dev2"])
def test_golden_judgements_cover_the_answerable_questions_and_only_them(part: str) -> None:
    questions, _, qrels = golden(part)
    answerable = {question["_id"] for question in questions if question["metadata"]["answerable"]}
    assert {query for query, _, score in qrels if score == 2} == answerable
    assert {query for query, _, _ in qrels} == answerable


@pytest.mark.parametrize("part", ["", "dev", "dev2"])
def test_golden_expected_answers_agree_with_the_questions(part: str) -> None:
    questions, expected, _ = golden(part)
    assert {e["_id"]: e["answerable"] for e in expected} == {q["_id"]: q["metadata"]["answerable"] for q in questions}
    assert {d for e in expected for d in e["documents"]} - BY_ID.keys() == set()


def test_development_questions_are_none_of_the_evaluation() -> None:
    asked = [{question["text"] for question in golden(part)[0]} for part in ("", "dev", "dev2")]
    assert [asked[0] & asked[1], asked[0] & asked[2], asked[1] & asked[2]] == [set(), set(), set()]


def test_golden_facts_stand_in_an_expected_document() -> None:
    absent = [
        (e["_id"], fact)
        for e in golden()[1]
        for fact in e.get("must_mention", [])
        if not any(fact in parts(BY_ID[d])[1] for d in e["documents"])
    ]
    assert absent == []


SITUATIONS = [
    "onboarding-failure", "payment-error", "partner-rate-limit", "regression-after-deploy", "regional-outage",
    "data-corruption", "cost-spike", "security-incident", "serverless-cold-start", "feature-flag-regression",
    "crash-loop-after-config", "serverless-latency-spike", "cascading-failure", "autoscaling-cost-vs-latency",
    "third-party-rate-limit-change", "partial-migration", "missing-telemetry", "alert-fatigue", "automation-loop",
    "stale-runbook", "escalation-delay", "credentials-leaked-in-triage", "metric-cardinality",
    "first-line-over-reliance",
]  # fmt: skip


@pytest.mark.parametrize("situation", SITUATIONS)
def test_golden_questions_ask_about_every_named_situation(situation: str) -> None:
    asked = [q for q in golden()[0] if q["metadata"]["situation"] == situation and q["metadata"]["answerable"]]
    assert asked != []
