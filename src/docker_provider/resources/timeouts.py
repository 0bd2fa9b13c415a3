"""The `timeouts` block: how long one object's requests may take."""

from collections.abc import Iterator, Mapping

from docker_provider.durations import seconds
from docker_provider.planning import State
from docker_provider.resource import InvalidArgumentError
from docker_provider.schema import Value


def limit(state: State, action: str) -> float | None:
    """The seconds that `action` may take; None when nothing is said."""
    text = (state["timeouts"] or {}).get(action)
    return seconds(text) if text else None


def invalid_timeouts(config: Mapping[str, Value]) -> Iterator[InvalidArgumentError]:
    """Yield every time limit that is no duration."""
    for name, text in (config["timeouts"] or {}).items():
        if not isinstance(text, str):
            continue
        try:
            seconds(text)
        except ValueError as error:
            yield InvalidArgumentError(("timeouts", name), "This is no duration", f"{error}.")
