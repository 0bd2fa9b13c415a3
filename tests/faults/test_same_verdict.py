"""The corpus on other machines: a verdict never depends on Terraform, limits, load or speed."""

import os
from dataclasses import replace
from typing import Any

import docker
import pytest
from tests.faults.corpus_class import CASES, expect, hand_in
from tests.faults.other_machines import NEW, OLD, Machine

pytestmark = [pytest.mark.engine, pytest.mark.timeout(3600)]

WHOLE = "TALLER_WHOLE_CORPUS"
"""``make same`` sets it: every case on every machine, half an hour."""
QUICK = ("ej01", "ej05", "ej08")
"""Exercises that build nothing and have one container at most; the others are slower."""
NEWER = "ej07"
"""Its lock in S3 (``use_lockfile``) came with Terraform 1.10."""


def _chosen(number: int, machine: Machine) -> list[str]:
    names = [n for n, case in CASES.items() if machine is not OLD or case.exercise.id != NEWER]
    if os.environ.get(WHOLE):
        return names
    quick = [name for name in names if CASES[name].exercise.id in QUICK]
    slow = [name for name in names if name not in quick]
    return [*quick[number::8], *slow[number::24]]


MACHINES = {"oldest": OLD, "newest": NEW}
CHOSEN = {name: _chosen(n, machine) for n, (name, machine) in enumerate(MACHINES.items())}


@pytest.fixture(scope="module")
def classes(course: Any) -> dict[str, Any]:
    """The class, graded on each machine."""
    graded = {}
    for name, machine in MACHINES.items():
        with machine.python(course.folder / name) as python:
            there = replace(course, folder=course.folder / name, python=python)
            hand_in(there, CHOSEN[name])
            assert there.grade("--jobs", "2", seconds=3000) == 0
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
