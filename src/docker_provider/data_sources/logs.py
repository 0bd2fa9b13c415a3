"""docker_logs, read: what a container wrote."""

import time
from datetime import datetime
from typing import Literal

from docker_provider.durations import seconds
from docker_provider.errors import ProviderError
from docker_provider.on_demand import docker_errors
from docker_provider.planning import State
from docker_provider.resource import DataSource, Operation
from docker_provider.schema import (
    BOOL,
    IDENTIFIER,
    STRING_LIST,
    Attribute,
    Block,
    Schema,
    computed,
    optional,
    required,
)


def _flag(name: str, default: bool) -> Attribute:
    return optional(name, BOOL, default=default)


class LogsData(DataSource):
    """A container's log lines.

    `discard_headers` is accepted for compatibility: the engine's stream headers are never part of
    a line here. `follow` waits until the container ends.
    """

    name = "docker_logs"
    schema = Schema(
        Block(
            (
                IDENTIFIER,
                required("name"),
                optional("since", default=""),
                optional("until", default=""),
                optional("tail", default=""),
                _flag("details", False),
                _flag("discard_headers", True),
                _flag("follow", False),
                _flag("logs_list_string_enabled", True),
                _flag("show_stderr", True),
                _flag("show_stdout", True),
                _flag("timestamps", False),
                computed("logs_list_string", STRING_LIST),
            )
        )
    )

    def read(self, operation: Operation, config: State) -> State:
        """Fetch the lines."""
        found = {**config, "id": config["name"], "logs_list_string": None}
        if config["logs_list_string_enabled"]:
            found["logs_list_string"] = self._lines(operation, config)
        return found

    def _lines(self, operation: Operation, config: State) -> list[str]:
        try:
            while config["follow"] and _running(operation, config["name"]):
                operation.cancellation.sleep(_LOOK_SECONDS)
            text = operation.client.logs(
                config["name"],
                stdout=config["show_stdout"],
                stderr=config["show_stderr"],
                timestamps=config["timestamps"],
                tail=_tail(config["tail"]),
                since=_moment("since", config["since"]),
                until=_moment("until", config["until"]),
            )
        except docker_errors.NotFound as absence:
            raise ProviderError(
                f'There is no container "{config["name"]}" to read logs from',
                "Check the name (`docker ps -a`), or refer to the docker_container resource.",
            ) from absence
        return str(text.decode(errors="replace")).splitlines()


_LOOK_SECONDS = 0.2


def _running(operation: Operation, name: str) -> bool:
    return bool(operation.client.inspect_container(name)["State"].get("Running"))


def _tail(text: str) -> Literal["all"] | int:
    return int(text) if text.isdigit() else "all"


def _moment(argument: str, text: str) -> float | None:
    """A time as the engine's clock counts it: seconds since 1970, a duration ago, or RFC 3339."""
    if not text:
        return None
    for reading in (float, lambda t: time.time() - seconds(t), _timestamp):
        try:
            return float(reading(text))
        except ValueError:
            continue
    raise ProviderError(
        f'"{text}" is no time for {argument}',
        'Write seconds since 1970, a time like "2026-01-31T10:00:00Z", or how long ago: "10m".',
    )


def _timestamp(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
