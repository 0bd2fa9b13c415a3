"""Whatever reads Docker's answers reads those of every engine; what is left out is not set."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.recorded_engine import ENGINES, OWNER, SHAPES, recorded, serving

from taller.checks import docker_facts
from taller.clean.images import remove_built
from taller.clean.report import Report
from taller.docker_state import Container, DockerState, Image, Network, Volume, connect
from taller.docker_state.connection import read_version
from taller.docker_state.whole import whole
from taller.grading.state_servers import command_of
from taller.terraform import State
from taller.topology import docker_topology, recorded_topology


@pytest.fixture
def state(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DockerState]:
    """What the workshop reads of an engine that answers as a recorded one did."""
    with serving(request.param, tmp_path) as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        monkeypatch.delenv("DOCKER_TLS_VERIFY", raising=False)
        client = connect()
        yield DockerState(client)
        client.close()


every_engine = pytest.mark.parametrize("state", SHAPES, indirect=True)

READERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "ended": ("container_inspect_ended", Container.from_json),
    "running": ("container_inspect_running", Container.from_json),
    "no command": ("container_inspect_no_command", Container.from_json),
    "images": ("images_list", lambda raw: [Image.from_json(each) for each in raw]),
    "volumes": ("volumes_list", lambda raw: [Volume.from_json(v) for v in raw["Volumes"]]),
    "volume": ("volume_create_anonymous", Volume.from_json),
    "command": ("image_inspect_classic", command_of),
    "no image command": ("image_inspect_loaded", command_of),
    "facts of a container": (
        "container_inspect_ended", lambda raw: _only_read(whole("containers", raw))
    ),
}  # fmt: skip


def _only_read(found: dict[str, Any]) -> dict[str, Any]:
    """The fields that whole() answers for."""
    read = {k: found[k] for k in ("Name", "Path", "Args", "Image", "Mounts", "RestartCount")}
    config = {k: found["Config"][k] for k in ("Env", "Cmd", "Labels", "User", "Image", "Volumes")}
    state = {k: found["State"][k] for k in ("Status", "Running", "OOMKilled", "ExitCode", "Error")}
    inside = [{k: m[k] for k in ("Type", "Name", "Destination", "RW")} for m in found["Mounts"]]
    return read | {"Config": config, "State": state, "Mounts": inside}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("reader", READERS)
def test_what_is_left_out_reads_like_what_is_not_set(engine: str, reader: str) -> None:
    name, read = READERS[reader]
    assert read(recorded(f"{engine} pruned")[name]) == read(recorded(engine)[name])


@pytest.mark.parametrize("shape", SHAPES)
def test_a_container_is_read_alike_from_every_engine(shape: str) -> None:
    said = recorded(shape)
    ended = Container.from_json(said["container_inspect_ended"])
    assert (ended.name, ended.status, ended.exit_code) == ("rec_c", "exited", 3)
    assert ended.command == ("sh", "-c", "echo hola; sleep 1; exit 3")
    assert {mount.target for mount in ended.mounts} == {"/data", "/anon"}
    assert not any(mount.read_only for mount in ended.mounts)
    assert ended.networks == ("rec_n",)
    assert ended.seconds is not None
    assert 0 < ended.seconds < 5
    plain = Container.from_json(said["container_inspect_no_command"])
    assert (plain.command, plain.exit_code, plain.memory) == (("python3",), None, 0)
    assert command_of(said["image_inspect_classic"]) == ["cat", "/x"]


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if not shape.startswith("20.")])
def test_a_network_is_read_alike_from_every_engine(shape: str) -> None:
    network = Network.from_json(recorded(shape)["network_inspect"])
    assert (network.name, network.driver, network.internal) == ("rec_n", "bridge", True)


@every_engine
def test_an_engines_objects_are_listed_and_drawn(state: DockerState) -> None:
    version = read_version(state.client)
    assert version.platform == "linux/amd64"
    assert "rec_v" in [volume.name for volume in state.volumes()]
    containers, networks = state.containers(), state.networks()
    assert "rec_c" in [container.name for container in containers]
    assert {"rec:kit", "rec:classic"} <= {tag for image in state.images() for tag in image.tags}
    drawn = docker_topology(networks, state.volumes(), containers)
    assert {node.name for node in drawn.containers} >= {"rec_c", "rec_nc"}
    assert recorded_topology(State((), {}, {}), state).containers == ()


@every_engine
def test_the_facts_of_checks_have_every_field_that_rubrics_read(state: DockerState) -> None:
    found = docker_facts.inspect(state.client, docker_facts.Own(OWNER, {}))
    assert "rec_v" in docker_facts.names(found)
    (container, *_) = [c for c in found["containers"] if c["Name"] == "/rec_c"]
    assert container["Config"]["Env"]
    assert container["HostConfig"]["Memory"] == 0
    assert [mount["RW"] for mount in container["Mounts"]] == [True, True]
    for one in found["containers"]:
        assert isinstance(one["Config"]["Labels"], dict)
        assert isinstance(one["State"]["ExitCode"], int)
        assert isinstance(one["NetworkSettings"]["Networks"], dict)
    for image in found["images"]:
        assert isinstance(image["Config"]["Env"], list)
        assert image["RootFS"]["Layers"]


@every_engine
def test_a_clean_up_finds_out_which_images_are_its_own(state: DockerState) -> None:
    report = Report()
    remove_built(state, [], "another", report)
    assert (report.removed, report.kept) == ([], [])
