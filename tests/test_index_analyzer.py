"""Text to terms."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.index.analyzer import identifiers, sought, words

NAMES = [
    "ORA-01555", "0x80070005", "E11000", "v2.14.3", "nginx.conf", "x-request-id", "java.lang.NullPointerException",
    "KubePodCrashLooping", "kube_node_role", "10.0.0.6:8080", "KB4021960", "localhost:9093", "4.0.7577.728", ".NET",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("The pods are crashing", ["pod", "crash"]),
        ("Restarts restarted RESTARTING", ["restart", "restart", "restart"]),
        ("to be or not to be", []),
        ("x-request-id", ["x", "request", "id"]),
        ("Größe 3", ["größe", "3"]),
        ("a" * 61 + " pod", ["pod"]),
    ],
)
def test_words_of_known_texts_are_stemmed_without_stop_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words only", []),
        ("ORA-01555: snapshot too old", ["=ora-01555"]),
        ("E11000 duplicate key", ["=e11000"]),
        ("edit nginx.conf, then v2.14.3", ["=nginx.conf", "=v2.14.3"]),
        ("set maxPoolSize and X-Request-Id", ["=maxpoolsize", "=x-request-id"]),
        ("host db-1/" + "a" * 70, []),
    ],
)
def test_identifiers_of_known_texts_are_whole_and_marked(text: str, expected: list[str]) -> None:
    assert identifiers(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I don't know; it's the user’s", ["don", "know", "user"]),
        ("_Original_ and __init__", ["origin", "init"]),
        ("Fehler beim Löschen der Ordner", ["fehler", "beim", "löschen", "der", "ordner"]),
        ("cafe\u0301", ["café"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("请检查 nginx文件", ["请检", "检查", "nginx", "文件"]),
        ("ＶＰＮ", ["vpn"]),
        ("鍵", ["鍵"]),
    ],
)
def test_words_of_contractions_and_other_languages_are_neither_dropped_nor_cut(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C# and C++ on .NET", ["=c#", "=c++", "=.net"]),
        ("release 2.14 is v2.14", ["=v2.14", "=v2.14"]),
        ("0x80070005 KB4021960", ["=0x80070005", "=80070005", "=kb4021960", "=4021960"]),
        ("/etc/nginx/nginx.conf", ["=nginx.conf"]),
        (r"C:\Windows\System32\msi.dll", ["=system32", "=msi.dll"]),
        ("<domain>.policy.xml", ["=policy.xml"]),
        ("java.lang.NullPointerException:", ["=java.lang.nullpointerexception", "=nullpointerexception"]),
        ("on localhost:9093, at 10:30", ["=9093", "=localhost:9093"]),
        ("set kube_node_role", ["=kube_node_role"]),
        ("_Original_ page/topic#part", []),
        ("请检查nginx.conf文件0x80070005的", ["=nginx.conf", "=0x80070005", "=80070005"]),
    ],
)
def test_identifiers_of_support_texts_are_the_names_people_search(text: str, expected: list[str]) -> None:
    assert identifiers(text) == expected


BEFORE = st.sampled_from([" ", "(", "[", '"', "`", "'", "“", "**", "<", "=", ", ", "/", "|", "\n", "错误", "«"])
AFTER = st.sampled_from(
    [" ", ")", "]", '"', "`", "'", "”", "**", ">", ", ", ". ", ".", ": ", ";", "?", "!", "\n", "的"]
)


@given(st.sampled_from(NAMES), BEFORE, AFTER)
def test_identifier_in_any_punctuation_gives_the_terms_it_gives_alone(name: str, before: str, after: str) -> None:
    assert identifiers(f"before {before}{name}{after} after") == identifiers(name)


@given(st.sampled_from(NAMES), BEFORE, AFTER, st.sampled_from([str.lower, str.upper, str.title]))
def test_identifier_in_any_case_is_sought_by_its_whole_name(
    name: str, before: str, after: str, case: Callable[[str], str]
) -> None:
    assert identifiers(name)[0] in sought(before + case(name) + after)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vpn pods", []),
        ("kubepodcrashlooping", ["=kubepodcrashlooping"]),
        ("KUBEPODCRASHLOOPING fires", ["=kubepodcrashlooping"]),
        ("KubePodCrashLooping runbook", ["=kubepodcrashlooping", "=runbook"]),
        ("what does kubepodcrashlooping mean on v2.14", ["=v2.14"]),
    ],
)
def test_sought_terms_of_known_texts_hold_plain_words_of_short_queries_only(text: str, expected: list[str]) -> None:
    assert sought(text) == expected


@given(st.text())
def test_terms_of_any_text_are_not_empty_and_the_same_twice(text: str) -> None:
    terms = words(text) + identifiers(text)
    assert (all(terms), terms) == (True, words(text) + identifiers(text))


@given(st.text(), st.sampled_from(NAMES))
def test_words_of_a_name_are_never_marked_as_exact(text: str, name: str) -> None:
    assert not any(word.startswith("=") for word in words(f"{text} {name}"))


@pytest.mark.parametrize("unit", ["a", "a.", "a-", "a:", "a@", "1", ".", "_", "aA", "’s", "字", "é", "0x", "a/", "+#"])
def test_terms_of_a_megabyte_without_spaces_take_linear_time(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    started = time.process_time()
    words(text)
    identifiers(text)
    # A quadratic expression takes hours; a loaded machine takes a second or two.
    assert time.process_time() - started < 10
