"""Errors that carry the two parts of a Terraform diagnostic."""


class ProviderError(Exception):
    """Something a person can put right.

    `summary` is one line that says what is wrong; `detail` says where, and what to do.
    """

    def __init__(self, summary: str, detail: str) -> None:
        super().__init__(f"{summary}: {detail}")
        self.summary = summary
        self.detail = detail


class ConfigurationError(ProviderError):
    """The provider's configuration, or a file or variable it names, cannot be used."""
