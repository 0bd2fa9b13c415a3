"""taller classroom: one engine, a place for each student."""

import csv
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import DockerException, NotFound
from docker.tls import TLSConfig

from taller.classroom.certificates import Authority
from taller.classroom.seats import open_folder, seat_of, take
from taller.docker_state import connect
from taller.terraform import locate

pytestmark = pytest.mark.engine

BASE = "taller/base:bookworm"
USERS = ("games", "news")
"""Users that every Debian has, and nobody is."""

Row = dict[str, str]


@dataclass
class Room:
    """A classroom that an instructor runs."""

    students: Path
    sockets: Path
    server: "subprocess.Popen[str] | None" = None

    def enrol(self, *names: str) -> None:
        """Write the list."""
        self.students.write_text("".join(f"{name}\n" for name in names))

    def start(self) -> None:
        """Start the command and wait until everybody has a place."""
        self.server = subprocess.Popen(
            [sys.executable, "-m", "taller", "classroom", "--students", self.students,
             "--sockets", self.sockets, "--image", BASE, "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.wait()

    def wait(self, what: str = "sitios listos") -> None:
        """Wait until the instructor reads something."""
        assert self.server is not None
        assert self.server.stdout is not None
        while what not in (line := self.server.stdout.readline()):
            assert line

    def stop(self) -> None:
        """End it as an instructor does."""
        if self.server is not None and self.server.poll() is None:
            self.server.send_signal(signal.SIGTERM)
            assert self.server.wait(15) == 0

    @property
    def rows(self) -> dict[str, Row]:
        """Who has which place."""
        with (self.sockets / "classroom.csv").open(encoding="utf-8") as stream:
            return {row["student"]: row for row in csv.DictReader(stream)}


@pytest.fixture
def room(engine: docker.DockerClient) -> Iterator[Room]:
    """A classroom in a folder that other users reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="tc-") as folder:
        Path(folder).chmod(0o711)
        room = Room(Path(folder) / "list.txt", Path(folder) / "s")
        yield room
        namespaces = [row["namespace"] for row in room.rows.values()]
        room.stop()
        assert list(room.sockets.glob("*/docker.sock")) == []
        for namespace in namespaces:
            clean(engine, namespace)


def clean(engine: docker.DockerClient, namespace: str) -> None:
    """Remove what a student made."""
    mine = {"filters": {"label": f"taller.prefix={namespace}"}}
    for container in engine.containers.list(all=True, **mine):
        container.remove(force=True, v=True)
    for network in engine.networks.list(**mine):
        network.remove()
    for volume in engine.volumes.list(**mine):
        volume.remove(force=True)


def by_socket(room: Room, student: str) -> docker.DockerClient:
    return docker.DockerClient(f"unix://{room.sockets / student / 'docker.sock'}", timeout=120)


def by_certificate(row: Row, folder: str | Path = "") -> docker.DockerClient:
    """A client with a student's certificate, or with that of another folder."""
    folder = Path(folder or row["docker_cert_path"])
    tls = TLSConfig(
        client_cert=(str(folder / "cert.pem"), str(folder / "key.pem")),
        ca_cert=str(folder / "ca.pem"), verify=True,
    )  # fmt: skip
    client = docker.DockerClient(row["docker_host"], version="1.38", tls=tls, timeout=120)
    client.api.trust_env = False  # REQUESTS_CA_BUNDLE, where it is set, would stand for ca.pem
    return client


def work(client: docker.DockerClient) -> list[str]:
    """What a student does; returns the names that the student sees at the end."""
    mine = "dev"
    for layer in ("raw", "silver", "gold"):
        client.volumes.create(f"{mine}_{layer}")
    client.networks.create(f"{mine}_net")
    box = client.containers.create(
        BASE, ["python3", "-c", "open('/d/x', 'w').write('1')"], name=f"{mine}_job",
        volumes=[f"{mine}_raw:/d"], network=f"{mine}_net",
    )  # fmt: skip
    box.start()
    assert box.wait()["StatusCode"] == 0
    seen = [v.name for v in client.volumes.list()] + [n.name for n in client.networks.list()]
    seen += [c.name for c in client.containers.list(all=True)]
    client.close()
    return sorted(seen)


def test_ten_students_work_at_once_with_one_prefix_and_each_sees_only_its_own(room: Room) -> None:
    students = [f"x{number}" for number in range(10)]
    room.enrol(*students)
    room.start()
    with ThreadPoolExecutor(10) as pool:
        seen = list(pool.map(lambda s: work(by_certificate(room.rows[s])), students))
    names = sorted(f"dev_{n}" for n in ("raw", "silver", "gold", "net", "job"))
    assert seen == [names] * 10


def test_a_killed_classroom_goes_on_where_it_was(room: Room) -> None:
    room.enrol("ana")
    for expected in ([], ["dev_v"]):
        room.start()
        client = by_certificate(room.rows["ana"])
        assert [v.name for v in client.volumes.list()] == expected
        client.volumes.create("dev_v")
        client.close()
        assert room.server is not None
        room.server.kill()
        room.server.wait()
    (room.sockets / "ana" / "docker.sock").unlink()


def test_only_the_system_user_of_the_students_name_reaches_a_socket(room: Room) -> None:
    room.enrol(*USERS)
    room.start()
    assert all(not row["docker_cert_path"] for row in room.rows.values())

    def ask(user: str, whose: str) -> "subprocess.CompletedProcess[str]":
        env = {"DOCKER_HOST": room.rows[whose]["docker_host"], "PATH": os.environ["PATH"]}
        return subprocess.run(
            ["docker", "volume", "ls"], env=env, user=user, group=user,
            extra_groups=[], capture_output=True, text=True, timeout=60,
        )  # fmt: skip

    for user in USERS:
        assert ask(user, user).returncode == 0
        for name in ("docker.sock", "key.pem", ""):
            path = room.sockets / user / name
            assert path.owner() == user
            assert stat.S_IMODE(path.stat().st_mode) == (0o600 if name else 0o700)
    for user, other in (USERS, USERS[::-1]):
        assert "permission denied" in ask(user, other).stderr
    for path in (room.sockets / "classroom.csv", room.sockets / ".private"):
        reading = ["ls" if path.is_dir() else "cat", str(path)]
        done = subprocess.run(reading, user=USERS[0], group=USERS[0], capture_output=True)
        assert done.returncode != 0


class TestCertificates:
    """Who has no user is known by a certificate."""

    @pytest.fixture
    def pair(self, room: Room) -> tuple[Row, Row]:
        room.enrol("ana", "eva")
        room.start()
        return room.rows["ana"], room.rows["eva"]

    def test_docker_and_terraform_come_in_with_it(
        self, pair: tuple[Row, Row], tmp_path: Path
    ) -> None:
        ana, _ = pair
        env = {
            **os.environ, "DOCKER_HOST": ana["docker_host"], "DOCKER_TLS_VERIFY": "1",
            "DOCKER_CERT_PATH": ana["docker_cert_path"], "TF_IN_AUTOMATION": "1",
        }  # fmt: skip
        env.pop("TF_CLI_CONFIG_FILE", None)
        run: dict[str, Any] = {"env": env, "capture_output": True, "text": True, "timeout": 120}
        assert subprocess.run(["docker", "volume", "create", "dev_v"], **run).returncode == 0
        (tmp_path / "main.tf").write_text(
            'terraform {\n  required_providers {\n    docker = { source = "kreuzwerker/docker" }\n'
            '  }\n}\nresource "docker_volume" "raw" {\n  name = "dev_raw"\n}\n'
        )
        server = subprocess.Popen(
            [sys.executable, "-m", "docker_provider", "serve"], env=env, cwd=tmp_path,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert server.stdout is not None
        env["TF_REATTACH_PROVIDERS"] = server.stdout.readline().strip()
        for command in (["init"], ["apply", "-auto-approve"]):
            done = subprocess.run([locate(), *command], cwd=tmp_path, **run)
            assert done.returncode == 0, done.stdout + done.stderr
        server.terminate()
        server.wait(10)
        listed = subprocess.run(["docker", "volume", "ls", "-q"], **run).stdout.split()
        assert listed == ["dev_raw", "dev_v"]

    def test_the_labs_client_comes_in_with_it_whatever_the_machine_trusts(
        self, pair: tuple[Row, Row], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ana, _ = pair
        monkeypatch.setenv("DOCKER_HOST", ana["docker_host"])
        monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
        monkeypatch.setenv("DOCKER_CERT_PATH", ana["docker_cert_path"])
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt")
        client = connect()
        assert client.volumes.list() == []
        client.close()

    def test_two_students_do_not_reach_each_others(self, pair: tuple[Row, Row]) -> None:
        ana, eva = (by_certificate(row) for row in pair)
        box = ana.containers.create(BASE, ["sleep", "9"], name="dev_c", volumes=["dev_v:/x"])
        eva.volumes.create("dev_v")
        for ref in ("dev_c", box.id, box.id[:12]):
            with pytest.raises(NotFound):
                eva.containers.get(ref)
            with pytest.raises(NotFound):
                eva.containers.create(BASE, "ls", name="dev_d", volumes_from=[ref])
        for row in pair:  # nor by the names that the engine knows
            for client in (ana, eva):
                for between in ("", "_", "-", "."):
                    with pytest.raises(NotFound):
                        client.volumes.get(f"{row['namespace']}{between}dev_v")
        assert [c.name for c in ana.containers.list(all=True)] == ["dev_c"]
        for client in (ana, eva):
            client.close()

    def test_without_a_certificate_of_the_room_nobody_comes_in(
        self, pair: tuple[Row, Row], room: Room, tmp_path: Path
    ) -> None:
        ana, _ = pair
        host, port = ana["docker_host"].removeprefix("tcp://").split(":")
        context = ssl.create_default_context(cafile=f"{ana['docker_cert_path']}/ca.pem")

        def refused(enter: Callable[[], object]) -> bool:
            try:
                enter()
            except (DockerException, OSError):
                return True
            return False

        def without() -> object:
            with (
                socket.create_connection((host, int(port)), 10) as raw,
                context.wrap_socket(raw, server_hostname=host) as secure,
            ):
                secure.sendall(b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n")
                if not secure.recv(100):
                    raise OSError("closed")
            return None

        assert refused(without)
        fake = seat_of("ana", tmp_path, open_folder(tmp_path))
        take(fake)
        Authority(tmp_path).equip(fake)  # another authority's, in the same name
        mixed = fake.folder / "ca.pem"
        mixed.write_bytes(Path(ana["docker_cert_path"], "ca.pem").read_bytes())
        assert refused(lambda: by_certificate(ana, fake.folder).ping())
        assert not refused(lambda: by_certificate(ana).ping())


class TestList:
    """The list may change while it is served."""

    def test_who_comes_gets_a_place_who_leaves_loses_it_and_nobody_else_notices(
        self, room: Room
    ) -> None:
        room.enrol("ana", "eva")
        room.start()
        rows = room.rows
        ana, eva = by_certificate(rows["ana"]), by_certificate(rows["eva"])
        kept = rows["eva"]["docker_cert_path"]
        copies = tempfile.mkdtemp(prefix="tc-copy-")
        for name in ("ca.pem", "cert.pem", "key.pem"):
            Path(copies, name).write_bytes(Path(kept, name).read_bytes())
        box = ana.containers.run(BASE, ["sleep", "30"], name="dev_c", detach=True)
        waiting = ThreadPoolExecutor(1).submit(box.wait)
        room.enrol("ana", "bea")
        room.wait()
        assert room.rows.keys() == {"ana", "bea"}
        assert by_certificate(room.rows["bea"]).volumes.list() == []
        assert not (room.sockets / "eva").exists()
        with pytest.raises((DockerException, OSError)):
            by_certificate(rows["eva"], copies).ping()
        assert not waiting.done()
        box.kill()
        assert waiting.result(30)["StatusCode"] == 137
        for client in (ana, eva):
            client.close()

    def test_a_list_with_a_mistake_changes_nothing_and_is_told(self, room: Room) -> None:
        room.enrol("ana")
        room.start()
        room.enrol("ana", "ana")
        room.wait("está repetido")
        assert by_certificate(room.rows["ana"]).ping()

    def test_a_signal_reads_it_again_at_once(self, room: Room) -> None:
        room.enrol("ana")
        room.start()
        assert room.server is not None
        room.server.send_signal(signal.SIGHUP)
        room.wait()


def test_two_classrooms_on_one_folder_are_refused(room: Room) -> None:
    room.enrol("ana")
    room.start()
    second = subprocess.run(
        [sys.executable, "-m", "taller", "classroom", "--students", room.students,
         "--sockets", room.sockets],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert second.returncode == 1
    assert "sirve ya" in second.stderr
