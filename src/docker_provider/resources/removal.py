"""Remove what something else may still hold for a moment."""

import time
from collections.abc import Callable

from docker_provider.errors import ProviderError
from docker_provider.on_demand import docker_errors
from docker_provider.resource import Operation

PATIENCE = 30.0
"""Seconds until what is still held is an error: as long as the real provider waits."""

_LOOK = 0.25


def remove_when_free(
    operation: Operation,
    remove: Callable[[], None],
    held: str,
    what: str,
    patience: float = PATIENCE,
) -> None:
    """Call `remove` until the engine no longer says `held`; one that is gone is no error.

    Raises ProviderError when it is held for longer than `patience`.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return remove()
        except docker_errors.NotFound:
            return None
        except docker_errors.APIError as refusal:
            reason = str(refusal.explanation)
            if held not in reason:
                raise
            if time.monotonic() > deadline:
                raise ProviderError(
                    f"The {what} cannot be removed",
                    f"{reason}. Something that is not in this state uses it, for {patience:g} s "
                    "by now: stop and remove that first (`docker ps -a`).",
                ) from refusal
        operation.cancellation.sleep(_LOOK)
