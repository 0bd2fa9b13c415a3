"""The likely cause, in Spanish, of what Terraform and Docker say in English (``*.toml``)."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from taller.terraform.causes.declared import Read, declared_cause
from taller.terraform.causes.roots import roots
from taller.terraform.causes.source import source_at
from taller.terraform.errors import Diagnostic

__all__ = ["likely_cause", "roots", "source_at"]

_GROUP = re.compile(r"\{([a-z]+)\}")
_NEAR = re.compile(r'Did you mean (?:to define [\w ]+ )?"([^"]+)"\?')


@dataclass(frozen=True)
class _Row:
    """One cause: what must be found in the message and in the source, and what is then said."""

    message: re.Pattern[str]
    source: re.Pattern[str] | None
    cause: str
    near: bool

    def applied(self, message: str, source: str) -> str | None:
        """The cause, filled in; None when it is not this one."""
        found = self.message.search(message)
        seen = self.source.search(source) if self.source and found else None
        if found is None or (self.source and seen is None):
            return None
        names = found.groupdict() | (seen.groupdict() if seen else {})
        cause = _GROUP.sub(lambda group: names.get(group[1]) or group[0], self.cause)
        near = _NEAR.search(message) if self.near else None
        return (
            f"{cause} ¿Querías decir «{near[1]}»?"
            if near and f"«{near[1]}»" not in cause
            else cause
        )


@cache
def _table() -> tuple[_Row, ...]:
    files = sorted(Path(__file__).parent.glob("*.toml"))
    rows = [row for file in files for row in tomllib.loads(file.read_text("utf-8"))["causes"]]
    return tuple(_row(**row) for row in rows)


def _row(pattern: str, cause: str, source: str = "", near: bool = True) -> _Row:
    seen = re.compile(source) if source else None
    return _Row(re.compile(pattern, re.IGNORECASE), seen, cause, near)


def likely_cause(diagnostic: Diagnostic, source: str = "", read: Read = lambda _: ()) -> str:
    """What probably happened, or "" for a message that nobody has explained yet.

    Args:
        diagnostic: what Terraform said.
        source: the student's text there, as ``source_at`` cuts it out.
        read: gives the texts of a folder of the configuration.
    """
    declared = declared_cause(diagnostic, source, read)
    if declared:
        return declared
    message = f"{diagnostic.summary}\n{diagnostic.detail}"
    found = (row.applied(message, source) for row in _table())
    return next((cause for cause in found if cause is not None), "")
