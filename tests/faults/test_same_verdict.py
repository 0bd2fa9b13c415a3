"""The corpus on other machines: a verdict never depends on Terraform, limits, load or speed."""

import os
from dataclasses import replace
from typing import Any

import docker
import pytest
from tests.faults.corpus_class import CASES, expect, hand_in
from tests.faults.other_machines import NEW, OLD

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1200)]

WHOLE = "TALLER_WHOLE_CORPUS"
"""``make same`` sets it: every case on every machine, a quarter of an hour."""
QUICK = ("ej01", "ej05", "ej08")
"""Exercises that build nothing; of the others one case in eight goes along."""


def _chosen(machine: int) -> list[str]:
    if os.environ.get(WHOLE):
        return list(CASES)
    quick = [name for name, case in CASES.items() if case.exercise.id in QUICK]
    slow = [name for name in CASES if name not in quick]
    return [*quick[machine::4], *slow[machine::8]]


MACHINES = {"oldest": OLD, "newest": NEW}
CHOSEN = {name: _chosen(number) for number, name in enumerate(MACHINES)}


@pytest.fixture(scope="module")
def classes(course: Any) -> dict[str, Any]:
    """The class, graded on each machine."""
    graded = {}
    for name, machine in MACHINES.items():
        with machine.python(course.folder / name) as python:
            there = replace(course, folder=course.folder / name, python=python)
            hand_in(there, CHOSEN[name])
            assert there.grade("--jobs", "2", seconds=1100) == 0
        graded[name] = there
    return graded


@pytest.mark.parametrize(
    ("machine", "name"), [(machine, name) for machine in MACHINES for name in CHOSEN[machine]]
)
def test_a_case_gets_the_same_verdict_there(
    classes: dict[str, Any], machine: str, name: str
) -> None:
    expect(classes[machine], name)


def test_nothing_is_left_over(classes: dict[str, Any], engine: docker.DockerClient) -> None:
    for there in classes.values():
        there.wait_for_nothing(engine)
