"""Grading: submission → sandbox → oracle → ledger → report."""

import sys

# jsonschema, which nbformat imports, would spend two seconds on a grammar of IRIs, a format that
# no notebook's schema uses; it does without when there is none.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type] # Python's way to say so
