"""What a clean-up did."""

from collections.abc import Callable
from dataclasses import dataclass, field

from docker.errors import APIError, NotFound

_UNDER_WAY = "is already in progress"
"""How the engine ends its refusal to remove what another client is removing."""


@dataclass
class Report:
    """What was removed (kind, name), and what could not be, with the reason."""

    removed: list[tuple[str, str]] = field(default_factory=list)
    kept: list[tuple[str, str, str]] = field(default_factory=list)

    def keep(self, kind: str, name: str, reason: str) -> None:
        """Note something that stays although it is the workshop's."""
        self.kept.append((kind, name, reason))

    def remove(self, kind: str, name: str, removal: Callable[[], object]) -> None:
        """Remove something; what is gone already is nobody's loss."""
        try:
            removal()
        except NotFound:
            return
        except APIError as error:
            if _UNDER_WAY in str(error.explanation):
                return
            self.keep(kind, name, str(error.explanation or error))
        else:
            self.removed.append((kind, name))
