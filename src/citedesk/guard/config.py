"""What a site may decide about the guard: the section `[guard]` of policy.toml."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

# Words of shared mailboxes: whoever reads them does so by office, not by name.
ROLES = (
    "abuse", "accounting", "accounts", "admin", "alerts", "billing", "careers", "compliance", "contact",
    "datenschutz", "desk", "dpo", "facilities", "facturation", "feedback", "finance", "hello", "help", "helpdesk",
    "hostmaster", "hr", "info", "invoices", "it", "jobs", "kontakt", "legal", "mail", "marketing", "network",
    "news", "noc", "noreply", "office", "onboarding", "oncall", "operations", "ops", "orders", "payments",
    "phishing", "platform", "postmaster", "press", "privacy", "purchasing", "reception", "reply", "returns",
    "sales", "security", "service", "servicedesk", "shop", "soc", "soporte", "spam", "status", "support", "team",
    "tickets", "vertrieb", "warehouse", "webmaster", "zentrale",
)  # fmt: skip


class GuardPolicy(BaseModel):
    """What is held back, and from where on.

    injection_at: least score at which a text counts as an attack; without it the model's own threshold.
    link_hosts: hosts that answers may link to; a host stands for those below it too.
    contact_domains: domains whose every mail address answers may show. contact_roles: words of shared mailboxes, which
    answers may show at any domain. prove_kinds: kinds of risky commands that are shown only with the runbook's own
    precondition and rollback.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    injection_at: Annotated[float, Field(gt=0, le=1)] | None = None
    link_hosts: tuple[str, ...] = ()
    contact_domains: tuple[str, ...] = ()
    contact_roles: tuple[str, ...] = ROLES
    prove_kinds: tuple[Literal["destroys", "exposes", "interrupts"], ...] = ("destroys", "exposes")
