"""What the guard says of a ticket's language and attachments, and of secrets that leak."""

import base64

import pytest

from citedesk.guard.attachments import attachments
from citedesk.guard.language import language
from citedesk.guard.leaks import leaks


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The printer on the second floor does not print since we have the new driver", "en"),
        ("Der Drucker im zweiten Stock druckt seit heute nicht, und ich habe keine Idee", "de"),
        ("La impresora no funciona desde ayer y no puedo imprimir los documentos", "es"),
        ("L'imprimante ne marche pas depuis hier et je ne peux pas imprimer dans le bureau", "fr"),
        ("La stampante non funziona più da ieri e non so che cosa sono gli errori", "it"),
        ("A impressora não funciona desde ontem e eu não tenho uma solução para isso", "pt"),
        ("De printer werkt niet meer en ik kan het niet vinden, graag hulp van een collega", "nl"),
        ("Drukarka nie działa i nie mogę drukować, proszę o pomoc, bo to jest dla mnie ważne", "pl"),
        ("Принтер не печатает со вчерашнего дня", "ru"),
        ("Принтер не друкує, її вимкнено і є помилка", "uk"),
        ("プリンターが動きません", "ja"),
        ("打印机坏了", "zh"),
        ("프린터가 작동하지 않습니다", "ko"),
        ("الطابعة لا تعمل", "ar"),
        ("ERROR 500 orders-db lag=12 threshold=10", None),
        ("", None),
        ("12345 !!!", None),
    ],
)
def test_language_of_a_ticket_is_named_or_left_open(text: str, code: str | None) -> None:
    assert language(text) == code


def test_attachments_suspicious_names_types_and_sizes_are_counted() -> None:
    fields = {
        "attachments": [
            {"filename": "invoice.pdf.exe", "content_type": "application/pdf", "size": 10},
            {"name": "report.docm"},
            {"name": "logs.zip", "size": 30_000_000},
            {"name": "photo\u202egpj.scr", "content_type": "image/jpeg"},
            {"name": "holiday.jpg", "content_type": "image/jpeg"},
            "run.ps1. ",
            {"name": "page.html"},
        ]
    }
    assert attachments(fields) == {
        "archive": 1, "attachment": 7, "double_extension": 1, "executable": 3, "hidden_name": 1, "large": 1, "macro": 1,
        "mismatch": 2, "web_page": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    "fields", [{}, {"attachments": None}, {"attachments": []}, {"attachments": 7}, {"other": ["a.exe"]}]
)
def test_attachments_without_any_nothing_is_said(fields: dict[str, object]) -> None:
    assert attachments(fields) == {}


def test_attachments_odd_entries_do_not_stop_it() -> None:
    assert attachments({"files": [None, 7, {}, {"name": 5, "size": "big"}, {"size": True}]}) == {"attachment": 3}


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("It is open sesame, friend", "exact"),
        ("It is OPEN  Sesame", "normalised"),
        ("o-p-e-n s.e.s.a.m.e", "spaced"),
        ("backwards: emases nepo", "reversed"),
        (base64.b64encode(b"the code is open sesame!").decode(), "encoded"),
        ("bcra frfnzr", "encoded"),
        ("6f 70 65 6e 20 73 65 73 61 6d 65", "encoded"),
        ("open%20sesame", "encoded"),
        ("the door stays shut", None),
        ("", None),
    ],
)
def test_leaks_known_secret_is_seen_in_its_form(text: str, form: str | None) -> None:
    assert leaks(text, ["open sesame"]) == form


def test_leaks_short_or_empty_secrets_only_as_they_are() -> None:
    assert leaks("say abc", ["abc"]) == "exact"
    assert leaks("say A B C", ["abc"]) is None
    assert leaks("anything", ["", "  "]) is None
