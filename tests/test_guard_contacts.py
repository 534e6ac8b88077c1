"""Personal data that may leave: the asker's own, and contacts that documents publish."""

import pytest

from citedesk.guard.config import GuardPolicy
from citedesk.guard.contacts import Own, own_values, withheld
from citedesk.types import Ticket

POLICY = GuardPolicy()
KEY = b"0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Write to servicedesk@corp.internal.", "step"),
        ("Write to data-operations-team@corp.internal.", "step"),
        ("Send it from a.person@shop.example.", "step"),
        ("The hotline is +49 30 1234567.", "step"),
        ("Call +49 30 1234567 within five minutes.", "escalate"),
        ("Connect to 192.0.2.7 port 443.", "step"),
        ("The password has at least 12 characters.", "step"),
    ],
)
def test_withheld_published_contacts_and_facts_leave(text: str, part: str) -> None:
    assert withheld(text, part, Own(), POLICY) == ()


@pytest.mark.parametrize(
    ("text", "part", "reason"),
    [
        ("Write to nora.berger@corp.internal.", "escalate", "personal"),
        ("Her mobile is +49 171 2345678.", "escalate", "personal"),
        ("Call Mrs Berger on +49 30 1234567.", "escalate", "personal"),
        ("Call +49 30 1234567 at night.", "step", "personal"),
        ("The card is 4111 1111 1111 1111.", "step", "personal"),
        ("Pay to DE89370400440532013000.", "escalate", "personal"),
        ("Use ghp_" + "a1B2" * 9 + " for it.", "step", "secret"),
        ("Open https://deploy:s3cret99@git.corp.internal/x first.", "step", "secret"),
    ],
)
def test_withheld_personal_ones_and_secrets_do_not(text: str, part: str, reason: str) -> None:
    assert withheld(text, part, Own(), POLICY) == (reason,)


def test_withheld_own_values_leave_however_they_are_spelled() -> None:
    own = own_values(
        Ticket("t", "", "I am Nora.Berger@corp.internal, call 0171 2345678 or reach me at +49 171 2345678"), KEY
    )
    assert withheld("Write to nora.berger@CORP.internal, or +49 (171) 234 5678.", "step", own, POLICY) == ()
    assert withheld("Write to ivan.novak@corp.internal.", "step", own, POLICY) == ("personal",)


def test_own_values_hold_no_value_that_can_be_read() -> None:
    own = own_values(Ticket("t", "", "nora.berger@corp.internal", requester="ivan.novak@corp.internal"), KEY)
    assert len(own.digests) == 2
    assert b"nora" not in b"".join(own.digests)
    assert own != own_values(
        Ticket("t", "", "nora.berger@corp.internal", requester="ivan.novak@corp.internal"), b"other"
    )


def test_withheld_policy_names_a_domain_and_roles() -> None:
    text = "Write to nora.berger@corp.internal."
    assert withheld(text, "step", Own(), GuardPolicy(contact_domains=("corp.internal",))) == ()
    assert withheld("Write to info@corp.internal.", "step", Own(), GuardPolicy(contact_roles=())) == ("personal",)
