"""What works for a submission outside its sandboxes: its containers, builds, state servers."""

import contextlib
import time
from typing import Any, Self

import docker
from docker.errors import DockerException

from docker_guard import Guard
from taller.docker_state.connection import engine_address
from taller.grading.state_servers import LABEL

_TIMEOUT_SECONDS = 10
"""An engine that does not answer keeps nobody's limits waiting for longer."""
_NANOSECONDS = 1e9


class Elsewhere:
    """The processor time of what a submission has in Docker; a context manager.

    Args:
        guard: the submission's.
    """

    def __init__(self, guard: Guard, namespace: str) -> None:
        self._guard = guard
        self._namespace = namespace
        self._used: dict[str, float] = {}
        self._building = 0.0
        self._looked = time.monotonic()
        self._client = docker.DockerClient(base_url=engine_address(), timeout=_TIMEOUT_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.close()

    def seconds(self) -> float:
        """Processor seconds so far, of what ended meanwhile, too.

        While a build runs and no container does, it is the engine itself that works on it.
        """
        now = time.monotonic()
        with contextlib.suppress(DockerException, OSError):  # it is away: who waits for it waits
            running = self._running(f"taller.prefix={self._namespace}")
            for container in [*running, *self._running(f"{LABEL}={self._namespace}")]:
                self._measure(container["Id"])
            if self._guard.building and not running:
                self._building += now - self._looked
        self._looked = now
        return sum(self._used.values()) + self._building

    def newest(self) -> str:
        """The name, as it was asked for, of the container that was last made and still runs."""
        with contextlib.suppress(DockerException, OSError):  # then nobody knows
            running = self._running(f"taller.prefix={self._namespace}")
            for container in sorted(running, key=lambda one: -(one.get("Created") or 0)):
                return (
                    str((container.get("Names") or [""])[0])
                    .lstrip("/")
                    .removeprefix(self._namespace)
                )
        return ""

    def _running(self, label: str) -> list[dict[str, Any]]:
        return list(self._client.api.containers(filters={"label": label}))

    def _measure(self, identifier: str) -> None:
        with contextlib.suppress(docker.errors.NotFound):  # it has just ended
            stats = self._client.api.stats(identifier, stream=False, one_shot=True)
            usage = (stats.get("cpu_stats") or {}).get("cpu_usage") or {}
            used = (usage.get("total_usage") or 0) / _NANOSECONDS
            self._used[identifier] = max(self._used.get(identifier, 0.0), used)
