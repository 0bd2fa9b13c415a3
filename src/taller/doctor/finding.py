"""What the doctor says about one part."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["found", "embedded", "missing"]


@dataclass(frozen=True)
class Finding:
    """One line of the doctor.

    Attributes:
        part: what was looked at.
        status: found (the real thing), embedded (the workshop's own stand-in) or missing.
        version: of what was found, or "".
        detail: where it is, or why it cannot be used (Spanish).
        advice: what to do, or "" (Spanish).
        notes: what follows from what was found (Spanish).
    """

    part: str
    status: Status
    version: str = ""
    detail: str = ""
    advice: str = ""
    notes: tuple[str, ...] = ()
