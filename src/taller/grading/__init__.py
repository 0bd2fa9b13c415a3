"""Grading: submission → sandbox → oracle → ledger → report."""
