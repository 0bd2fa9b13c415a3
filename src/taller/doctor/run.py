"""Looks at every part, and mends them one after the other."""

from types import ModuleType

from taller import workspace
from taller.doctor import built_images, engine, image, provider, python, terraform
from taller.doctor.finding import Finding
from taller.locking import exclusive
from taller.progress import Progress

PARTS: tuple[ModuleType, ...] = (
    python, engine, terraform, provider, image, built_images,
)  # fmt: skip
"""In the order in which each may need the ones before it; each has ``check`` and ``fix``."""


def examine() -> list[Finding]:
    """What is there and what is missing; changes nothing."""
    return [part.check() for part in PARTS]


def repair(progress: Progress) -> list[Finding]:
    """Get what is missing, each step only when it is needed.

    Two repairs at once wait for each other.

    Raises:
        TallerError: something cannot be had; the message says what to do.
    """
    findings = []
    with exclusive(workspace.home() / "doctor.lock"):
        for part in PARTS:
            finding: Finding = part.check()
            if finding.status == "missing" or part is provider:
                part.fix(progress)
                finding = part.check()
            findings.append(finding)
    return findings
