"""What students use, through the guard: the docker command line and the docker SDK."""

import io
import json
import socket
import tarfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import APIError, BuildError, ImageNotFound

from taller.grading.guard import Guard, Policy, Tenant

pytestmark = pytest.mark.engine

BASE = "taller/base:bookworm"
Send = Callable[..., bytes]


class TestCommandLine:
    """docker …"""

    def test_a_volume_lives_and_goes(self, cli: Any, prefix: str) -> None:
        cli.out("volume", "create", f"{prefix}_raw")
        assert f"{prefix}_raw" in cli.out("volume", "ls")
        assert json.loads(cli.out("volume", "inspect", f"{prefix}_raw"))[0]["Driver"] == "local"
        cli.out("volume", "rm", f"{prefix}_raw")
        assert prefix not in cli.out("volume", "ls")

    def test_a_container_lives_and_goes(self, cli: Any, prefix: str) -> None:
        name = f"{prefix}_c"
        program = "import sys; print('hola'); sys.exit(3)"
        cli.out("run", "-d", "--name", name, "-v", f"{prefix}_v:/x", "-e", "A=1", BASE, "python3",
                "-c", program)  # fmt: skip
        assert cli.out("wait", name) == "3"
        assert cli.out("logs", name) == "hola"
        assert name in cli.out("ps", "-a")
        assert name not in cli.out("ps")
        assert cli.out("inspect", "--type", "container", "-f", "{{.State.ExitCode}}", name) == "3"
        cli.out("rm", name)
        assert prefix not in cli.out("ps", "-a")

    def test_a_network_is_joined_and_left(self, cli: Any, prefix: str) -> None:
        cli.out("network", "create", f"{prefix}_n")
        cli.out("run", "-d", "--name", f"{prefix}_c", BASE, "sleep", "30")
        cli.out("network", "connect", f"{prefix}_n", f"{prefix}_c")
        assert f"{prefix}_c" in cli.out("network", "inspect", f"{prefix}_n")
        cli.out("network", "disconnect", f"{prefix}_n", f"{prefix}_c")
        cli.out("network", "disconnect", "bridge", f"{prefix}_c")
        cli.out("stop", "-t", "0", f"{prefix}_c")
        cli.out("network", "rm", f"{prefix}_n")

    def test_files_are_copied_in_and_out(self, cli: Any, prefix: str, tmp_path: Path) -> None:
        cli.out("create", "--name", f"{prefix}_c", BASE, "ls")
        (tmp_path / "a.txt").write_text("hola")
        cli.out("cp", str(tmp_path / "a.txt"), f"{prefix}_c:/tmp/b.txt")
        cli.out("cp", f"{prefix}_c:/tmp/b.txt", str(tmp_path / "c.txt"))
        assert (tmp_path / "c.txt").read_text() == "hola"

    def test_an_image_is_built_tagged_listed_and_removed(
        self, cli: Any, prefix: str, tmp_path: Path
    ) -> None:
        (tmp_path / "Dockerfile").write_text(f"FROM {BASE}\nCOPY a /a\n")
        (tmp_path / "a").write_text("1")
        cli.out("build", "-q", "-t", f"{prefix}-x:1", str(tmp_path))
        cli.out("tag", f"{prefix}-x:1", f"{prefix}-x:2")
        assert cli.out("images", "--format", "{{.Tag}}", f"{prefix}-x").split() == ["1", "2"]
        assert "COPY" in cli.out("history", f"{prefix}-x:1")
        cli.out("rmi", f"{prefix}-x:1", f"{prefix}-x:2")

    def test_version_and_info_say_nothing_of_the_host(self, cli: Any) -> None:
        assert "Server" in cli.out("version")
        info = json.loads(cli.out("info", "-f", "{{json .}}"))
        assert info["Name"] == "taller"
        assert not info.get("HttpProxy")

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            (["exec", "{p}_c", "ls"], "ejecutar programas"),
            (["commit", "{p}_c", "{p}-img"], "imágenes"),
            (["export", "{p}_c"], "imágenes"),
            (["save", BASE], "imágenes"),
            (["system", "prune", "-f"], "bloque"),
            (["volume", "prune", "-f"], "bloque"),
            (["swarm", "init"], "Swarm"),
            (["secret", "ls"], "Swarm"),
            (["plugin", "ls"], "plugins"),
            (["rename", "{p}_c", "{p}_d"], "no permite"),
            (["pause", "{p}_c"], "no permite"),
            (["top", "{p}_c"], "no permite"),
            (["diff", "{p}_c"], "no permite"),
            (["system", "df"], "no permite"),
            (["login", "-u", "a", "-p", "b", "localhost:1"], "no permite"),
            (["pull", "alpine"], "Descargar"),
            (["push", "{p}-x"], "registro"),
            (["rmi", BASE], "imagen base"),
            (["tag", BASE, "{p}-x"], "imagen base"),
            (["run", "-d", BASE, "ls"], "Ponle nombre"),
            (["run", "-d", "--name", "{p}_z", "-v", "/var/x", BASE, "ls"], ""),
        ],
    )
    def test_everything_else_is_refused_with_a_reason(
        self, cli: Any, prefix: str, arguments: list[str], reason: str
    ) -> None:
        cli.out("create", "--name", f"{prefix}_c", BASE, "sleep", "9")
        done = cli(*(argument.format(p=prefix) for argument in arguments))
        assert (done.returncode != 0) == bool(reason), done.stdout
        assert reason in done.stderr


