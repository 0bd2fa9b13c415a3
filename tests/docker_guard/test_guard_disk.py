"""What containers write is bounded, on the real engine."""

import time

import docker
import pytest

from docker_guard import Guard, Policy

pytestmark = pytest.mark.engine

BASE = "taller/base:bookworm"
FILL = """
import itertools, time
for number in itertools.count():
    open(f'{folder}/{number}', 'wb').write(b'x' * 2_000_000)
    time.sleep(.05)
"""


@pytest.fixture
def policy() -> Policy:
    return Policy(images=(BASE,), disk_mb=20, file_mb=8)


@pytest.mark.parametrize("folder", ["/volume", "/tmp"])
def test_filling_a_volume_or_the_container_ends_it(
    guard: Guard, client: docker.DockerClient, prefix: str, folder: str
) -> None:
    program = FILL.replace("{folder}", folder)
    box = client.containers.run(
        BASE, ["python3", "-c", program], name=f"{prefix}_c", detach=True,
        volumes=[f"{prefix}_v:/volume"],
    )  # fmt: skip
    assert box.wait(timeout=40)["StatusCode"] == 137
    deadline = time.monotonic() + 5
    while not guard.refusals:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "MB de disco" in guard.refusals[-1].message


def test_a_single_file_has_an_end_too(client: docker.DockerClient, prefix: str) -> None:
    program = "open('/tmp/f', 'wb').write(b'x' * 9_000_000)"
    box = client.containers.run(BASE, ["python3", "-c", program], name=f"{prefix}_c", detach=True)
    assert box.wait(timeout=40)["StatusCode"] == 1
    assert b"File too large" in box.logs()


def test_a_container_that_writes_little_runs_to_its_end(
    guard: Guard, client: docker.DockerClient, prefix: str
) -> None:
    box = client.containers.run(BASE, ["sleep", "3"], name=f"{prefix}_c", detach=True)
    assert box.wait(timeout=40)["StatusCode"] == 0
    assert not guard.refusals
