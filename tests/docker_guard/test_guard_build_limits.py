"""What a build, an upload or a hostile image may use up, and which limit it is told of."""

import asyncio
import io
import tarfile
import time
from typing import Any

import docker
import pytest
from docker.errors import APIError, BuildError

from docker_guard import Guard, Policy
from docker_guard.build_limits import Reason
from docker_guard.dockerfile import rewrite

pytestmark = pytest.mark.engine

BASE = "taller/base:bookworm"
FORKS = """
import os, time
made = 0
try:
    for _ in range(2000):
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
        made += 1
finally:
    print('made', made, flush=True)
"""


@pytest.fixture
def policy() -> Policy:
    return Policy(images=(BASE,), processes=40, disk_mb=60, file_mb=20, output_mb=1)


def build(client: docker.DockerClient, *lines: str, **files: str) -> str:
    """Build, and return the output and the error."""
    packed = io.BytesIO()
    dockerfile = "\n".join([f"FROM {BASE}", *lines, ""])
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, text in {"Dockerfile": dockerfile, **files}.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    packed.seek(0)
    try:
        _, log = client.images.build(
            fileobj=packed, custom_context=True, tag="x:1", rm=True, forcerm=True, nocache=True
        )
    except BuildError as error:
        return "".join(line.get("stream", "") for line in error.build_log) + error.msg
    return "".join(line.get("stream", "") for line in log)


def test_a_fork_bomb_in_a_step_ends_at_the_limit_and_says_so(client: docker.DockerClient) -> None:
    said = build(client, "COPY forks.py /", "RUN sleep 1; python3 /forks.py", **{"forks.py": FORKS})
    made = int(said.split("made ")[1].split()[0])
    assert made < 40
    assert "más de 40 procesos" in said


def test_a_step_that_needs_few_processes_is_built(client: docker.DockerClient) -> None:
    said = build(client, "RUN for n in 1 2 3 4 5; do sleep 0.1 & done; wait; echo done")
    assert "Successfully built" in said


def test_a_step_that_writes_without_end_is_stopped_and_says_so(
    client: docker.DockerClient, guard: Guard
) -> None:
    said = build(client, "RUN yes 0123456789012345678901234567890123456789")
    assert "más de 1 MB en pantalla" in said
    deadline = time.monotonic() + 10
    while not any("en pantalla" in refusal.message for refusal in guard.refusals):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_one_large_file_and_a_missing_network_are_explained(client: docker.DockerClient) -> None:
    assert "20 MB, que es el tope" in build(client, "RUN head -c 30M /dev/zero > /x")
    program = "import socket; socket.create_connection(('1.1.1.1', 53), 2)"
    assert "sin red" in build(client, f'RUN python3 -c "{program}"')


def test_what_a_step_writes_into_a_volume_counts(client: docker.DockerClient) -> None:
    fill = "for n in 1 2 3 4 5 6 7 8; do head -c 15M /dev/zero > /v/$n; sleep 1; done"
    said = build(client, "VOLUME /v", f"RUN {fill}")
    assert "60 MB del tope" in said


def test_an_error_without_a_limit_is_left_as_it_is(client: docker.DockerClient) -> None:
    said = build(client, "RUN exit 3")
    assert said.endswith("returned a non-zero code: 3")


@pytest.mark.parametrize("line", ['{"stream":"errorDetail"}', '"errorDetail"', "[]", "{"])
def test_a_program_that_prints_like_the_engine_upsets_nothing(line: str) -> None:
    assert Reason(Policy()).explained(line, "") == line


@pytest.mark.parametrize(
    "line",
    [
        'COPY --chown=1:1  --from="alpine" / /x', "COPY --chown=1:1  --from=$X / /x",
        "COPY --chmod=1   --from='alpine' / /x", "COPY --from=0  --parents / /x",
    ],
)  # fmt: skip
def test_two_spaces_hide_no_option_of_copy(client: docker.DockerClient, line: str) -> None:
    with pytest.raises(APIError, match="no están permitidas"):
        build(client, line)


def test_a_dockerfile_without_end_is_refused(client: docker.DockerClient) -> None:
    with pytest.raises(APIError, match="64 KB"):
        build(client, "RUN true # " + "x" * 70_000)


def test_lines_of_many_bars_take_no_time() -> None:
    began = time.monotonic()
    source = f"FROM {BASE}\nRUN {'|1 ' * 12_000}\nCOPY {'--from=a ' * 3_000}x\n"
    assert asyncio.run(rewrite(source.encode(), {}, {}, _same))
    assert time.monotonic() - began < 2


async def _same(name: str) -> str:
    return name


def test_uploads_into_a_container_that_never_runs_count(
    client: docker.DockerClient, guard: Guard
) -> None:
    boxes = [client.containers.create(BASE, "ls", name=f"c{n}") for n in range(2)]

    def upload(box: Any, name: str) -> bool:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            info = tarfile.TarInfo(name)
            info.size = 15_000_000
            tar.addfile(info, io.BytesIO(b"\0" * info.size))
        return bool(box.put_archive("/tmp", packed.getvalue()))

    for number in range(4):
        assert upload(boxes[number % 2], f"f{number}")
    with pytest.raises(APIError, match="No queda sitio"):
        upload(boxes[0], "more")
    assert any("No queda sitio" in refusal.message for refusal in guard.refusals)
    boxes[1].remove()
    assert upload(boxes[0], "more")


def test_a_build_that_failed_is_counted(client: docker.DockerClient, guard: Guard) -> None:
    build(client, "RUN echo '\"errorDetail\": only words'")
    assert guard.failed_builds == 0
    build(client, "RUN false")
    assert guard.failed_builds == 1
