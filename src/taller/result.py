"""The verdict on one submission, in the public JSON shape that scripts read."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

Status = Literal["graded", "timeout", "policy_violation", "invalid_notebook", "infra_error"]

UNJUDGED = "No se ha podido comprobar"
"""How the message of a check begins that could not be judged: its reason lies elsewhere."""


REFUSED = "Terraform no puede con tu código"
"""How the reason begins when it is Terraform that refuses; what it said follows."""


@dataclass(frozen=True)
class CheckResult:
    """What one check says.

    Attributes:
        id: the check function's name.
        title: what it verifies, in Spanish.
        points: points given: ``max_points`` or 0.
        max_points: points of the check.
        passed: whether the answer satisfies it; False also when it could not be judged.
        message: why it did not pass; empty when it did.
        hint: the first hint; empty when it passed, could not be judged, or has none.
    """

    id: str
    title: str
    points: int
    max_points: int
    passed: bool
    message: str = ""
    hint: str = ""

    @property
    def judged(self) -> bool:
        """False when another fault came first: that one is what the student has to mend."""
        return not self.message.startswith(UNJUDGED)

    @property
    def refused(self) -> str:
        """What Terraform said, when that is why this could not be judged."""
        reason = self.message.removeprefix(f"{UNJUDGED}: ")
        return "" if self.judged or not reason.startswith(REFUSED) else reason


@dataclass(frozen=True)
class Result:
    """The verdict on one exercise of one student.

    Attributes:
        student: folder name of the submission; empty in a notebook.
        exercise: exercise id, such as ``ej01``.
        status: ``graded``, or why there is no regular verdict.
        score: points given; None when the status is ``infra_error``.
        max_score: points of the checks that were asked for.
        checks: one result per check, in the order of the rubric.
        flags: remarks for the instructor, never shown to students.
        duration_s: wall time in seconds.
        attempt: 1 for the first run of this submission.
        notebook_sha256: hash of the submitted bytes, hexadecimal.
        versions: component name to version.
    """

    exercise: str
    status: Status
    score: int | None
    max_score: int
    checks: tuple[CheckResult, ...]
    flags: tuple[str, ...] = ()
    student: str = ""
    duration_s: float = 0.0
    attempt: int = 1
    notebook_sha256: str = ""
    versions: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the public shape; its keys are an interface, so they are listed here."""
        return {
            "student": self.student,
            "exercise": self.exercise,
            "status": self.status,
            "score": self.score,
            "max_score": self.max_score,
            "checks": [asdict(check) for check in self.checks],
            "flags": list(self.flags),
            "duration_s": self.duration_s,
            "attempt": self.attempt,
            "notebook_sha256": self.notebook_sha256,
            "versions": self.versions,
        }

    def to_json(self) -> str:
        """Return the public shape as JSON text, ending in a newline."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2) + "\n"

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read the public shape back.

        Raises:
            KeyError, TypeError: the data does not have the public shape.
        """
        checks = tuple(CheckResult(**check) for check in data["checks"])
        return cls(**{**data, "checks": checks, "flags": tuple(data["flags"])})
