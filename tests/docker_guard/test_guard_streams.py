"""Answers that take their time, and engines and clients that misbehave."""

import asyncio
import socket
import threading
import time
from pathlib import Path

import docker
import pytest
from docker.errors import APIError

from docker_guard import Guard, Policy, Tenant

pytestmark = pytest.mark.engine

BASE = "taller/base:bookworm"


class TestStreams:
    """Answers that take their time."""

    def test_logs_are_followed_as_they_are_written(
        self, client: docker.DockerClient, prefix: str
    ) -> None:
        program = "import time\nfor n in range(3): print(n, flush=True); time.sleep(.2)"
        box = client.containers.run(BASE, ["python3", "-c", program], name="dev_c", detach=True)
        assert b"".join(box.logs(stream=True, follow=True)) == b"0\n1\n2\n"

    def test_a_wait_lasts_as_long_as_the_container(
        self, client: docker.DockerClient, prefix: str
    ) -> None:
        box = client.containers.run(BASE, ["sleep", "1"], name="dev_c", detach=True)
        assert box.wait()["StatusCode"] == 0

    def test_a_client_that_leaves_in_the_middle_leaves_nothing_open(
        self, guard: Guard, client: docker.DockerClient, prefix: str
    ) -> None:
        client.containers.run(BASE, ["sleep", "30"], name="dev_c", detach=True)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(guard.socket))
            request = "GET /containers/dev_c/logs?follow=1&stdout=1 HTTP/1.1\r\nHost: d\r\n\r\n"
            connection.sendall(request.encode())
            assert connection.recv(12) == b"HTTP/1.1 200"
        deadline = time.monotonic() + 10
        while guard.calls:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def test_events_show_ones_own_objects_only(
        self, client: docker.DockerClient, engine: docker.DockerClient, prefix: str
    ) -> None:
        since = int(time.time()) - 1
        engine.containers.create(BASE, "ls", name=f"{prefix}dev_foreign")
        client.containers.create(BASE, "ls", name="dev_own")
        events = list(client.events(since=since, until=int(time.time()) + 1, decode=True))
        names = {event["Actor"]["Attributes"].get("name") for event in events}
        assert names == {"dev_own"}


def test_one_process_serves_hundreds_of_sockets(tmp_path: Path) -> None:
    async def serve() -> list[bytes]:
        engine = "unix:///var/run/docker.sock"
        guards = [Guard(Tenant(f"s{n}"), engine, tmp_path / f"{n}") for n in range(300)]
        for guard in guards:
            await guard.open()
        answers = await asyncio.gather(*(ping(guard) for guard in guards))
        for guard in guards:
            await guard.close()
        return list(answers)

    async def ping(guard: Guard) -> bytes:
        reader, writer = await asyncio.open_unix_connection(guard.socket)
        writer.write(b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer[:12]

    assert set(asyncio.run(serve())) == {b"HTTP/1.1 200"}


def test_guards_that_come_and_go_leave_no_thread_and_no_file_open(
    tmp_path: Path, prefix: str
) -> None:
    def held() -> tuple[int, int]:
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    def serve_one() -> None:
        with Guard(Tenant(prefix), "unix:///var/run/docker.sock", tmp_path / "g") as guard:
            client = docker.DockerClient(f"unix://{guard.socket}")
            assert client.ping()
            client.api.post(f"{client.api.base_url}/build", data=b"x")
            client.close()

    serve_one()
    before = held()
    for _ in range(20):
        serve_one()
    assert held() == before


class TestFaults:
    """Engines and clients that misbehave."""

    def test_without_an_engine_the_answer_says_so(self, tmp_path: Path) -> None:
        with Guard(Tenant("ana"), f"unix://{tmp_path}/none", tmp_path / "g") as guard:
            client = docker.APIClient(f"unix://{guard.socket}", version="1.41")
            with pytest.raises(APIError, match="no responde") as caught:
                client.version()
            assert caught.value.status_code == 503
            client.close()

    def test_many_idle_connections_do_not_stop_the_others(
        self, tmp_path: Path, prefix: str
    ) -> None:
        policy = Policy(connections=10)
        with Guard(Tenant(prefix), "unix:///var/run/docker.sock", tmp_path / "g", policy) as guard:
            idle = [socket.socket(socket.AF_UNIX) for _ in range(9)]
            for connection in idle:
                connection.connect(str(guard.socket))
            client = docker.DockerClient(f"unix://{guard.socket}")
            assert client.ping()
            idle += [socket.socket(socket.AF_UNIX) for _ in range(3)]
            for connection in idle[-3:]:
                connection.connect(str(guard.socket))
            with pytest.raises(APIError, match="503"):
                client.ping()
            for connection in idle:
                connection.close()
            client.close()

    def test_stop_ends_calls_under_way_and_removes_the_socket(
        self, tmp_path: Path, prefix: str, leftovers: None
    ) -> None:
        guard = Guard(Tenant(prefix), "unix:///var/run/docker.sock", tmp_path / "g",
                      Policy(images=(BASE,)))  # fmt: skip
        guard.start()
        client = docker.DockerClient(f"unix://{guard.socket}")
        box = client.containers.run(BASE, ["sleep", "30"], name="dev_c", detach=True)
        ended = threading.Event()

        def wait() -> None:
            try:
                box.wait()
            except Exception:  # noqa: BLE001 - which error the client shows is its own business
                ended.set()

        threading.Thread(target=wait, daemon=True).start()
        time.sleep(0.5)
        guard.stop()
        assert ended.wait(10)
        assert not guard.socket.exists()
        client.close()
