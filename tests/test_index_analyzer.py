"""Text to terms."""

import pytest

from citedesk.index.analyzer import identifiers, words


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
