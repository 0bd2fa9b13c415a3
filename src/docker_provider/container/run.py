"""Start a container and follow it as far as its arguments ask."""

import time
from typing import Any

from docker_provider.container.request import engine_removes
from docker_provider.errors import ProviderError
from docker_provider.on_demand import docker_errors
from docker_provider.planning import State
from docker_provider.resource import Operation

LOG_LINES = 20
"""How many of the last log lines a diagnostic shows."""

SETTLING_SECONDS = 0.3
"""A container that must run and ends within this time counts as one that ended at once."""

_FIRST_LOOK, _SLOWEST_LOOK = 0.02, 0.2
_LOOK_SHARE, _LONGEST_PAUSE = 0.05, 1.0
"""How long to wait for the next look at a job, as a share of the time that it has taken so far."""


class EndedError(ProviderError):
    """A container that must run did not stay up."""


def follow(operation: Operation, planned: State, identifier: str) -> tuple[dict[str, Any], State]:
    """Start the container and wait as asked; returns its description and its logs, if kept.

    Raises ProviderError when it does not run as it must.
    """
    logs: State = {"container_logs": None}
    if planned["start"]:
        operation.client.start(identifier)
        if planned["attach"]:
            _wait_for_end(operation, identifier)
            if planned["logs"]:
                logs["container_logs"] = _kept_logs(operation, planned, identifier)
        if planned["must_run"]:
            _check_running(operation, planned, identifier)
        if planned["wait"]:
            _wait_for_health(operation, planned, identifier)
    found: dict[str, Any] = operation.client.inspect_container(identifier)
    _warn_about_memory(operation, planned, found)
    _warn_about_addresses(operation, planned, found)
    return found, logs


def _wait_for_end(operation: Operation, identifier: str) -> None:
    """Look the less often the longer it takes: who waits long should not keep a processor busy."""
    began = time.monotonic()
    while is_alive(operation.client.inspect_container(identifier)):
        taken = time.monotonic() - began
        operation.cancellation.sleep(min(max(taken * _LOOK_SHARE, _FIRST_LOOK), _LONGEST_PAUSE))


def is_alive(found: dict[str, Any]) -> bool:
    """Whether it runs, or the engine is about to start it again."""
    state = found["State"]
    return bool(state.get("Running") or state.get("Restarting"))


def _check_running(operation: Operation, planned: State, identifier: str) -> None:
    deadline = time.monotonic() + SETTLING_SECONDS
    while True:
        found = operation.client.inspect_container(identifier)
        if not is_alive(found):
            raise _ended(operation, planned, found)
        if time.monotonic() > deadline:
            return
        operation.cancellation.sleep(_SLOWEST_LOOK / 2)


def _ended(operation: Operation, planned: State, found: dict[str, Any]) -> EndedError:
    when = "was attached to and ended" if planned["attach"] else "ended at once"
    advice = (
        "A container that must run (must_run = true) has to stay up. For a job that ends, set "
        "`must_run = false` with `attach = true` and `logs = true`; for a service, correct its "
        "command."
    )
    code = found["State"].get("ExitCode", 0)
    return EndedError(
        f'The container "{planned["name"]}" {when} with exit code {code}',
        f"{_killed_for_memory(planned, found)}Its last log lines:\n"
        f"{last_lines(operation, found['Id'])}\n\n{advice}",
    )


def _killed_for_memory(planned: State, found: dict[str, Any]) -> str:
    if not found["State"].get("OOMKilled"):
        return ""
    return f"The kernel killed it: it needed more than its memory limit of {planned['memory']} MB. "


def _warn_about_memory(operation: Operation, planned: State, found: dict[str, Any]) -> None:
    reason = _killed_for_memory(planned, found)
    if reason:
        operation.warn(
            f'The container "{planned["name"]}" ran out of memory',
            f"{reason}Raise `memory`, or make the program need less. Its last log lines:\n"
            f"{last_lines(operation, found['Id'])}",
        )


def _warn_about_addresses(operation: Operation, planned: State, found: dict[str, Any]) -> None:
    """Engines before Docker 25 (API 1.44) take a `mac_address` of a network and forget it."""
    networks = (found.get("NetworkSettings") or {}).get("Networks") or {}
    given = {str(network.get("MacAddress")).lower() for network in networks.values()}
    for network in planned["networks_advanced"] or []:
        wanted = network["mac_address"]
        if wanted and found["State"].get("Running") and wanted.lower() not in given:
            operation.warn(
                f'The container "{planned["name"]}" has not got the address {wanted}',
                "This Docker Engine ignores `mac_address` in networks_advanced: on the network "
                f"{network['name']} it chose one by itself. Docker 25 and newer obey.",
            )


def _wait_for_health(operation: Operation, planned: State, identifier: str) -> None:
    deadline = time.monotonic() + planned["wait_timeout"]
    pause = _FIRST_LOOK
    while True:
        state = operation.client.inspect_container(identifier)["State"]
        health = state.get("Health")
        if not health:
            raise _no_healthcheck(planned)
        if health["Status"] == "healthy":
            return
        if time.monotonic() > deadline or not state.get("Running"):
            raise _unhealthy(operation, planned, identifier, health)
        operation.cancellation.sleep(pause)
        pause = min(pause * 1.5, _SLOWEST_LOOK)


def _no_healthcheck(planned: State) -> ProviderError:
    return ProviderError(
        f'The container "{planned["name"]}" has no healthcheck to wait for',
        "`wait = true` needs a healthcheck block, or a HEALTHCHECK in the image.",
    )


def _unhealthy(
    operation: Operation, planned: State, identifier: str, health: dict[str, Any]
) -> ProviderError:
    checks = health.get("Log") or []
    last = checks[-1]["Output"].strip() if checks else "(no check has run yet)"
    return ProviderError(
        f'The container "{planned["name"]}" did not become healthy',
        f"After {planned['wait_timeout']} s its health is {health['Status']!r}. The last check "
        f"said:\n{last}\n\nIts last log lines:\n{last_lines(operation, identifier)}\n\nCorrect "
        "the healthcheck's test, or raise `wait_timeout`.",
    )


def last_lines(operation: Operation, identifier: str) -> str:
    """The container's last log lines, or a note that there are none."""
    try:
        return _log_text(operation, identifier, LOG_LINES).rstrip() or "(it printed nothing)"
    except docker_errors.APIError as refusal:
        return f"(its log cannot be read: {refusal.explanation})"


def _kept_logs(operation: Operation, planned: State, identifier: str) -> str | None:
    try:
        return _log_text(operation, identifier)
    except docker_errors.APIError as refusal:
        operation.warn(
            f'The logs of the container "{planned["name"]}" cannot be kept',
            f"{refusal.explanation}. `logs = true` needs a log_driver that can be read, such as "
            "json-file.",
        )
        return None


def _log_text(operation: Operation, identifier: str, tail: int | None = None) -> str:
    logs: bytes = operation.client.logs(
        identifier, stdout=True, stderr=True, tail="all" if tail is None else tail
    )
    return logs.decode(errors="replace")


def leaves_nothing(planned: State) -> bool:
    """Whether an attached container that ended is removed by us, as `rm` asks."""
    return bool(planned["rm"]) and not engine_removes(planned)
