"""What the guard saw created and removed, and by whom."""

import socket
import time
from typing import Any

import docker
import pytest
from docker.errors import APIError

from docker_guard import Guard, Policy
from docker_guard.history import History
from docker_guard.refusal import Refused

pytestmark = pytest.mark.engine

BASE = "taller/base:bookworm"
PROVIDER = "terraform-provider-docker/3.6 (embedded)"


def changes(guard: Guard) -> list[tuple[str, str, str]]:
    return [(event.action, event.kind, event.name) for event in guard.history]


def test_what_comes_and_goes_is_kept_in_order(
    guard: Guard, client: docker.DockerClient, prefix: str
) -> None:
    before = time.time()
    volume = client.volumes.create(f"{prefix}_v")
    network = client.networks.create(f"{prefix}_n")
    box = client.containers.create(BASE, "ls", name=f"{prefix}_c")
    client.volumes.create(f"{prefix}_v")  # it is there already: nothing is created
    for one in (box, network, volume):
        one.remove()
    assert changes(guard) == [
        ("create", "volume", f"{prefix}_v"),
        ("create", "network", f"{prefix}_n"),
        ("create", "container", f"{prefix}_c"),
        ("remove", "container", f"{prefix}_c"),
        ("remove", "network", f"{prefix}_n"),
        ("remove", "volume", f"{prefix}_v"),
    ]
    made, gone = guard.history[0], guard.history[-1]
    assert made.id == gone.id == f"{prefix}_v {volume.attrs['CreatedAt']}"
    assert guard.history[2].id == box.id
    assert before <= made.at <= gone.at <= time.time()


def test_a_refused_or_failed_change_is_none(
    guard: Guard, client: docker.DockerClient, prefix: str
) -> None:
    client.containers.create(BASE, "ls", name=f"{prefix}_c", volumes=[f"{prefix}_v:/x"])
    kept = changes(guard)
    with pytest.raises(APIError, match="409"):
        client.volumes.get(f"{prefix}_v").remove()  # in use
    with pytest.raises(APIError, match="403"):
        client.containers.create(BASE, "ls", name=f"{prefix}_d", privileged=True)
    assert changes(guard) == kept


def test_a_client_that_does_not_wait_for_the_answer_is_seen_all_the_same(
    guard: Guard, client: docker.DockerClient, prefix: str
) -> None:
    client.containers.run(BASE, ["sleep", "60"], name=f"{prefix}_c", detach=True)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(guard.socket))
        target = f"/containers/{prefix}_c?force=1"
        connection.sendall(f"DELETE {target} HTTP/1.1\r\nHost: d\r\n\r\n".encode())
    deadline = time.monotonic() + 30
    while changes(guard)[-1] != ("remove", "container", f"{prefix}_c"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_container_that_removes_itself_is_seen_to_go_once(
    guard: Guard, client: docker.DockerClient, prefix: str
) -> None:
    client.containers.run(BASE, ["sleep", "0.1"], name=f"{prefix}_c", detach=True, auto_remove=True)
    deadline = time.monotonic() + 30
    while len(guard.history) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert changes(guard) == [
        ("create", "container", f"{prefix}_c"), ("remove", "container", f"{prefix}_c"),
    ]  # fmt: skip
    box = client.containers.create(BASE, "ls", name=f"{prefix}_d", auto_remove=True)
    box.remove()
    time.sleep(0.5)
    assert [action for action, _, name in changes(guard) if name.endswith("_d")] == [
        "create", "remove",
    ]  # fmt: skip


def test_images_come_and_go_by_their_names(
    guard: Guard, cli: Any, prefix: str, tmp_path: Any
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {BASE}\n")
    cli.out("build", "-q", "-t", f"{prefix}-x:1", str(tmp_path))
    cli.out("tag", f"{prefix}-x:1", f"{prefix}-x:2")
    cli.out("rmi", f"{prefix}-x:1")
    assert changes(guard) == [
        ("create", "image", f"{prefix}-x:1"),
        ("create", "image", f"{prefix}-x:2"),
        ("remove", "image", f"{prefix}-x:1"),
    ]
    assert len({event.id for event in guard.history}) == 1
    (tmp_path / "Dockerfile").write_text(f"FROM {BASE}\nRUN false\n")
    cli("build", "-q", "-t", f"{prefix}-x:3", str(tmp_path))
    assert len(guard.history) == 3


@pytest.mark.parametrize(
    ("agent", "by"),
    [(PROVIDER, "terraform"), ("Go-http-client/1.1", "terraform"), ("moby-client", "terraform"),
     ("Docker-Client/20.10 (linux)", "other"), ("docker-sdk-python/7.1.0", "other"), ("", "other")],
)  # fmt: skip
def test_who_did_it_is_told_by_the_clients_name(
    guard: Guard, prefix: str, agent: str, by: str
) -> None:
    client = docker.DockerClient(f"unix://{guard.socket}", user_agent=agent)
    client.volumes.create(f"{prefix}_v").remove()
    client.close()
    assert {event.by for event in guard.history} == {by}


class TestWhole:
    """A record that a verdict rests on does not forget."""

    def test_there_is_an_end_to_creating_and_nothing_is_forgotten(self) -> None:
        history = History(pytest.fail)
        for number in range(1000):
            history.check()
            history.add("create", "volume", f"v{number}", f"v{number} 0", "")
            history.add("remove", "volume", f"v{number}", f"v{number} 0", "")
        with pytest.raises(Refused, match="1000 objetos"):
            history.check()
        assert len(history.events) == 2000
        assert history.events[0].name == "v0"

    def test_one_that_serves_a_classroom_forgets_what_is_old(self) -> None:
        history = History(pytest.fail, limited=False)
        for number in range(5000):
            history.check()
            history.add("create", "volume", f"v{number}", f"v{number} 0", "")
        assert history.events[0].name == "v2000"


class TestPolicy:
    """What the policy of a guard says of it."""

    @pytest.fixture
    def policy(self) -> Policy:
        return Policy(images=(BASE,), whole_history=False)

    def test_the_guard_asks_its_policy(self, guard: Guard, prefix: str) -> None:
        client = docker.DockerClient(f"unix://{guard.socket}")
        for _ in range(2):
            client.volumes.create(f"{prefix}_v").remove()
        client.close()
        assert len(guard.history) == 4