class TestImages:
    """Base images are used by all and changed by nobody."""

    def test_a_base_image_is_seen_under_no_other_name(
        self, client: docker.DockerClient, engine: docker.DockerClient, prefix: str
    ) -> None:
        engine.images.get(BASE).tag(f"{prefix}somebody-elses", "1")
        assert client.images.get(BASE).tags == [BASE]
        with pytest.raises(ImageNotFound):
            client.images.get(f"{prefix}somebody-elses:1")

    def test_an_image_outside_the_list_is_not_there(
        self, client: docker.DockerClient, engine: docker.DockerClient, prefix: str
    ) -> None:
        dockerfile = io.BytesIO(f"FROM {BASE}\nLABEL course={prefix}".encode())
        outside = engine.images.build(fileobj=dockerfile, tag=f"{prefix}-outside:1")[0]
        for ref in (f"{prefix}-outside:1", outside.id, outside.id[7:19]):
            with pytest.raises(ImageNotFound):
                client.images.get(ref)
            with pytest.raises(APIError):
                client.containers.create(ref, "ls", name=f"{prefix}_c")

    def test_pulling_a_base_image_says_that_it_is_there(self, client: docker.DockerClient) -> None:
        assert client.images.pull(BASE).tags == [BASE]


def context(files: dict[str, str], **members: tarfile.TarInfo) -> io.BytesIO:
    """A build context."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
        for member in members.values():
            tar.addfile(member)
    packed.seek(0)
    return packed


def build(client: docker.DockerClient, tag: str, packed: io.BytesIO, **options: Any) -> Any:
    return client.images.build(fileobj=packed, custom_context=True, tag=tag, **options)[0]


class TestBuilds:
    """docker build, on a context and a Dockerfile that are written anew."""

    def test_every_stage_carries_the_labels_and_none_can_be_faked(
        self, client: docker.DockerClient, engine: docker.DockerClient, prefix: str
    ) -> None:
        dockerfile = (
            f"FROM {BASE} AS first\nRUN echo 1 > /a\nFROM {BASE}\nCOPY --from=first /a /b\n"
            "LABEL taller.prefix=other course=x\n"
        )
        build(client, f"{prefix}-x:1", context({"Dockerfile": dockerfile}),
              labels={"taller.run": "fake", "mine": "1"})  # fmt: skip
        labels = engine.images.get(f"{prefix}-x:1").labels
        assert labels["taller.prefix"] == prefix
        assert labels["taller.run"] == "r1"
        assert (labels["course"], labels["mine"]) == ("x", "1")
        for image in engine.images.list(filters={"label": f"taller.prefix={prefix}"}):
            engine.images.remove(image.id, force=True)

    def test_a_build_has_no_network(self, client: docker.DockerClient, prefix: str) -> None:
        program = "import socket; socket.create_connection(('1.1.1.1', 53), 2)"
        dockerfile = f'FROM {BASE}\nRUN python3 -c "{program}"\n'
        with pytest.raises(BuildError) as caught:
            build(client, f"{prefix}-x", context({"Dockerfile": dockerfile}))
        assert "Network is unreachable" in "".join(
            line.get("stream", "") for line in caught.value.build_log
        )

    @pytest.mark.parametrize(
        ("lines", "reason"),
        [
            ("FROM taller/base:bookworm-raw", "No such image"),
            ("FROM alpine", "No such image"),
            ("ARG B=alpine\nFROM $B", "No such image"),
            ("ARG B=alpine\nFROM ${B:-x}", "No such image"),
            ("FROM {b}\nCOPY --from=alpine / /x", "No such image"),
            ("FROM {b}\nCOPY --chown=1:1 --from=alpine / /x", "No such image"),
            ("FROM {b}\nCOPY --fr\\\nom=alpine / /x", "No such image"),
            ("FROM {b}\nCOPY --from=$X / /x", "no están permitidas"),
            ('FROM {b}\nCOPY "--from=alpine" / /x', ""),
            ("FROM {b}\nADD http://example.com/x /x", "ADD no descarga"),
            ("FROM {b}\nADD $X /x", "ADD no descarga"),
            ('FROM {b}\nADD ["\\u0068ttp://example.com/x", "/x"]', "ADD no descarga"),
            ("FROM {b}\nADD git@example.com:a/b /x", "ADD no descarga"),
            ("FROM {b}\nONBUILD COPY --from=alpine / /x", "ONBUILD no está permitida"),
            ("FROM {b}\nRUN --mount=type=bind,from=alpine,target=/x ls", "BuildKit"),
            ("FROM {b}\nRUN --network=host ls", "BuildKit"),
            ("# escape=`\nFROM {b}", "escape"),
            ("FROM {b}\nRUN ls \\", "no continúa"),
            ("RUN ls", "no tiene FROM"),
            ("FROM {b}\nMOUNT x", "MOUNT no está permitida"),
            ("", "no tiene FROM"),
        ],
    )
    def test_a_dockerfile_that_reaches_out_is_refused(
        self, client: docker.DockerClient, prefix: str, lines: str, reason: str
    ) -> None:
        packed = context({"Dockerfile": lines.replace("{b}", BASE)})
        with pytest.raises((APIError, BuildError)) as caught:
            build(client, f"{prefix}-x", packed)
        assert reason in str(caught.value)

    @pytest.mark.parametrize(
        "options",
        [{"remote": "https://example.com/x.git"}, {"session": "abc"}, {"version": "2"},
         {"outputs": "x"}, {"extrahosts": "a:1.2.3.4"}, {"squash": "1"}, {"cgroupparent": "/"}],
    )  # fmt: skip
    def test_a_parameter_that_reaches_out_is_refused(
        self, client: docker.DockerClient, options: dict[str, str]
    ) -> None:
        packed = context({"Dockerfile": f"FROM {BASE}"})
        url = f"{client.api.base_url}/v1.41/build"
        assert client.api.post(url, params=options, data=packed).status_code == 403

    @pytest.mark.parametrize("tag", ["other:1", BASE, "localhost:5000/x", "UPPER"])
    def test_a_name_of_somebody_else_is_refused(
        self, client: docker.DockerClient, tag: str
    ) -> None:
        packed = context({"Dockerfile": f"FROM {BASE}"})
        url = f"{client.api.base_url}/v1.41/build"
        assert client.api.post(url, params={"t": tag}, data=packed).status_code in (400, 403)

    @pytest.mark.parametrize(
        ("kind", "name"),
        [(tarfile.CHRTYPE, "dev"), (tarfile.FIFOTYPE, "fifo"), (tarfile.REGTYPE, "../x"),
         (tarfile.SYMTYPE, "Dockerfile"), (tarfile.LNKTYPE, "hard")],
    )  # fmt: skip
    def test_a_context_with_traps_is_refused(
        self, client: docker.DockerClient, prefix: str, kind: bytes, name: str
    ) -> None:
        trap = tarfile.TarInfo(name)
        trap.type, trap.linkname = kind, "../../etc/passwd"
        with pytest.raises(APIError, match=r"400|403"):
            build(client, f"{prefix}-x", context({"Dockerfile": f"FROM {BASE}"}, trap=trap))

    def test_bytes_that_are_no_archive_are_refused(self, client: docker.DockerClient) -> None:
        url = f"{client.api.base_url}/v1.41/build"
        for data in (b"", b"x" * 2000, b"\x1f\x8bnot gzip", b"BZh91AY"):
            answer = client.api.post(url, data=data)
            assert answer.status_code == 400, answer.text


class TestLimitsOfBuilds:
    """Size, time and number."""

    @pytest.fixture
    def policy(self) -> Policy:
        return Policy(images=(BASE,), context_mb=1, context_files=20, build_seconds=3)

    def test_a_context_beyond_its_size_is_refused(self, client: docker.DockerClient) -> None:
        files = {"Dockerfile": f"FROM {BASE}", "big": "x" * 3_000_000}
        url = f"{client.api.base_url}/v1.41/build"
        assert client.api.post(url, data=context(files)).status_code == 413

    def test_a_compressed_bomb_is_refused(self, client: docker.DockerClient) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            info = tarfile.TarInfo("bomb")
            info.size = 200_000_000
            tar.addfile(info, io.BytesIO(b"\0" * info.size))
        url = f"{client.api.base_url}/v1.41/build"
        headers = {"Content-Encoding": "gzip"}
        answer = client.api.post(url, data=packed.getvalue(), headers=headers)
        assert answer.status_code == 413

    def test_a_compressed_context_is_built(self, client: docker.DockerClient, prefix: str) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            info = tarfile.TarInfo("./Dockerfile")
            info.size = len(f"FROM {BASE}")
            tar.addfile(info, io.BytesIO(f"FROM {BASE}".encode()))
        packed.seek(0)
        assert build(client, f"{prefix}-x", packed, encoding="gzip").tags == [f"{prefix}-x:latest"]

    def test_too_many_files_are_refused(self, client: docker.DockerClient) -> None:
        files = {"Dockerfile": f"FROM {BASE}"} | {f"f{number}": "" for number in range(30)}
        url = f"{client.api.base_url}/v1.41/build"
        assert client.api.post(url, data=context(files)).status_code == 413

    def test_a_build_that_takes_too_long_is_stopped_and_says_so(
        self, client: docker.DockerClient, engine: docker.DockerClient, prefix: str
    ) -> None:
        dockerfile = f"FROM {BASE}\nRUN echo {prefix}; sleep 60"
        with pytest.raises(BuildError, match="pasó de 3 s"):
            build(client, f"{prefix}-x", context({"Dockerfile": dockerfile}))
        deadline = time.monotonic() + 15
        while any(prefix in c["Command"] for c in engine.api.containers()):
            assert time.monotonic() < deadline
            time.sleep(0.2)


class TestStreams:
    """Answers that take their time."""

    def test_logs_are_followed_as_they_are_written(
        self, client: docker.DockerClient, prefix: str
    ) -> None:
        program = "import time\nfor n in range(3): print(n, flush=True); time.sleep(.2)"
        box = client.containers.run(
            BASE, ["python3", "-c", program], name=f"{prefix}_c", detach=True
        )
        assert b"".join(box.logs(stream=True, follow=True)) == b"0\n1\n2\n"

    def test_a_wait_lasts_as_long_as_the_container(
        self, client: docker.DockerClient, prefix: str
    ) -> None:
        box = client.containers.run(BASE, ["sleep", "1"], name=f"{prefix}_c", detach=True)
        assert box.wait()["StatusCode"] == 0

    def test_a_client_that_leaves_in_the_middle_leaves_nothing_open(
        self, guard: Guard, client: docker.DockerClient, prefix: str
    ) -> None:
        client.containers.run(BASE, ["sleep", "30"], name=f"{prefix}_c", detach=True)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(guard.socket))
            request = (
                f"GET /containers/{prefix}_c/logs?follow=1&stdout=1 HTTP/1.1\r\nHost: d\r\n\r\n"
            )
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
        engine.containers.create(BASE, "ls", name=f"{prefix}_foreign")
        client.containers.create(BASE, "ls", name=f"{prefix}_own")
        events = list(client.events(since=since, until=int(time.time()) + 1, decode=True))
        names = {event["Actor"]["Attributes"].get("name") for event in events}
        assert names == {f"{prefix}_own"}


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
        box = client.containers.run(BASE, ["sleep", "30"], name=f"{prefix}_c", detach=True)
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
