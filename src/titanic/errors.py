"""What ends a stage: one class, with the exit code and what to do next."""

EXIT_FAILURE = 1
EXIT_BAD_INPUT = 2


class TitanicError(Exception):
    """A stage could not do its work for a reason outside its input (disk, permissions).

    Attributes:
        message: what is wrong and where, in Spanish: students read it in the container's log.
        suggestion: what to do next, in Spanish; empty when there is nothing to suggest.
    """

    exit_code = EXIT_FAILURE

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion

    def __str__(self) -> str:
        return f"{self.message} → {self.suggestion}" if self.suggestion else self.message


class BadInputError(TitanicError):
    """What the stage was given (a file, a column, an argument) is not usable."""

    exit_code = EXIT_BAD_INPUT
