"""The one error class of the workshop."""

EXIT_FAILURE = 1
EXIT_USAGE = 2


class TallerError(Exception):
    """Something a person can act on: what went wrong, and what to do about it.

    Attributes:
        message: what is wrong and where, in the reader's language (Spanish).
        suggestion: what to do next, or an empty string when there is nothing to suggest.
        exit_code: the status with which the command line ends.
    """

    def __init__(
        self, message: str, suggestion: str = "", *, exit_code: int = EXIT_FAILURE
    ) -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion
        self.exit_code = exit_code

    def __str__(self) -> str:
        return f"{self.message}\n→ {self.suggestion}" if self.suggestion else self.message
