"""Wrong and odd configurations end as they do with kreuzwerker/docker 3.9.0.

`real/messages-3.9.0.json` holds each with its HCL, what stood in Docker before, and how `apply`
ended there. The words are each provider's own.
"""

import json
import shlex
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("base_image")]

CASES = json.loads(
    Path(__file__).with_name("real").joinpath("messages-3.9.0.json").read_text(encoding="utf-8")
)
ON_PURPOSE = {"volume name taken": 1}
"""A volume that exists is never taken over: destroy would remove somebody else's data."""


def _prepare(engine: docker.DockerClient, command: str) -> None:
    """Do what `command` of Docker's command line does; it may not be installed."""
    match shlex.split(command):
        case []:
            return
        case ["docker", "run", "-d", "--name", name, *options, image, "sleep", seconds]:
            ports = {}
            if options:
                address, port, internal = options[1].split(":")
                ports = {internal: (address, int(port))}
            engine.containers.run(image, ["sleep", seconds], name=name, ports=ports, detach=True)
        case ["docker", "volume", "create", name]:
            engine.volumes.create(name)
        case ["docker", "network", "create", name]:
            engine.networks.create(name)
        case ["docker", "network", "create", "--subnet", subnet, name]:
            pool = docker.types.IPAMPool(subnet=subnet)
            engine.networks.create(name, ipam=docker.types.IPAMConfig(pool_configs=[pool]))
        case ["docker", "tag", source, target]:
            engine.images.get(source).tag(target)
        case unknown:
            pytest.fail(f"Nobody knows how to do {unknown}")


@pytest.fixture
def adapted(engine: docker.DockerClient, prefix: str, tmp_path: Path) -> Iterator[Any]:
    """A case with names, a port and a subnet of this test's own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    repository = f"localhost:{port}/{prefix}"
    own = {
        "msg_": f"{prefix}_",
        "18765": port,
        "172.31.99.": f"172.31.{100 + int(port) % 100}.",
        "./ctx": str(tmp_path / "ctx"),
        "localhost:18999/": f"{repository}/",
    }

    def adapt(text: str) -> str:
        for old, new in own.items():
            text = text.replace(old, new)
        return text

    yield adapt
    for image in engine.api.images(filters={"reference": f"{repository}/*"}):
        for tag in image["RepoTags"]:
            if tag.startswith(repository):
                engine.images.remove(tag)


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_it_ends_as_with_the_real_provider(
    case: dict[str, Any],
    workspace: Any,
    engine: docker.DockerClient,
    adapted: Any,
    tmp_path: Path,
) -> None:
    context = tmp_path / "ctx"
    context.mkdir()
    if case.get("dockerfile"):
        (context / "Dockerfile").write_text(case["dockerfile"], encoding="utf-8")
    _prepare(engine, adapted(case["before"]))
    result = workspace.write(adapted(case["hcl"])).apply()
    assert result.code == ON_PURPOSE.get(case["case"], case["exit"]), result.errors
    assert bool(result.errors) == bool(result.code)
    if workspace.state():
        assert workspace.destroy().ok
