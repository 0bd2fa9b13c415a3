"""What the guard answers when it does not let a call through."""

from dataclasses import dataclass


class Refused(Exception):
    """A call that is not let through, as the engine itself would report an error.

    Attributes:
        status: the HTTP status of the answer.
        message: the reason and what to do, in Spanish.
    """

    def __init__(self, message: str, status: int = 403) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@dataclass(frozen=True)
class Refusal:
    """A call that was refused, kept for the instructor."""

    method: str
    target: str
    status: int
    message: str


@dataclass(frozen=True)
class Denial:
    """One thing that is not allowed.

    Attributes:
        rule: its name, for programs.
        file: where it is.
        message: what and why, in Spanish, for the student.
    """

    rule: str
    file: str
    message: str

    @property
    def text(self) -> str:
        """One line: the file and the message."""
        return f"{self.file}: {self.message}"


def malformed(what: str) -> Refused:
    """A request that no Docker client sends."""
    return Refused(f"La petición no es HTTP correcto: {what}.", 400)
