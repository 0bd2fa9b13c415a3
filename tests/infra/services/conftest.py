"""The workshop's services, each brought up once from its own module, and folders that use them."""

import contextlib
import json
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from taller import provider
from taller.doctor import image
from taller.terraform import Terraform
from taller.workspace import Workspace, repository

REQUIREMENTS = {"terraform": {"required_providers": {"docker": {"source": "kreuzwerker/docker"}}}}


@dataclass(frozen=True)
class Service:
    """A service that runs; ``terraform`` is that of the folder that made it."""

    terraform: Terraform

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """The module's outputs."""
        return dict(self.terraform.output()["service"].value)

    @property
    def name(self) -> str:
        """The service's container."""
        return str(self.outputs["name"])

    @property
    def backend_config(self) -> str:
        """What the module gives for ``terraform init -backend-config``."""
        return str(self.outputs["backend_config"])

    def change(self, **arguments: Any) -> "Service":
        """Apply the module again with other arguments; the service under its new outputs."""
        file = self.terraform.folder / "main.tf.json"
        content = json.loads(file.read_text())
        content["module"]["service"].update(arguments)
        file.write_text(json.dumps(content))
        self.terraform.apply()
        return Service(self.terraform)


def free_port() -> int:
    """A port on 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def configuration(module: str, prefix: str, **arguments: Any) -> dict[str, Any]:
    """A configuration, as Terraform's JSON, that uses one of our modules and shows its outputs."""
    call = {
        "source": str(repository() / "infra" / "modules" / module),
        "prefix": prefix,
        "base_image": image.base_image(),
        "shared": {
            "labels": {"taller.prefix": prefix},
            "log_driver": "json-file",
            "log_opts": {},
        },
        **arguments,
    }
    output = {"value": "${module.service}", "sensitive": True}
    return {**REQUIREMENTS, "module": {"service": call}, "output": {"service": output}}


@contextlib.contextmanager
def prepared(folder: Path, content: dict[str, Any]) -> Iterator[Terraform]:
    """A folder with a configuration and a provider of its own; destroyed at the end."""
    space = Workspace("services", folder.name, folder)
    space.private.mkdir(parents=True)
    (folder / "main.tf.json").write_text(json.dumps(content))
    terraform = provider.terraform(space)
    try:
        terraform.init()
        yield terraform
    finally:
        terraform.destroy()
        provider.stop_server(space)


@pytest.fixture(scope="session")
def start_service(
    engine: object, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., AbstractContextManager[Service]]:
    """Start a service from its module: ``start_service("registry", password="…")``."""

    @contextlib.contextmanager
    def start(module: str, **arguments: Any) -> Iterator[Service]:
        prefix = f"t{secrets.token_hex(4)}"
        content = configuration(module, prefix, port=free_port(), **arguments)
        with prepared(tmp_path_factory.mktemp(module), content) as terraform:
            terraform.apply()
            yield Service(terraform)

    return start


@pytest.fixture
def docker_workspace(
    tmp_path: Path,
) -> Callable[[dict[str, Any]], AbstractContextManager[Terraform]]:
    """A student's folder with the Docker provider and the given configuration."""
    return lambda content: prepared(tmp_path / "workspace", {**REQUIREMENTS, **content})


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Terraform]:
    """Make a folder with three resources that need no provider: ``folder("one", backend)``."""

    def make(name: str, backend: str = "", command: str = "true") -> Terraform:
        path = tmp_path / name
        path.mkdir(exist_ok=True)
        provisioner = {"local-exec": {"command": command}}
        resources = {
            "capa": {"for_each": '${toset(["raw", "gold"])}', "input": "${each.key}"},
            "modelo": {"input": 1, "provisioner": [provisioner]},
        }
        (path / "main.tf.json").write_text(json.dumps({"resource": {"terraform_data": resources}}))
        if backend:
            (path / "backend.tf").write_text(f"terraform {{\n{backend}\n}}\n")
        return Terraform(path, lock_timeout=0)

    return make
