"""The plan's rules, which are those of Terraform's plugin SDK 2."""

import pytest

from docker_provider.codec import UNKNOWN
from docker_provider.planning import plan, replacement_paths, same
from docker_provider.schema import (
    NUMBER,
    STRING_LIST,
    STRING_SET,
    Block,
    Nested,
    computed,
    optional,
    required,
)

PORT = Block(
    (
        required("internal", NUMBER, force_new=True),
        optional("external", NUMBER, force_new=True, computed=True),
        optional("protocol", default="tcp", force_new=True),
    )
)
LABEL = Block((required("label", force_new=True), optional("note")))
BLOCK = Block(
    (
        computed("id"),
        required("name", force_new=True),
        optional("driver", force_new=True, computed=True),
        optional("restart", default="no"),
        optional("memory", NUMBER),
        optional("dns", STRING_SET, force_new=True),
        optional("command", STRING_LIST, force_new=True, computed=True),
    ),
    (
        Nested("ports", PORT, "list"),
        Nested("labels", LABEL),
        Nested("health", LABEL, "list", max_items=1, computed=True),
        Nested("timeouts", Block((optional("create"),)), "single"),
    ),
)
CONFIG = {
    "id": None,
    "name": "x",
    "driver": None,
    "restart": None,
    "memory": None,
    "dns": None,
    "command": None,
    "ports": [],
    "labels": [],
    "health": [],
    "timeouts": None,
}
PRIOR = {**CONFIG, "id": "1", "driver": "local", "restart": "no", "command": ["sh"]}


def paths(prior, config):
    return list(replacement_paths(BLOCK, prior, plan(BLOCK, prior, config)))


def test_on_creation_defaults_are_set_and_what_the_engine_decides_is_unknown():
    planned = plan(BLOCK, None, CONFIG)
    assert planned["restart"] == "no"
    assert [n for n, value in planned.items() if value is UNKNOWN] == [
        "id",
        "driver",
        "command",
        "health",
    ]
    assert planned["memory"] is None


def test_later_what_the_engine_decided_stays():
    assert plan(BLOCK, PRIOR, CONFIG) == PRIOR


def test_a_default_that_returns_is_a_change_in_place():
    prior = {**PRIOR, "restart": "always"}
    assert plan(BLOCK, prior, CONFIG)["restart"] == "no"
    assert paths(prior, CONFIG) == []


@pytest.mark.parametrize("zero", [0, None])
def test_null_and_zero_are_the_same(zero):
    prior = {**PRIOR, "memory": zero, "dns": []}
    assert plan(BLOCK, prior, CONFIG) == prior
    assert paths(prior, CONFIG) == []


def test_an_argument_that_is_left_out_again_becomes_null():
    assert plan(BLOCK, {**PRIOR, "memory": 5}, CONFIG)["memory"] is None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("name", "y", [("name",)]),
        ("name", UNKNOWN, [("name",)]),
        ("command", ["bash"], [("command",)]),
        ("memory", 5, []),
    ],
)
def test_a_changed_argument_names_its_path_when_it_forces_replacement(name, value, expected):
    assert paths(PRIOR, {**CONFIG, name: value}) == expected


def port(internal, external=None, protocol=None):
    return {"internal": internal, "external": external, "protocol": protocol}


def test_a_list_block_inherits_what_the_engine_chose_by_position():
    prior = {**PRIOR, "ports": [port(80, 32768, "tcp"), port(53, 32769, "udp")]}
    config = {**CONFIG, "ports": [port(80), port(53, protocol="udp")]}
    assert plan(BLOCK, prior, config) == prior


def test_a_change_inside_a_list_block_has_the_elements_path():
    prior = {**PRIOR, "ports": [port(80, 1, "tcp"), port(53, 2, "tcp")]}
    config = {**CONFIG, "ports": [port(80), port(54)]}
    assert paths(prior, config) == [("ports", 1, "internal")]


def test_one_more_list_block_has_the_blocks_path():
    prior = {**PRIOR, "ports": [port(80, 1, "tcp")]}
    assert paths(prior, {**CONFIG, "ports": [port(80), port(81)]}) == [("ports",)]


def label(text, note=None):
    return {"label": text, "note": note}


def test_the_order_of_a_sets_blocks_does_not_matter():
    prior = {**PRIOR, "labels": [label("a"), label("b")]}
    assert paths(prior, {**CONFIG, "labels": [label("b"), label("a")]}) == []


def test_a_set_block_that_changes_where_nothing_forces_replacement_stays():
    prior = {**PRIOR, "labels": [label("a", "uno")]}
    assert paths(prior, {**CONFIG, "labels": [label("a", "dos")]}) == []
    assert paths(prior, {**CONFIG, "labels": [label("b", "uno")]}) == [("labels",)]


def test_a_block_left_to_the_engine_stays_and_an_own_one_wins():
    prior = {**PRIOR, "health": [label("image")]}
    assert plan(BLOCK, prior, CONFIG)["health"] == [label("image")]
    assert plan(BLOCK, prior, {**CONFIG, "health": [label("own")]})["health"] == [label("own")]


def test_blocks_whose_number_is_unknown_are_unknown():
    assert plan(BLOCK, None, {**CONFIG, "ports": UNKNOWN})["ports"] is UNKNOWN
    assert paths(PRIOR, {**CONFIG, "ports": UNKNOWN}) == [("ports",)]


def test_a_single_block_is_planned_as_one():
    config = {**CONFIG, "timeouts": {"create": "5m"}}
    assert plan(BLOCK, None, config)["timeouts"] == {"create": "5m"}


def test_nothing_equals_an_unknown_value():
    assert not same(UNKNOWN, UNKNOWN)
    assert not same({"a": [UNKNOWN]}, {"a": [UNKNOWN]})
