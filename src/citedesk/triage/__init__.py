"""Classify and route: signals and rules of the policy, learned heads, calibration, evidence, routing."""

from citedesk.triage.catalog import Catalog, load_catalog
from citedesk.triage.policy import Policy, load_policy

__all__ = ["Catalog", "Policy", "load_catalog", "load_policy"]
