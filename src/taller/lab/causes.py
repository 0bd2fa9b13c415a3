"""The likely cause, in Spanish, of what Terraform and Docker say in English (``causes.toml``)."""

import re
import tomllib
from functools import cache
from pathlib import Path

from taller.terraform import Diagnostic


@cache
def _table() -> tuple[tuple[re.Pattern[str], str], ...]:
    text = Path(__file__).with_name("causes.toml").read_text("utf-8")
    rows = tomllib.loads(text)["causes"]
    return tuple((re.compile(row["pattern"], re.IGNORECASE), row["cause"]) for row in rows)


def likely_cause(diagnostic: Diagnostic) -> str:
    """What probably happened, or "" for a message that nobody has explained yet."""
    text = f"{diagnostic.summary}\n{diagnostic.detail}"
    return next((cause for pattern, cause in _table() if pattern.search(text)), "")
