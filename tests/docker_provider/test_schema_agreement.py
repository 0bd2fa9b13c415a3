"""What is served agrees with kreuzwerker/docker 3.9.0, argument by argument.

`real/` holds what was read off the real provider: `schema-3.9.0.json` is what
`terraform providers schema -json` gives, without descriptions; `behaviour-3.9.0.json` has what that
does not show: defaults, what forces replacement, what excludes what.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from docker_provider.provider import DATA_SOURCES, RESOURCES, SCHEMA
from docker_provider.resource import Resource
from docker_provider.schema import Attribute, Block, Nested, Schema

Json = dict[str, Any]

LEFT_OUT = {
    "docker_buildx_builder": "builds go through the Engine API, which needs no buildx",
    "docker_config": "Swarm",
    "docker_plugin": "engine plugins are outside the workshop",
    "docker_registry_image_manifests": "multi-platform images are outside the workshop",
    "docker_secret": "Swarm",
    "docker_service": "Swarm",
}
IN_PLACE_WITHOUT_EFFECT = {"healthcheck", "init", "tmpfs"}
"""The real provider plans their change in place and changes nothing: here it replaces."""


@cache
def real(name: str) -> Json:
    path = Path(__file__).with_name("real") / f"{name}-3.9.0.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


# --- The schema, in the form of `terraform providers schema -json` -------------------------------

_FLAGS = ("required", "optional", "computed", "sensitive", "deprecated")


def shown(schema: Schema) -> Json:
    return {"block": _block(schema.block), "version": schema.version}


def _block(block: Block) -> Json:
    parts = {
        "attributes": {item.name: _attribute(item) for item in block.attributes},
        "block_types": {nested.name: _nested(nested) for nested in block.blocks},
    }
    return {name: part for name, part in parts.items() if part}


def _attribute(attribute: Attribute) -> Json:
    flags = {flag: True for flag in _FLAGS if getattr(attribute, flag)}
    return {"type": attribute.type, **flags}


def _nested(nested: Nested) -> Json:
    limits = {name: getattr(nested, name) for name in ("min_items", "max_items")}
    return {
        "block": _block(nested.block),
        "nesting_mode": nested.nesting,
        **{name: limit for name, limit in limits.items() if limit},
    }


@pytest.mark.parametrize("name", RESOURCES)
def test_a_resources_schema_is_the_real_one(name: str) -> None:
    assert shown(RESOURCES[name].schema) == real("schema")["resource_schemas"][name]


@pytest.mark.parametrize("name", DATA_SOURCES)
def test_a_data_sources_schema_is_the_real_one(name: str) -> None:
    assert shown(DATA_SOURCES[name].schema) == real("schema")["data_source_schemas"][name]


def test_the_provider_blocks_schema_is_the_real_one() -> None:
    assert shown(SCHEMA) == real("schema")["provider"]


@pytest.mark.parametrize(
    ("kind", "served"), [("resource_schemas", RESOURCES), ("data_source_schemas", DATA_SOURCES)]
)
def test_every_kind_of_object_is_served_or_left_out_on_purpose(kind: str, served: Json) -> None:
    assert set(served) == set(real("schema")[kind]) - set(LEFT_OUT)


# --- What the schema does not show ---------------------------------------------------------------

Facts = dict[str, Any]


def ours(block: Block, prefix: str = "", forced: bool = False) -> Iterator[tuple[str, Facts]]:
    """Path → default, what forces replacement and conflicts; computed values have none."""
    for attribute in block.attributes:
        force_new = forced or attribute.force_new
        yield f"{prefix}{attribute.name}", _facts(attribute.default, force_new, ())
    for nested in block.blocks:
        force_new = forced or nested.force_new
        yield f"{prefix}{nested.name}", _facts(None, force_new, nested.conflicts)
        yield from ours(nested.block, f"{prefix}{nested.name}.", force_new)


def theirs(attributes: Json, prefix: str = "", forced: bool = False) -> Iterator[tuple[str, Facts]]:
    for name, said in attributes.items():
        force_new = forced or bool(said.get("force_new"))
        conflicts = tuple(said.get("conflicts_with", ()))
        yield f"{prefix}{name}", _facts(said.get("default"), force_new, conflicts)
        if not said.get("computed") or said.get("optional"):  # what is only computed has no rules
            yield from theirs(said.get("block", {}), f"{prefix}{name}.", force_new)


def _facts(default: Any, force_new: bool, conflicts: tuple[str, ...]) -> Facts:
    return {"default": default, "force_new": force_new, "conflicts": conflicts}


def _agree(block: Block, attributes: Json) -> None:
    found, expected = dict(ours(block)), dict(theirs(attributes))
    assert len(expected) > 1, "the facts were read"
    assert set(found) - set(expected) <= {"id", "timeouts"} | {
        f"timeouts.{action}" for action in ("create", "update", "delete")
    }
    for path, facts in expected.items():
        if path.split(".")[0] in IN_PLACE_WITHOUT_EFFECT and "healthcheck" in found:
            facts = {**facts, "force_new": True}
        assert found[path] == facts, path


@pytest.mark.parametrize("name", RESOURCES)
def test_defaults_replacement_and_conflicts_of_a_resource_agree(name: str) -> None:
    facts = real("behaviour")["resources"][name]
    resource = RESOURCES[name]
    _agree(resource.schema.block, facts["attributes"])
    assert resource.schema.version == facts["schema_version"]


@pytest.mark.parametrize("name", RESOURCES)
def test_what_can_be_imported_agrees(name: str) -> None:
    importable = type(RESOURCES[name]).import_state is not Resource.import_state
    assert importable == real("behaviour")["resources"][name]["importable"]


def test_the_provider_blocks_defaults_agree() -> None:
    _agree(SCHEMA.block, real("behaviour")["provider"])


@pytest.mark.parametrize("name", DATA_SOURCES)
def test_a_data_sources_defaults_agree(name: str) -> None:
    facts = real("behaviour")["data_sources"][name]["attributes"]
    found = {path: item["default"] for path, item in ours(DATA_SOURCES[name].schema.block)}
    for path, said in facts.items():
        assert found[path] == said.get("default"), path
