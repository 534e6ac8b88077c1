"""Measure: retrieval, triage and answers, each beside a baseline in the same run."""
