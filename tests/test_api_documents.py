"""The knowledge base over HTTP: list, write, remove, erase."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from citedesk.api.principals import Principals
from citedesk.encoding import Encoder
from citedesk.errors import ConfigError
from citedesk.settings import Settings, shipped
from tests.api_home import bearer, document, is_problem, make_home, principals_file, served

SECRET = "ghp_" + "a1B2" * 9
# Every third document is not for staff; their ids lie between the others'.
IDS = [f"d{i:02}" for i in range(12)]
HIDDEN = IDS[1::3]
READABLE = [i for i in IDS if i not in HIDDEN]
TICKET = {"id": "T-1", "subject": "VPN drops", "body": "The VPN on my laptop disconnects every few minutes."}


@pytest.fixture(scope="module")
def settings(encoder: Encoder, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    documents = [
        document(i, f"Note {i}: how to mend the printer.", ["security"] if i in HIDDEN else ["staff"]) for i in IDS
    ]
    return make_home(tmp_path_factory.mktemp("documents") / "home", home / "encoders", documents)


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[TestClient]:
    with served(settings) as client:
        yield client


def put(client: TestClient, document_id: str, caller: str = "editor", **fields: object) -> Any:
    body = {"text": f"{document_id} tells of zebras.", **fields}
    return client.put(f"/v1/documents/{document_id}", json=body, headers=bearer(caller))


def found(client: TestClient, query: str, caller: str = "agent") -> list[str]:
    response = client.get("/v1/search", params={"q": query, "k": 100}, headers=bearer(caller))
    return [hit["document_id"] for hit in response.json()["hits"]]


def listed(client: TestClient, caller: str, **asked: Any) -> list[dict[str, Any]]:
    """Follow the cursors of a list to its end; return the pages."""
    pages: list[dict[str, Any]] = []
    while not pages or pages[-1]["cursor"]:
        more = {"cursor": pages[-1]["cursor"]} if pages else {}
        pages.append(client.get("/v1/documents", params={**asked, **more}, headers=bearer(caller)).json())
    return pages


@pytest.mark.parametrize("k", [1, 2, 3, 7, 8, 100])
def test_list_pages_hold_every_readable_document_once_in_order(client: TestClient, k: int) -> None:
    pages = listed(client, "agent", k=k)
    assert [row["id"] for page in pages for row in page["documents"] if row["id"] in IDS] == READABLE


def test_list_of_an_admin_holds_every_document(client: TestClient) -> None:
    assert {row["id"] for page in listed(client, "boss", k=5) for row in page["documents"]} >= set(IDS)


def test_list_cursor_names_no_document_the_caller_may_not_read(client: TestClient) -> None:
    cursors = [page["cursor"] for k in (1, 2, 3) for page in listed(client, "agent", k=k) if page["cursor"]]
    named = {base64.urlsafe_b64decode(cursor).decode() for cursor in cursors}
    assert {f"after:{i}" for i in HIDDEN} & named == set()
    assert len(named) > 1


def test_list_for_a_caller_who_reads_nothing_is_empty_and_ends(client: TestClient) -> None:
    answer = client.get("/v1/documents", params={"k": 1}, headers=bearer("merchant")).json()
    assert answer == {"documents": [], "cursor": None}


def test_list_longer_than_a_block_of_rows_has_no_gap(
    encoder: Encoder, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citedesk.api.documents._BLOCK", 3)
    labels = [["security"] if i % 4 in (1, 2) else ["staff"] for i in range(20)]
    documents = [document(f"x{i:02}", f"Text {i}.", labels[i]) for i in range(20)]
    with served(make_home(tmp_path / "home", home / "encoders", documents)) as client:
        pages = listed(client, "agent", k=2)
    assert [row["id"] for page in pages for row in page["documents"]] == [
        f"x{i:02}" for i in range(20) if labels[i] == ["staff"]
    ]


def test_list_cursor_after_the_longest_id_is_accepted(client: TestClient) -> None:
    names = ["\U0001f5a8" * 299 + end for end in "ab"]
    try:
        for name in names:
            assert put(client, name).status_code == 201
        pages = listed(client, "agent", k=len(READABLE) + 1)
        assert [row["id"] for page in pages for row in page["documents"]][-2:] == names
    finally:
        for name in names:
            client.delete(f"/v1/documents/{name}", params={"erase": True}, headers=bearer("editor"))


@pytest.mark.parametrize("cursor", ["x", "b29wcw==", "\u00e9", "/w==", "ZnJvbToxMA=="])
def test_list_with_a_cursor_that_no_list_gave_is_a_problem(client: TestClient, cursor: str) -> None:
    assert is_problem(client.get("/v1/documents", params={"cursor": cursor}, headers=bearer("agent")), 422)


def test_list_filters_by_kind_service_and_tag(client: TestClient) -> None:
    put(client, "f1", kind="runbook", service="orders-db", tags=["vpn"])
    put(client, "f2", kind="runbook", service="orders-api", tags=["vpn", "mail"])

    def ids(**asked: str) -> list[str]:
        return [row["id"] for page in listed(client, "agent", **asked) for row in page["documents"]]

    assert (ids(kind="runbook"), ids(service="orders-db"), ids(tag="mail"), ids(kind="runbook", tag="mail")) == (
        ["f1", "f2"], ["f1"], ["f2"], ["f2"],
    )  # fmt: skip


def test_put_of_a_new_document_answers_201_and_of_a_known_one_200(client: TestClient) -> None:
    assert [put(client, "put-twice").status_code, put(client, "put-twice").status_code] == [201, 200]


def test_put_document_is_found_at_once_under_its_new_text_only(client: TestClient) -> None:
    put(client, "put-found", text="The quokka eats leaves.")
    first = found(client, "quokka")[0]
    put(client, "put-found", text="The axolotl swims.")
    hits = client.get("/v1/search", params={"q": "axolotl"}, headers=bearer("agent")).json()["hits"]
    assert (first, hits[0]["document_id"], hits[0]["text"]) == ("put-found", "put-found", "The axolotl swims.")


def test_put_answer_equals_the_document_fetched(client: TestClient) -> None:
    fields: dict[str, object] = {"title": "Zebras", "kind": "runbook", "tags": ["b", "a"], "reviewed_on": "2026-09-14"}
    written = put(client, "put-equal", "editor", **fields).json()
    assert client.get("/v1/documents/put-equal", headers=bearer("agent")).json() == written
    assert {name: written[name] for name in fields} == {**fields, "tags": ["a", "b"]}


def test_put_text_is_stored_as_it_is_sent(client: TestClient) -> None:
    text = "  # Häading \r\n\r\n\tline\u2028 \U0001f680 \n\n"
    assert put(client, "put-exact", text=text).json()["text"] == text


def test_put_secrets_are_masked_in_text_and_title_and_reach_no_file(client: TestClient, settings: Settings) -> None:
    written = put(client, "put-secret", title=f"Token {SECRET}", text=f"Use {SECRET} to log in.")
    stored = b"".join(path.read_bytes() for path in settings.home.rglob("*") if path.is_file())
    assert written.status_code == 201
    assert SECRET not in written.text and SECRET.encode() not in stored


def test_put_id_with_slashes_and_spaces_is_kept(client: TestClient) -> None:
    assert put(client, "team a/vpn/how to?".replace("?", "%3F")).json()["id"] == "team a/vpn/how to?"


@pytest.mark.parametrize("caller", ["agent", "merchant"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_write_by_a_reader_is_forbidden_and_changes_nothing(client: TestClient, caller: str, method: str) -> None:
    before = client.get("/v1/documents/d00", headers=bearer("boss")).json()
    response = client.request(method, "/v1/documents/d00", json={"text": "mine now"}, headers=bearer(caller))
    assert is_problem(response, 403)
    assert client.get("/v1/documents/d00", headers=bearer("boss")).json() == before


def test_principals_file_with_a_role_that_is_none_is_refused(tmp_path: Path) -> None:
    file = principals_file(tmp_path)
    file.write_text(file.read_text(encoding="utf-8").replace('"editor"', '"edtior"'), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"editor\.role"):
        Principals(Settings(home=tmp_path, principals=file))


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_write_without_a_token_is_not_authenticated(client: TestClient, method: str) -> None:
    assert is_problem(client.request(method, "/v1/documents/d00", json={"text": "mine now"}), 401)


def test_write_without_a_principals_file_is_forbidden(encoder: Encoder, home: Path, tmp_path: Path) -> None:
    open_home = make_home(tmp_path / "home", home / "encoders", [document("d00", "Anything.")], tokens=False)
    with served(open_home) as client:
        codes = [
            client.put("/v1/documents/d00", json={"text": "x"}).status_code,
            client.delete("/v1/documents/d00").status_code,
            client.get("/v1/documents/d00").status_code,
        ]
    assert codes == [403, 403, 200]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_write_to_a_hidden_document_is_refused_and_leaves_it(client: TestClient, method: str) -> None:
    before = client.get(f"/v1/documents/{HIDDEN[0]}", headers=bearer("boss")).json()
    for asked in ({}, {"erase": True}):
        response = client.request(
            method, f"/v1/documents/{HIDDEN[0]}", params=asked, json={"text": "mine now"}, headers=bearer("editor")
        )
        assert is_problem(response, 404)
    assert client.get(f"/v1/documents/{HIDDEN[0]}", headers=bearer("boss")).json() == before


def test_put_over_a_removed_hidden_document_is_refused_and_its_versions_stay_hidden(client: TestClient) -> None:
    secret = put(client, "gone-hidden", "boss", text="The vault code lies there.", labels=["security"]).json()
    client.delete("/v1/documents/gone-hidden", headers=bearer("boss"))
    taken = put(client, "gone-hidden", text="Now ours.")
    asked = client.get("/v1/documents/gone-hidden", params={"version": secret["version"]}, headers=bearer("editor"))
    assert is_problem(taken, 404) and is_problem(asked, 404)


def test_put_that_supersedes_a_hidden_document_is_refused(client: TestClient) -> None:
    assert is_problem(put(client, "usurper", supersedes=HIDDEN[0], labels=["security"]), 404)
    assert HIDDEN[0] in found(client, "printer", "boss")


def test_put_that_supersedes_a_readable_document_takes_its_place(client: TestClient) -> None:
    put(client, "older", text="The tapir dozes.")
    put(client, "newer", text="The tapir dozes on.", supersedes="older")
    hits = found(client, "tapir")
    assert hits[0] == "newer" and "older" not in hits


@pytest.mark.parametrize("removed", [False, True])
def test_put_without_labels_keeps_those_of_a_known_document(client: TestClient, removed: bool) -> None:
    name = f"keeps-{removed}"
    put(client, name, "boss", labels=["security"])
    if removed:
        client.delete(f"/v1/documents/{name}", headers=bearer("boss"))
    assert put(client, name, "boss", text="A new text.").json()["labels"] == ["security"]


def test_put_that_takes_a_label_away_hides_the_document_at_once(client: TestClient) -> None:
    put(client, "put-hide", text="The narwhal sings.", labels=["staff", "public"])
    before = found(client, "narwhal", "merchant")
    put(client, "put-hide", text="The narwhal sings.", labels=["staff"])
    assert (before, found(client, "narwhal", "merchant")) == (["put-hide"], [])


BAD = [
    {"text": ""},
    {"text": " \n\t"},
    {"text": 7},
    {"kind": "runbook"},
    {"text": "a", "colour": "red"},
    {"text": "a", "id": "another"},
    {"text": "a", "kind": ""},
    {"text": "a", "labels": [""]},
    {"text": "a", "labels": {"staff": True}},
    {"text": "a", "reviewed_on": "yesterday"},
    {"text": "a", "review_every_days": 0},
    {"text": "a", "title": "t" * 1001},
    {"text": "---\nlabels: [security]\n---\nOnly for security."},
    {"text": "---\nlabels: [security]\nOnly for security."},
    ["text"],
]


@pytest.mark.parametrize("body", BAD, ids=[str(i) for i in range(len(BAD))])
def test_put_that_breaks_the_front_matter_is_a_problem_and_stores_nothing(client: TestClient, body: Any) -> None:
    response = client.put("/v1/documents/bad", json=body, headers=bearer("editor"))
    assert is_problem(response, 422)
    assert client.get("/v1/documents/bad", headers=bearer("boss")).status_code == 404


@pytest.mark.parametrize("path", ["%20a", "a%00", "%E2%80%AEa", "b" * 301])
def test_put_under_an_id_that_cannot_be_printed_is_a_problem(client: TestClient, path: str) -> None:
    assert is_problem(put(client, path), 422)


def test_delete_takes_a_document_out_of_search_and_list_but_its_version_still_resolves(client: TestClient) -> None:
    written = put(client, "removed", text="The pangolin rolls up.").json()
    before = found(client, "pangolin")[0]
    answer = client.delete("/v1/documents/removed", headers=bearer("editor"))
    assert (before, answer.status_code, answer.content) == ("removed", 204, b"")
    assert "removed" not in found(client, "pangolin")
    assert "removed" not in [row["id"] for page in listed(client, "agent") for row in page["documents"]]
    kept = client.get("/v1/documents/removed", params={"version": written["version"]}, headers=bearer("agent"))
    assert kept.json() == written


def test_get_of_a_removed_document_without_a_version_is_not_found(client: TestClient) -> None:
    put(client, "removed-get")
    client.delete("/v1/documents/removed-get", headers=bearer("editor"))
    for asked in ({}, {"version": ""}):
        assert is_problem(client.get("/v1/documents/removed-get", params=asked, headers=bearer("agent")), 404)


def test_delete_of_a_document_that_never_was_is_like_one_of_a_hidden_one(client: TestClient) -> None:
    absent, hidden = (client.delete(f"/v1/documents/{i}", headers=bearer("editor")) for i in ("d99", HIDDEN[0]))
    assert is_problem(absent, 404)
    assert absent.text.replace("d99", HIDDEN[0]) == hidden.text


def test_put_of_a_removed_document_brings_it_back_as_new(client: TestClient) -> None:
    put(client, "returns", text="The okapi hides.")
    client.delete("/v1/documents/returns", headers=bearer("editor"))
    assert put(client, "returns", text="The okapi hides.").status_code == 201
    assert found(client, "okapi")[0] == "returns"


def test_erase_leaves_no_byte_of_any_version_in_any_file(client: TestClient, settings: Settings) -> None:
    versions = [put(client, "erased", text=f"The {word} walks.").json() for word in ("wombatino", "dingolino")]
    client.post("/v1/suggestions", json={"body": "Where does the dingolino walk?"}, headers=bearer("boss"))
    client.delete("/v1/documents/erased", headers=bearer("editor"))
    answer = client.delete("/v1/documents/erased", params={"erase": True}, headers=bearer("editor"))
    files = {p.name: p.read_bytes() for p in settings.home.rglob("*") if p.is_file() and p.parent.name != "encoders"}
    assert (answer.status_code, answer.content) == (204, b"")
    assert [name for name, data in files.items() if b"wombatino" in data or b" dingolino walks" in data] == []
    codes = [
        client.get("/v1/documents/erased", params={"version": one["version"]}, headers=bearer("boss")).status_code
        for one in versions
    ]
    assert codes == [404, 404]
    assert "erased" not in found(client, "dingolino", "boss")


def test_no_response_names_a_place_on_this_machine(client: TestClient, settings: Settings) -> None:
    answers = [
        put(client, "no-path"),
        client.get("/v1/documents", headers=bearer("boss")),
        client.get("/v1/documents/d00", headers=bearer("boss")),
        client.get("/v1/search", params={"q": "printer"}, headers=bearer("boss")),
        client.get("/v1/documents/d99", headers=bearer("boss")),
        client.put("/v1/documents/d00", json={}, headers=bearer("boss")),
        client.post("/v1/suggestions", json=TICKET, headers=bearer("boss")),
        client.get("/readyz"),
        client.get("/metrics"),
        client.get("/openapi.json"),
    ]
    places = ["/srv/secret-place", str(settings.home), str(shipped("kb").parent), "origin"]
    assert [place for place in places for answer in answers if place in answer.text] == []


def test_openapi_lists_the_routes_of_documents_and_feedback(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {path: sorted(paths[path]) for path in paths if "document" in path or "feedback" in path} == {
        "/v1/documents": ["get"],
        "/v1/documents/{document_id}": ["delete", "get", "put"],
        "/v1/suggestions/{suggestion_id}/feedback": ["post"],
    }
