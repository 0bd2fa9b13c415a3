"""A student's desk: notebooks run cell by cell in this process, with the real Lab behind them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from taller.catalog import Exercise
from taller.checks import load_checks, needs, run_checks
from taller.checks.gather import gather, live
from taller.lab import magic, records
from taller.lab.given import given_variables
from taller.provider import stop_server
from taller.result import Result
from taller.workspace import workspace

Json = dict[str, Any]


@dataclass
class Desk:
    """Where one student works on exercises, one after another, under one prefix."""

    prefix: str

    def hand_in(self, notebook: Json) -> None:
        """Run the notebook as a grader does: all cells but checks and teardown, errors or not."""
        shell = _shell()
        for cell in notebook["cells"]:
            tags = cell["metadata"].get("tags", [])
            if cell["cell_type"] != "code" or {"check", "teardown"} & set(tags):
                continue
            source = "".join(cell["source"])
            if "parameters" in tags:
                source = f"prefix = {self.prefix!r}"
            shell.run_cell(source, store_history=True)  # the magic asks the history for its cell

    def verdict(self, exercise: Exercise) -> Result:
        """What the grader says: every check, hidden ones included."""
        place = workspace(self.prefix, exercise.id)
        facts = gather(
            exercise, live(place), place.folder, self.prefix,
            needs(load_checks(exercise.checks_file)),
            variables=given_variables(place.folder, self.prefix),
            values=records.read_values(place.private),
        )  # fmt: skip
        return run_checks(exercise, facts, include_hidden=True)

    def tidy_up(self) -> None:
        """Run the teardown cell, and forget every name that the notebook made."""
        result = _shell().run_cell("lab.teardown(keep=False)", store_history=True)
        InteractiveShell.clear_instance()
        result.raise_error()


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


@pytest.fixture
def desk(home: Path, prefix: str, leftovers: None) -> Iterator[Desk]:
    """A student's desk, tidied up at the end."""
    yield Desk(prefix)
    InteractiveShell.clear_instance()
    for place in home.glob("workspaces/*/*/"):
        stop_server(workspace(place.parent.name, place.name))


@pytest.fixture
def found(engine: docker.DockerClient, prefix: str) -> Any:
    """Asks the engine for the names of everything that begins with the prefix."""

    def ask(prefix: str = prefix) -> list[str]:
        names = [c.name for c in engine.containers.list(all=True)]
        names += [n.name for n in engine.networks.list()]
        names += [v.name for v in engine.volumes.list()]
        names += [tag for image in engine.images.list() for tag in image.tags]
        return [name for name in names if name.startswith(prefix)]

    return ask
