"""Run every check of a policy and a catalog."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from citedesk.knowledge.check.issue import Severity
from citedesk.triage.check.costs import check_costs, check_heads, check_matrix, check_routing
from citedesk.triage.check.draft import CatalogDraft, Issue, PolicyDraft, read_draft, schema_issues
from citedesk.triage.check.rules import check_paging, check_rules
from citedesk.triage.check.services import check_aliases, check_services, check_teams
from citedesk.triage.check.signals import check_signals

_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
# Checks of the policy; each needs the catalog too.
_POLICY: Sequence[Callable[[PolicyDraft, CatalogDraft], Iterator[Issue]]] = (
    lambda policy, _: schema_issues(policy),
    check_heads,
    lambda policy, _: check_signals(policy),
    check_rules,
    lambda policy, _: check_paging(policy),
    lambda policy, _: check_costs(policy),
    check_matrix,
    check_routing,
)
_CATALOG: Sequence[Callable[[CatalogDraft], Iterator[Issue]]] = (
    schema_issues,
    check_teams,
    check_services,
    check_aliases,
)


@dataclass(frozen=True, slots=True)
class Report:
    """What was found: errors first, then by file and line."""

    issues: Sequence[Issue]

    def count(self, severity: Severity) -> int:
        """Count the issues of a severity."""
        return sum(issue.severity is severity for issue in self.issues)


def check_files(policy: str, catalog: str) -> Report:
    """Check the texts of policy.toml and catalog.toml, each by itself and against the other.

    Returns:
        Every issue; a report without errors means that both files load.
    """
    policy_raw, policy_lines, found = read_draft("policy", policy)
    catalog_raw, catalog_lines, broken = read_draft("catalog", catalog)
    issues = [*found, *broken]
    services = CatalogDraft("catalog", catalog_raw, catalog_lines)
    if not broken:
        issues += [issue for check in _CATALOG for issue in check(services)]
    if not found:
        rules = PolicyDraft("policy", policy_raw, policy_lines)
        issues += [issue for check in _POLICY for issue in check(rules, services)]
    return Report(
        sorted(issues, key=lambda i: (_RANK[i.severity], i.file != "policy", i.line or 0, i.where, i.message))
    )
