"""A fault is nobody's answer's only when the grader's own look at engine and disk says so."""

import errno

import docker
import pytest

from taller.grading.judging.probes import Infrastructure, disk_fault, engine_fault, fault

NOWHERE = "unix:///nonexistent/docker.sock"


@pytest.mark.engine
@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError("docker.sock"),
        TimeoutError("engine"),
        MemoryError(),
        RecursionError(),
        OSError(errno.EMFILE, "Too many open files"),
        ValueError("Cannot connect to the Docker daemon. Is the docker daemon running?"),
    ],
    ids=repr,
)
def test_an_error_alone_says_nothing_while_engine_and_disk_are_well(
    engine: docker.DockerClient, error: BaseException
) -> None:
    assert engine.ping()
    assert disk_fault() == ""
    assert fault(error) == ""


def test_an_engine_that_does_not_answer_is_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)
    reason = engine_fault()
    assert reason
    assert fault(ValueError("whatever")) == reason


def test_a_full_disk_is_the_reason() -> None:
    assert "No cabe más" in fault(OSError(errno.ENOSPC, "No space left on device"))


def test_what_a_probe_said_is_passed_on() -> None:
    assert fault(Infrastructure("El motor se fue.")) == "El motor se fue."
