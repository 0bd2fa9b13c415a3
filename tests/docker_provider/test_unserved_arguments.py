"""What the real provider has and this one does not carry out is refused at validate, by name."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docker_provider.argument_rules import problems
from docker_provider.codec import UNKNOWN, conform
from docker_provider.provider import RESOURCES, SCHEMA
from docker_provider.schema import Attribute, Block, Nested

Way = tuple[str, ...]


def unserved(block: Block, path: Way = ()) -> Iterator[tuple[Way, Attribute | Nested]]:
    for item in (*block.attributes, *block.blocks):
        if item.unserved:
            yield (*path, item.name), item
    for nested in block.blocks:
        if not nested.unserved:
            yield from unserved(nested.block, (*path, nested.name))


BLOCKS = {"provider": SCHEMA.block, **{n: r.schema.block for n, r in RESOURCES.items()}}
CASES = [(name, path) for name, block in BLOCKS.items() for path, _ in unserved(block)]


def empty(block: Block) -> dict[str, Any]:
    return conform(block, {})


def with_value(block: Block, path: Way, value: Any) -> dict[str, Any]:
    """A configuration in which only the argument at `path` has a value."""
    first, *rest = path
    inner = [with_value(_nested(block, first), tuple(rest), value)] if rest else value
    return {**empty(block), first: inner}


def _nested(block: Block, name: str) -> Block:
    return next(nested.block for nested in block.blocks if nested.name == name)


def test_there_are_some() -> None:
    assert ("docker_image", ("build", "builder")) in CASES
    assert ("docker_volume", ("cluster",)) in CASES


@pytest.mark.parametrize(("name", "path"), CASES, ids=lambda case: str(case))
def test_it_is_refused_when_it_has_a_value_or_will_have_one(name: str, path: Way) -> None:
    block = BLOCKS[name]
    for value in ([{}], UNKNOWN):
        told = [str(problem) for problem in problems(block, with_value(block, path, value))]
        assert any(f"`{'.'.join(path)}`" in text for text in told), told


@pytest.mark.parametrize("name", BLOCKS)
def test_left_out_nothing_is_refused(name: str) -> None:
    assert list(problems(BLOCKS[name], empty(BLOCKS[name]))) == []


def test_terraform_shows_it_at_validate(workspace: Any) -> None:
    workspace.write("""
resource "docker_image" "app" {
  name = "x"
  build {
    context = "."
    builder = "default"
  }
}
resource "docker_volume" "swarm" {
  cluster {}
}
""")
    told = workspace.terraform("validate", "-json").output
    assert "does not serve `build.builder`" in told
    assert "does not serve `cluster`" in told


# --- What the real provider checks by itself, before any engine is asked ------------------------

BEHAVIOUR = json.loads(
    Path(__file__).with_name("real").joinpath("behaviour-3.9.0.json").read_text(encoding="utf-8")
)


def validated(attributes: dict[str, Any], path: Way = ()) -> Iterator[tuple[Way, str]]:
    """Path and type of every argument that 3.9.0 validates."""
    for name, said in attributes.items():
        if said.get("validated"):
            yield (*path, name), said["type"]
        yield from validated(said.get("block", {}), (*path, name))


VALIDATED = [
    (name, path, type_)
    for name, resource in RESOURCES.items()
    for path, type_ in validated(BEHAVIOUR["resources"][name]["attributes"])
]


def test_the_real_providers_checks_were_read() -> None:
    assert ("docker_container", ("healthcheck", "retries"), "TypeInt") in VALIDATED
    assert len(VALIDATED) > 15


@pytest.mark.parametrize(("name", "path", "type_"), VALIDATED, ids=str)
def test_a_senseless_value_is_refused_before_the_engine_is_asked(
    name: str, path: Way, type_: str
) -> None:
    resource = RESOURCES[name]
    block = resource.schema.block
    config = with_value(block, path, -5 if type_ == "TypeInt" else "%%%")
    told = [*problems(block, config), *resource.validate(config)]
    assert any(problem.path[0] == path[0] for problem in told), told
