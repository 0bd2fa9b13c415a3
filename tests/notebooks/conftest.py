"""A student's desk: notebooks run cell by cell in this process, with the real Lab behind them."""

import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import docker
import pytest
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets.config import Config

from taller.catalog import Exercise
from taller.checks import load_checks, needs, run_checks
from taller.checks.gather import gather, live
from taller.doctor import image
from taller.lab import magic, records
from taller.lab.evidence import Evidence
from taller.lab.given import given_variables
from taller.lab.journal import Journal
from taller.lab.own import OwnObjects, recorded_names
from taller.provider import stop_server
from taller.result import Result
from taller.workspace import repository, workspace

Json = dict[str, Any]

_ASKS = "alarm_works"


@dataclass
class Desk:
    """Where one student works, under one prefix; ``last`` is the notebook's teardown cell."""

    prefix: str
    last: str = ""

    def hand_in(self, notebook: Json) -> None:
        """Run the notebook as a grader does: all cells but checks and teardown, errors or not.

        A check that asks the notebook's own function is run where it stands: the grader asks there.
        """
        for cell in notebook["cells"]:
            tags = cell["metadata"].get("tags", [])
            source = "".join(cell["source"])
            if "teardown" in tags:
                self.last = source
            elif "parameters" in tags:
                _run(f"prefix = {self.prefix!r}")
            elif cell["cell_type"] == "code" and ("check" not in tags or _ASKS in source):
                _run(source)

    def verdict(self, exercise: Exercise) -> Result:
        """What the grader says: every check, hidden ones included."""
        place = workspace(self.prefix, exercise.id)
        wanted = needs(load_checks(exercise.checks_file))
        given = given_variables(place.folder, self.prefix)
        terraform = live(place, exercise)(place.folder)
        journal = Journal(
            place.folder, lambda: OwnObjects(self.prefix, lambda: recorded_names(place.folder))
        )
        evidence = Evidence(exercise, place, journal, lambda: terraform.plan(given))
        probed = evidence.probe(wanted)
        facts = gather(
            exercise, live(place, exercise), place.folder, self.prefix, wanted,
            variables=given, values=records.read_values(place.private),
        )  # fmt: skip
        facts = evidence.add(facts, wanted, probed)
        return run_checks(exercise, facts, include_hidden=True)

    def tidy_up(self) -> None:
        """Run the notebook's teardown cell, which must not fail."""
        assert _run(self.last).success


def _run(source: str) -> ExecutionResult:
    """Run a cell in this process's IPython; ``%%hcl`` asks its history which cell it is in."""
    run_cell: Callable[..., ExecutionResult] = _shell().run_cell  # IPython leaves it untyped
    return run_cell(source, store_history=True)


def _shell() -> InteractiveShell:
    if not InteractiveShell.initialized():
        config = Config()
        config.HistoryManager.hist_file = ":memory:"
        InteractiveShell.instance(config=config)
        magic.register()
    return InteractiveShell.instance()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ``TALLER_HOME`` of this test's own."""
    folder = tmp_path / "home"
    monkeypatch.setenv("TALLER_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def warm_image(engine: docker.DockerClient) -> Iterator[str]:
    """The pipeline's image, held while the tests run: destroying a copy keeps its layers then."""
    name = f"t{secrets.token_hex(4)}-titanic-pipeline:warm"
    arguments = {"BASE_IMAGE": image.base_image(), **image.pip_build_args()}
    engine.images.build(path=str(repository()), tag=name, buildargs=arguments, forcerm=True)
    yield name
    engine.images.remove(name)


@pytest.fixture
def desk(home: Path, prefix: str, leftovers: None, warm_image: str) -> Iterator[Desk]:
    """A student's desk, tidied up at the end; what a notebook exports goes with it."""
    with mock.patch.dict(os.environ):
        yield Desk(prefix)
    InteractiveShell.clear_instance()
    for place in home.glob("workspaces/*/*/"):
        stop_server(workspace(place.parent.name, place.name))


@pytest.fixture
def found(engine: docker.DockerClient, prefix: str) -> Callable[[], list[str]]:
    """Asks the engine for the names of everything that begins with the prefix."""

    def ask() -> list[str]:
        names = [str(c.name) for c in engine.containers.list(all=True, ignore_removed=True)]
        names += [str(n.name) for n in engine.networks.list()]
        names += [v.name for v in engine.volumes.list()]
        names += [tag for image in engine.images.list() for tag in image.tags]
        return [name for name in names if name.startswith(prefix)]

    return ask
