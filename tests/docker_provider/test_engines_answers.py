"""What four engines answered to the same requests is read alike; a field that is left out is unset.

The answers are recorded (tests/engines): 20.10, 28.5 with both image stores, and 29.7, whose API
1.52 leaves out whatever has no value.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from docker_provider.codec import UNKNOWN, conform
from docker_provider.container.schema import CONTAINER
from docker_provider.container.state import created, imported, refreshed
from docker_provider.image_store import repo_digest
from docker_provider.planning import plan, replacement_paths, same
from docker_provider.resources.labels import from_engine
from docker_provider.resources.network import Network, observed
from docker_provider.resources.volume import Volume
from docker_provider.schema import Block

RECORDED = sorted((Path(__file__).parents[1] / "engines").glob("*.json"))
INSPECTED = ("container_inspect_running", "container_inspect_ended", "container_inspect_no_command")


def answer(path: Path, name: str) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))[name]["answer"]


def unset_left_out(value: Any) -> Any:
    """The answer of an engine that leaves out everything without a value."""
    if isinstance(value, dict):
        parts = {name: unset_left_out(part) for name, part in value.items()}
        return {name: part for name, part in parts.items() if part not in (None, 0, "", [], {})}
    return [unset_left_out(part) for part in value] if isinstance(value, list) else value


def minimal(block: Block, **given: Any) -> dict[str, Any]:
    return plan(block, None, {**conform(block, {}), **given})


engines = pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)


def test_there_are_four() -> None:
    assert len(RECORDED) >= 4


@engines
@pytest.mark.parametrize("name", INSPECTED)
def test_a_container_is_read_and_its_second_plan_replaces_nothing(path: Path, name: str) -> None:
    found = answer(path, name)
    config = conform(
        CONTAINER.block, {"name": found["Name"][1:], "image": found["Config"]["Image"]}
    )
    for seen in (found, unset_left_out(found)):
        planned = plan(CONTAINER.block, None, config)
        state = refreshed(created(planned, seen), seen)
        again = plan(CONTAINER.block, state, config)
        assert list(replacement_paths(CONTAINER.block, state, again)) == []
        assert UNKNOWN not in state.values()
        assert state["memory"] in (0, None)
        running = bool(seen["State"].get("Running"))
        assert (state["exit_code"] is None) == running or name == INSPECTED[2]
        taken_over = imported(conform(CONTAINER.block, {"id": "x"}), seen)
        assert taken_over["name"] == found["Name"].lstrip("/")
        assert taken_over["restart"] == "no"


@pytest.mark.parametrize(
    "path", [path for path in RECORDED if "Name" in answer(path, "network_inspect")]
)
def test_a_network_is_read_and_its_second_plan_is_empty(path: Path) -> None:
    block = Network.schema.block
    for seen in (found := answer(path, "network_inspect"), unset_left_out(found)):
        config = conform(block, {"name": seen["Name"]})
        state = {**plan(block, None, config), **observed(seen)}
        again = plan(block, state, config)
        differences = [name for name in again if not same(again[name], state[name], ordered=False)]
        assert set(differences) <= {"labels"}, differences


@engines
def test_a_local_image_has_a_digest_or_none_and_either_is_a_text(path: Path) -> None:
    found = answer(path, "image_inspect_classic")
    assert isinstance(repo_digest(found, "rec:classic"), str)
    assert repo_digest(unset_left_out(found) | {"RepoDigests": None}, "rec:classic") == ""


@engines
@pytest.mark.parametrize("name", ["volume_create", "volume_create_anonymous"])
def test_a_volume_is_read_and_one_without_a_name_keeps_the_engines(path: Path, name: str) -> None:
    found = answer(path, name)

    class Client:
        """An engine that gives one recorded answer."""

        def inspect_volume(self, identifier: str) -> Any:
            return found

    class Operation:
        client = Client()

    block = Volume.schema.block
    named = name == "volume_create"
    given = {"name": found["Name"], "labels": from_engine(found["Labels"])} if named else {}
    config = conform(block, given)
    state = Volume().read(Operation(), {**conform(block, {}), "id": found["Name"]})  # type: ignore[arg-type]  # an engine's recorded answer
    assert state is not None
    again = plan(block, state, config)
    assert list(replacement_paths(block, state, again)) == []
