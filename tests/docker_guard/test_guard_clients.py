"""What students use, through the guard: the docker command line and the docker SDK."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import APIError, ImageNotFound

from docker_guard.engine import newer

pytestmark = pytest.mark.engine

BASE = "taller/base:bookworm"
Send = Callable[..., bytes]


class TestCommandLine:
    """docker …"""

    def test_a_volume_lives_and_goes(self, cli: Any, prefix: str) -> None:
        cli.out("volume", "create", "dev_raw")
        assert "dev_raw" in cli.out("volume", "ls")
        assert json.loads(cli.out("volume", "inspect", "dev_raw"))[0]["Driver"] == "local"
        cli.out("volume", "rm", "dev_raw")
        assert "dev_raw" not in cli.out("volume", "ls")

    def test_a_container_lives_and_goes(self, cli: Any, prefix: str) -> None:
        name = "dev_c"
        program = "import sys; print('hola'); sys.exit(3)"
        cli.out("run", "-d", "--name", name, "-v", "dev_v:/x", "-e", "A=1", BASE, "python3",
                "-c", program)  # fmt: skip
        assert cli.out("wait", name) == "3"
        assert cli.out("logs", name) == "hola"
        assert name in cli.out("ps", "-a")
        assert name not in cli.out("ps")
        assert cli.out("inspect", "--type", "container", "-f", "{{.State.ExitCode}}", name) == "3"
        cli.out("rm", name)
        assert name not in cli.out("ps", "-a")

    def test_a_network_is_joined_and_left(self, cli: Any, prefix: str) -> None:
        cli.out("network", "create", "dev_n")
        cli.out("run", "-d", "--name", "dev_c", BASE, "sleep", "30")
        cli.out("network", "connect", "dev_n", "dev_c")
        assert "dev_c" in cli.out("network", "inspect", "dev_n")
        cli.out("network", "disconnect", "dev_n", "dev_c")
        cli.out("network", "disconnect", "bridge", "dev_c")
        cli.out("stop", "-t", "0", "dev_c")
        cli.out("network", "rm", "dev_n")

    def test_files_are_copied_in_and_out(self, cli: Any, prefix: str, tmp_path: Path) -> None:
        cli.out("create", "--name", "dev_c", BASE, "ls")
        (tmp_path / "a.txt").write_text("hola")
        cli.out("cp", str(tmp_path / "a.txt"), "dev_c:/tmp/b.txt")
        cli.out("cp", "dev_c:/tmp/b.txt", str(tmp_path / "c.txt"))
        assert (tmp_path / "c.txt").read_text() == "hola"

    def test_an_image_is_built_tagged_listed_and_removed(
        self, cli: Any, prefix: str, tmp_path: Path
    ) -> None:
        (tmp_path / "Dockerfile").write_text(f"FROM {BASE}\nCOPY a /a\n")
        (tmp_path / "a").write_text("1")
        cli.out("build", "-q", "-t", "dev-x:1", str(tmp_path))
        cli.out("tag", "dev-x:1", "dev-x:2")
        assert cli.out("images", "--format", "{{.Tag}}", "dev-x").split() == ["1", "2"]
        assert "COPY" in cli.out("history", "dev-x:1")
        # By force: the engine may still be removing the container of the build's last step.
        cli.out("rmi", "-f", "dev-x:1", "dev-x:2")

    def test_version_and_info_say_nothing_of_the_host(self, cli: Any) -> None:
        assert "Server" in cli.out("version")
        info = json.loads(cli.out("info", "-f", "{{json .}}"))
        assert info["Name"] == "taller"
        assert not info.get("HttpProxy")

    def test_events_are_its_own_and_come_to_an_end(self, cli: Any) -> None:
        cli.out("create", "--name", "dev_seen", BASE, "ls")
        seen = cli.out("events", "--since", "60s", "--until=-2s", "--format", "{{json .}}")
        names = [json.loads(line)["Actor"]["Attributes"]["name"] for line in seen.splitlines()]
        assert names == ["dev_seen"]

    def test_a_build_with_buildkit_says_how_to_build(self, send: Send) -> None:
        upgrade = "Connection: Upgrade\r\nUpgrade: h2c\r\n"
        for path, more in (("/grpc", upgrade), ("/session", upgrade), ("/session", "")):
            head = f"POST /v1.40{path} HTTP/1.1\r\nHost: docker\r\n{more}\r\n"
            assert b"DOCKER_BUILDKIT=0" in send(head.encode())

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            (["exec", "dev_c", "ls"], "ejecutar programas"),
            (["commit", "dev_c", "dev-img"], "imágenes"),
            (["export", "dev_c"], "imágenes"),
            (["save", BASE], "imágenes"),
            (["system", "prune", "-f"], "bloque"),
            (["volume", "prune", "-f"], "bloque"),
            (["swarm", "init"], "Swarm"),
            (["secret", "ls"], "Swarm"),
            (["plugin", "ls"], "plugins"),
            (["rename", "dev_c", "dev_d"], "no permite"),
            (["pause", "dev_c"], "no permite"),
            (["top", "dev_c"], "no permite"),
            (["diff", "dev_c"], "no permite"),
            (["system", "df"], "no permite"),
            (["login", "-u", "a", "-p", "b", "localhost:1"], "no permite"),
            (["pull", "alpine"], "Descargar"),
            (["push", "dev-x"], "registro"),
            (["rmi", BASE], "imagen base"),
            (["tag", BASE, "dev-x"], "imagen base"),
            (["run", "-d", BASE, "ls"], ""),
            (["run", "-d", "--name", "dev_z", "-v", "/var/x", BASE, "ls"], ""),
        ],
    )
    def test_everything_else_is_refused_with_a_reason(
        self, cli: Any, prefix: str, arguments: list[str], reason: str
    ) -> None:
        cli.out("create", "--name", "dev_c", BASE, "sleep", "9")
        done = cli(*(argument.format(p=prefix) for argument in arguments))
        assert (done.returncode != 0) == bool(reason), done.stdout
        assert reason in done.stderr


def test_clients_are_told_a_version_whose_builds_the_guard_can_read(
    client: docker.DockerClient, cli: Any
) -> None:
    """From 1.39 on kreuzwerker/docker 3.x builds over a BuildKit session."""
    assert client.api.api_version == "1.38"
    said = "from 29 on the command line speaks nothing older than 1.40"
    assert cli.out("version", "-f", "{{.Server.APIVersion}}") == "1.40", said
    assert "Builder-Version" not in client.api.head(f"{client.api.base_url}/_ping").headers


@pytest.mark.parametrize(
    ("asked", "oldest", "used"),
    [("/v1.38", "/v1.12", "/v1.38"), ("/v1.38", "/v1.44", "/v1.44"), ("/v1.9", "/v1.24", "/v1.24")],
)
def test_an_engine_that_is_newer_is_asked_in_its_oldest_version(
    asked: str, oldest: str, used: str
) -> None:
    assert newer(asked, oldest) == used


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
        outside = engine.images.build(fileobj=dockerfile, tag=f"{prefix}dev-outside:1", rm=True)[0]
        for ref in ("dev-outside:1", outside.id, outside.id[7:19]):
            with pytest.raises(ImageNotFound):
                client.images.get(ref)
            with pytest.raises(APIError):
                client.containers.create(ref, "ls", name="dev_c")

    def test_pulling_a_base_image_says_that_it_is_there(self, client: docker.DockerClient) -> None:
        assert client.images.pull(BASE).tags == [BASE]
