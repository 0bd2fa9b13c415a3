"""The reference infrastructure, applied once on the real engine for the tests that look at it."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from taller.provider import stop_server, terraform
from taller.terraform import Terraform
from taller.workspace import Workspace, repository, workspace

BASE_IMAGE = "taller/base:bookworm"

NewWorkspace = Callable[[str], Workspace]


@pytest.fixture(scope="module")
def new_workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewWorkspace]:
    """Make workspaces, each with a copy of ``infra/``; their providers end with the test."""
    made: list[Workspace] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TALLER_HOME", str(tmp_path_factory.mktemp("home")))

        def make(prefix: str) -> Workspace:
            place = workspace(prefix, "infra")
            shutil.copytree(repository() / "infra", place.folder, dirs_exist_ok=True)
            made.append(place)
            return place

        yield make
        for place in made:
            stop_server(place)


class Platform:
    """``infra/`` under one prefix."""

    def __init__(self, place: Workspace, engine: docker.DockerClient) -> None:
        self.prefix = place.prefix
        self.engine = engine
        self.terraform: Terraform = terraform(place)

    def variables(self, **changed: Any) -> dict[str, Any]:
        """The variables of every test, with some changed."""
        return {
            "prefix": self.prefix,
            "run_id": "r1",
            "image_tag": "v1",
            "root_path": str(repository()),
            "base_image": BASE_IMAGE,
            "cv_repeats": 1,
        } | changed

    def containers(self) -> dict[str, dict[str, Any]]:
        """Stage → the container as ``docker inspect`` shows it."""
        names = self.terraform.output()["containers"].value
        return {stage: self.engine.api.inspect_container(name) for stage, name in names.items()}


@pytest.fixture(scope="module")
def platform(new_workspace: NewWorkspace, engine: docker.DockerClient) -> Iterator[Platform]:
    """The whole platform, applied; destroyed at the end."""
    made = Platform(new_workspace(f"t{secrets.token_hex(4)}"), engine)
    made.terraform.init()
    try:
        made.terraform.apply(made.variables())
        yield made
    finally:
        made.terraform.destroy(made.variables())


@pytest.fixture(scope="session")
def terraform_test_files() -> list[Path]:
    """Every plan test of ``infra/``."""
    return sorted((repository() / "infra/tests").glob("*.tftest.hcl"))
