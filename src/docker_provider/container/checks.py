"""What is wrong with a docker_container before the engine is asked."""

import re
from collections.abc import Iterator, Mapping

from docker_provider.codec import UNKNOWN
from docker_provider.container import upload
from docker_provider.durations import nanoseconds
from docker_provider.resource import InvalidArgumentError
from docker_provider.schema import Value

_CHOICES = {
    "restart": re.compile(r"no|on-failure|always|unless-stopped"),
    "cpu_set": re.compile(r"\d+([,-]\d+)*"),
}
_LEAST = {
    "memory": 0,
    "memory_reservation": 0,
    "memory_swap": -1,
    "shm_size": 0,
    "cpu_shares": 0,
    "cpu_period": 0,
    "cpu_quota": 0,
}
_DURATIONS = ("interval", "timeout", "start_period", "start_interval")
_MOUNT_TYPES = ("bind", "volume", "tmpfs")
_PROPAGATIONS = ("private", "rprivate", "shared", "rshared", "slave", "rslave")
_WINDOWS_PATH = re.compile(r"[a-zA-Z]:[\\/]|\\\\")
_HIGHEST_PORT = 65535


def problems(config: Mapping[str, Value]) -> Iterator[InvalidArgumentError]:
    """Yield every problem; blocks that are not known yet are skipped."""
    yield from _texts(config)
    yield from _numbers(config)
    yield from _never_running(config)
    for name, check in _BLOCKS.items():
        for block in _known(config[name]):
            yield from check(block)


def _known(blocks: Value) -> list[Mapping[str, Value]]:
    return [] if blocks is UNKNOWN else list(blocks or [])


def _texts(config: Mapping[str, Value]) -> Iterator[InvalidArgumentError]:
    for name, pattern in _CHOICES.items():
        text = config[name]
        if isinstance(text, str) and not pattern.fullmatch(text):
            yield InvalidArgumentError(
                (name,), f'"{text}" is no value for {name}', f"It must match {pattern.pattern}."
            )


def _numbers(config: Mapping[str, Value]) -> Iterator[InvalidArgumentError]:
    for name, least in _LEAST.items():
        number = config[name]
        if isinstance(number, int | float) and number < least:
            yield InvalidArgumentError(
                (name,), f"{number} is no value for {name}", f"It must be at least {least}."
            )


def _never_running(config: Mapping[str, Value]) -> Iterator[InvalidArgumentError]:
    """One that must run, and is not started: the default of `must_run` is true."""
    if config["start"] is False and config["must_run"] in (None, True):
        yield InvalidArgumentError(
            ("start",),
            "A container that must run has to be started",
            "With `start = false` it is only created: set `must_run = false`, too.",
        )


def _mount(block: Mapping[str, Value]) -> Iterator[InvalidArgumentError]:
    kind = block["type"]
    if isinstance(kind, str) and kind not in _MOUNT_TYPES:
        yield InvalidArgumentError(
            ("mounts",), f'"{kind}" is no mount type', f"Use one of {', '.join(_MOUNT_TYPES)}."
        )
    for options in _known(block["bind_options"]):
        propagation = options["propagation"]
        if isinstance(propagation, str) and propagation not in _PROPAGATIONS:
            yield InvalidArgumentError(
                ("mounts",),
                f'"{propagation}" is no propagation',
                f"Use one of {', '.join(_PROPAGATIONS)}.",
            )


def _volume(block: Mapping[str, Value]) -> Iterator[InvalidArgumentError]:
    path = block["host_path"]
    if isinstance(path, str) and path and not (path.startswith("/") or _WINDOWS_PATH.match(path)):
        yield InvalidArgumentError(
            ("volumes",),
            f'The host_path "{path}" is not absolute',
            'The engine needs the whole path: write "${abspath(path.root)}/…". A volume is named '
            "with volume_name instead.",
        )
    if not block["container_path"] and not block["from_container"]:
        yield InvalidArgumentError(
            ("volumes",),
            "A volumes block does not say where to mount",
            "Set `container_path`, or `from_container` to take over another container's mounts.",
        )


def _port(block: Mapping[str, Value]) -> Iterator[InvalidArgumentError]:
    for name in ("internal", "external"):
        port = block[name]
        if isinstance(port, int) and not 0 <= port <= _HIGHEST_PORT:
            yield InvalidArgumentError(
                ("ports",), f"{port} is no port", f"`{name}` must be from 0 to {_HIGHEST_PORT}."
            )


def _healthcheck(block: Mapping[str, Value]) -> Iterator[InvalidArgumentError]:
    retries = block["retries"]
    if isinstance(retries, int | float) and retries < 0:
        yield InvalidArgumentError(
            ("healthcheck", 0, "retries"),
            f"{retries} is no value for retries",
            "It must be at least 0.",
        )
    for name in _DURATIONS:
        if not isinstance(block[name], str):
            continue
        try:
            nanoseconds(block[name])
        except ValueError as error:
            yield InvalidArgumentError(("healthcheck", 0, name), "This is no duration", f"{error}.")


_BLOCKS = {
    "mounts": _mount,
    "volumes": _volume,
    "ports": _port,
    "healthcheck": _healthcheck,
    "upload": upload.problems,
}
