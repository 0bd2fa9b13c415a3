"""What the real provider has and this one does not carry out is refused at validate, by name."""

from collections.abc import Iterator
from typing import Any

import pytest

from docker_provider.argument_rules import problems
from docker_provider.codec import UNKNOWN, conform
from docker_provider.provider import RESOURCES, SCHEMA
from docker_provider.schema import Attribute, Block, Nested

Path = tuple[str, ...]


def unserved(block: Block, path: Path = ()) -> Iterator[tuple[Path, Attribute | Nested]]:
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


def with_value(block: Block, path: Path, value: Any) -> dict[str, Any]:
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
def test_it_is_refused_when_it_has_a_value_or_will_have_one(name: str, path: Path) -> None:
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
