"""Promises in the company's name: found in four languages, facts and denials left alone."""

import pytest

from citedesk.guard.promises import promises


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("We will refund your last invoice.", "money"),
        ("We\u2019ll fully compensate you for the outage.", "money"),
        ("You will get a full refund.", "money"),
        ("You are entitled to compensation.", "entitled"),
        ("We guarantee that it works.", "guarantee"),
        ("Delivery is guaranteed within 2 hours.", "guarantee"),
        ("Our engineers will resolve the fault by Friday.", "date"),
        ("Your shop will be restored within 2 hours.", "date"),
        ("Our lawyers will contact you.", "legal"),
        ("We accept full liability for the loss.", "legal"),
        ("It was our fault.", "fault"),
        ("We are responsible for your losses.", "fault"),
        ("Wir werden Ihnen den Betrag erstatten.", "german"),
        ("Sie haben Anspruch auf Entschädigung.", "german"),
        ("Le reembolsaremos el importe.", "spanish"),
        ("Tiene derecho a un reembolso.", "spanish"),
        ("Nous vous rembourserons.", "french"),
        ("C'était notre faute.", "french"),
    ],
)
def test_promises_made_to_the_asker_are_found(text: str, kind: str) -> None:
    assert [one.kind for one in promises(text)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "We cannot guarantee that it works.",
        "Never tell a merchant that we will refund the fee.",
        "Refunds are paid within 5 days.",
        "Ask whether you are entitled to a refund.",
        "The merchant is entitled to a refund.",
        "We will not refund the fee.",
        "The fault was in our load balancer.",
        "The team will answer the ticket.",
        "Die Erstattung dauert fünf Tage.",
        "Nous ne garantissons pas la livraison.",
    ],
)
def test_promises_facts_denials_and_questions_are_none(text: str) -> None:
    assert promises(text) == ()
