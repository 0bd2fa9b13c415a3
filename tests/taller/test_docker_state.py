"""What Docker says there is, as typed data; and why, when Docker says nothing."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from taller.docker_state import DockerState, EngineError, Mount, connect
from taller.errors import TallerError

pytestmark = pytest.mark.engine

BASE = "taller/base:bookworm"


@pytest.fixture
def state(engine: docker.DockerClient, leftovers: None) -> DockerState:
    """Reads of the shared engine."""
    return DockerState(engine)


@pytest.fixture
def batch(state: DockerState, prefix: str) -> Iterator[str]:
    """A container that has written into a volume and ended with code 3."""
    labels = {"taller.prefix": prefix, "taller.run": "r1", "taller.exercise": "ej01"}
    state.client.volumes.create(f"{prefix}_data", labels=labels)
    state.client.networks.create(f"{prefix}_net", internal=True, labels=labels)
    name = f"{prefix}_job"
    container = state.client.containers.create(
        BASE, ["sh", "-c", "mkdir /data/d; echo hello > /data/d/f; echo said; exit 3"],
        name=name, labels=labels, network=f"{prefix}_net", mem_limit="64m",
        environment={"A": "b=c"}, volumes={f"{prefix}_data": {"bind": "/data", "mode": "rw"}},
    )  # fmt: skip
    container.start()
    container.wait(timeout=60)
    yield name
    container.remove(force=True)


def test_a_finished_container_tells_all_that_the_checks_ask(
    state: DockerState, batch: str, prefix: str
) -> None:
    found = state.container(batch)
    assert found is not None
    assert (found.name, found.status, found.exit_code) == (batch, "exited", 3)
    assert found.image == BASE
    assert found.env["A"] == "b=c"
    assert found.memory == 64 * 2**20
    assert found.networks == (f"{prefix}_net",)
    assert found.mounts == (Mount("volume", f"{prefix}_data", "/data", read_only=False),)
    assert not found.oom_killed
    assert found.seconds is not None
    assert 0 <= found.seconds < 60


def test_a_container_that_is_not_there_is_none(state: DockerState, prefix: str) -> None:
    assert state.container(f"{prefix}_nobody") is None


def test_a_container_that_never_ran_has_no_exit_code(state: DockerState, prefix: str) -> None:
    state.client.containers.create(BASE, name=f"{prefix}_idle", ports={"80/tcp": 18080})
    found = state.container(f"{prefix}_idle")
    assert found is not None
    assert (found.status, found.exit_code, found.seconds) == ("created", None, None)


def test_listings_are_narrowed_by_the_workshops_labels(
    state: DockerState, batch: str, prefix: str
) -> None:
    state.client.volumes.create(f"{prefix}_stranger")
    assert [v.name for v in state.volumes(prefix=prefix)] == [f"{prefix}_data"]
    assert [n.name for n in state.networks(prefix=prefix)] == [f"{prefix}_net"]
    assert state.networks(prefix=prefix)[0].internal
    assert [c.name for c in state.containers(prefix=prefix, run="r1")] == [batch]
    assert state.containers(prefix=prefix, run="r2") == ()
    assert f"{prefix}_stranger" in {v.name for v in state.volumes()}


def test_a_filter_that_does_not_exist_is_a_programming_error(state: DockerState) -> None:
    with pytest.raises(TypeError, match="color"):
        state.volumes(color="blue")


def test_files_come_out_of_a_volume_without_a_running_container(
    state: DockerState, batch: str, prefix: str
) -> None:
    volume = f"{prefix}_data"
    assert state.read_volume(volume, "d/f") == {"d/f": b"hello\n"}
    assert state.read_volume(volume, "d") == {"d/f": b"hello\n"}
    assert state.read_volume(volume, "") == {"d/f": b"hello\n"}
    assert state.read_volume(volume, "nothing") == {}
    readers = state.client.containers.list(all=True, filters={"volume": volume})
    assert [container.name for container in readers] == [batch]


def test_reading_a_volume_that_is_not_there_does_not_make_it(
    state: DockerState, prefix: str
) -> None:
    with pytest.raises(TallerError, match=f"{prefix}_nothing"):
        state.read_volume(f"{prefix}_nothing", "")
    assert f"{prefix}_nothing" not in {volume.name for volume in state.volumes()}


def test_logs_are_text_and_can_be_cut_to_the_last_lines(state: DockerState, batch: str) -> None:
    assert state.logs(batch) == "said\n"
    assert state.logs(batch, tail=1) == "said\n"
    with pytest.raises(TallerError, match="nobody"):
        state.logs("nobody")


def test_images_tell_their_tags_and_parents(state: DockerState) -> None:
    base = next(image for image in state.images() if BASE in image.tags)
    assert base.id.startswith("sha256:")
    assert base.size > 10**7


def test_no_socket_names_the_socket_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineError, match=r"none\.sock") as raised:
        connect()
    assert raised.value.reason == "missing"
    assert "taller doctor --fix" in raised.value.suggestion


def test_a_socket_where_nobody_listens_says_that_the_engine_is_stopped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as abandoned:
        abandoned.bind(str(tmp_path / "d.sock"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/d.sock")
    with pytest.raises(EngineError, match="parado") as raised:
        connect()
    assert raised.value.reason == "refused"


def test_a_remote_engine_that_is_not_there_names_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(EngineError, match=address) as raised:
        connect()
    assert raised.value.reason == "refused"


@pytest.fixture
def socket_of_somebody_else() -> Iterator[str]:
    """The address of a socket that answers, but belongs to another user alone."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listening:
        path = Path(folder) / "docker.sock"
        listening.bind(str(path))
        listening.listen()
        path.chmod(0o600)
        os.chown(path, 65534, 65534)
        yield f"unix://{path}"


def test_a_user_whom_the_engine_refuses_is_sent_to_the_docker_group(
    socket_of_somebody_else: str,
) -> None:
    """Run without root's right to overrule permissions, as every other user is."""
    if os.geteuid() != 0:
        pytest.fail("Giving a socket to another user needs root: run this as root, as CI does.")
    for arguments in (["doctor"], ["doctor", "--fix"]):
        done = subprocess.run(
            ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-all",
             sys.executable, "-m", "taller", *arguments],
            capture_output=True, text=True, check=False,
            env={**os.environ, "DOCKER_HOST": socket_of_somebody_else},
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert done.returncode == 1
        assert "no te deja entrar" in said
        assert "grupo docker" in said
        assert "Traceback" not in said
