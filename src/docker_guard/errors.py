"""What goes wrong before a guard serves anybody."""


class GuardError(Exception):
    """A guard that cannot be made as it was asked for.

    Attributes:
        message: what is wrong and where, in Spanish.
        suggestion: what to do next, or an empty string when there is nothing to suggest.
    """

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion

    def __str__(self) -> str:
        return f"{self.message}\n→ {self.suggestion}" if self.suggestion else self.message
