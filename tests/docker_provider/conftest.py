"""The real terraform, driving a real engine through the embedded provider."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import ImageNotFound

from docker_provider.provider import RESOURCES
from taller.terraform import locate

HEADER = """
terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}

variable "prefix" {
  type = string
}

locals {
  base = "taller/base:bookworm"
}
"""


@dataclass
class Server:
    """A kept-running provider."""

    process: subprocess.Popen[str]
    reattach: str
    log: Path

    @classmethod
    def start(cls, folder: Path, *arguments: str) -> "Server":
        log = folder / "provider.log"
        process = subprocess.Popen(
            [sys.executable, "-m", "docker_provider", "serve", "--log", log, *arguments],
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
        )
        assert process.stdout is not None
        return cls(process, process.stdout.readline(), log)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=10)


@dataclass
class Result:
    """How a terraform command ended."""

    code: int
    output: str
    diagnostics: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.code == 0

    @property
    def errors(self) -> str:
        """The errors' summaries and details, on one line each."""
        return self._texts("error")

    @property
    def warnings(self) -> str:
        return self._texts("warning")

    def _texts(self, severity: str) -> str:
        found = [d for d in self.diagnostics if d["severity"] == severity]
        return "\n".join(f"{d['summary']}: {d.get('detail', '')}" for d in found)


@dataclass
class Plan:
    """What Terraform would do: address → actions, and what it knows of the result."""

    changes: dict[str, dict[str, Any]]

    @property
    def actions(self) -> dict[str, str]:
        """Address → create, update, delete, "delete create"; what stays is left out."""
        return {
            address: " ".join(change["actions"])
            for address, change in self.changes.items()
            if change["actions"] not in (["no-op"], ["read"])
        }

    def after(self, address: str) -> dict[str, Any]:
        return dict(self.changes[address]["after"])

    def unknown(self, address: str) -> dict[str, Any]:
        return dict(self.changes[address]["after_unknown"])

    def replaced_by(self, address: str) -> list[list[Any]]:
        """The paths that force the replacement."""
        return list(self.changes[address].get("replace_paths") or [])


class Workspace:
    """A folder with a main.tf, and the terraform that runs in it."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self._initialised = False
        self._modules = False

    def write(self, hcl: str, name: str = "main.tf") -> "Workspace":
        """Replace a file; main.tf gets the required_providers block."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((HEADER if name == "main.tf" else "") + hcl, encoding="utf-8")
        self._initialised = False
        self._modules = self._modules or "module " in hcl
        return self

    def command(self, *arguments: str) -> list[str]:
        return [locate(), f"-chdir={self.folder}", *arguments]

    def terraform(self, *arguments: str) -> Result:
        """Run terraform; the result tells, nothing is raised."""
        # A reattached provider needs no init, which saves half of a short test's time.
        if not self._initialised and (
            self._modules or "TF_REATTACH_PROVIDERS" not in self.environment
        ):
            self._initialised = True
            initialised = self.terraform("init", "-no-color", "-input=false")
            assert initialised.ok, initialised.output
        done = subprocess.run(
            self.command(*arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Result(done.returncode, done.stdout + done.stderr, list(_diagnostics(done.stdout)))

    def apply(self, *arguments: str) -> Result:
        return self.terraform("apply", "-auto-approve", "-json", "-input=false", *arguments)

    def applied(self, *arguments: str) -> "Workspace":
        """Apply, which must succeed."""
        result = self.apply(*arguments)
        assert result.ok, result.errors
        return self

    def destroy(self) -> Result:
        return self.terraform("destroy", "-auto-approve", "-json", "-input=false")

    def plan(self, *arguments: str) -> Plan:
        """Plan, which must succeed."""
        result = self.terraform("plan", "-json", "-input=false", "-out=plan.bin", *arguments)
        assert result.ok, result.errors
        shown = json.loads(self.terraform("show", "-json", "plan.bin").output)
        return Plan({c["address"]: c["change"] for c in shown.get("resource_changes", [])})

    def state(self) -> dict[str, dict[str, Any]]:
        """Address → attributes, of every resource instance in the state."""
        shown = json.loads(self.terraform("show", "-json").output)
        root = shown.get("values", {}).get("root_module", {})
        return {r["address"]: r["values"] for r in _resources(root)}

    def tainted(self) -> set[str]:
        shown = json.loads(self.terraform("show", "-json").output)
        root = shown.get("values", {}).get("root_module", {})
        return {r["address"] for r in _resources(root) if r.get("tainted")}

    def outputs(self) -> dict[str, Any]:
        shown = json.loads(self.terraform("output", "-json").output)
        return {name: output["value"] for name, output in shown.items()}

    def start_apply(self) -> subprocess.Popen[str]:
        """Begin an apply that the test will interrupt."""
        self.terraform("validate")
        return subprocess.Popen(
            self.command("apply", "-auto-approve", "-no-color", "-input=false"),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


def _resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources(child)


def _diagnostics(output: str) -> Iterator[dict[str, Any]]:
    for line in output.splitlines():
        if line.startswith('{"@'):
            entry = json.loads(line)
            if entry.get("type") == "diagnostic":
                yield entry["diagnostic"]


def wait_until(condition: Any, seconds: float = 15) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture(scope="session")
def base_image(engine: docker.DockerClient) -> str:
    """The image with Python that `taller doctor --fix` makes; fails when it is missing."""
    name = "taller/base:bookworm"
    try:
        engine.images.get(name)
    except ImageNotFound:
        pytest.fail(f"These tests need the image {name}: run 'taller doctor --fix' first")
    return name


@pytest.fixture(scope="session")
def until() -> Any:
    return wait_until


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which terraform asks nobody and finds no other configuration."""
    empty = tmp_path_factory.mktemp("cli") / "terraform.rc"
    empty.write_text("")
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("TF_", "DOCKER_"))}
    return {**kept, "TF_CLI_CONFIG_FILE": str(empty), "CHECKPOINT_DISABLE": "1"}


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One provider for all tests, as a lab keeps one for all of a student's commands."""
    server = Server.start(tmp_path_factory.mktemp("provider"))
    yield server
    assert server.stop() == 0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A provider of this test's own."""
    server = Server.start(tmp_path)
    yield server
    if server.process.poll() is None:
        server.stop()


def _workspace(folder: Path, environment: dict[str, str], server: Server) -> Workspace:
    folder.mkdir(exist_ok=True)
    return Workspace(folder, {**environment, "TF_REATTACH_PROVIDERS": server.reattach})


@pytest.fixture
def workspace(
    tmp_path: Path,
    environment: dict[str, str],
    shared_server: Server,
    prefix: str,
    leftovers: None,
) -> Workspace:
    """An empty workspace on the shared provider; its objects' names begin with `prefix`."""
    workspace = _workspace(tmp_path / "workspace", environment, shared_server)
    workspace.environment["TF_VAR_prefix"] = prefix
    return workspace


@pytest.fixture
def own_workspace(
    tmp_path: Path, environment: dict[str, str], server: Server, prefix: str, leftovers: None
) -> Workspace:
    """An empty workspace on a provider of its own."""
    workspace = _workspace(tmp_path / "workspace", environment, server)
    workspace.environment["TF_VAR_prefix"] = prefix
    return workspace


@pytest.fixture
def interrupt() -> Any:
    """Press Ctrl-C in the terminal of a process."""

    def press(process: subprocess.Popen[str]) -> None:
        os.killpg(process.pid, signal.SIGINT)

    return press


def settable(resource: str) -> set[str]:
    """The arguments and blocks that a configuration may set, and this provider carries out."""
    block = RESOURCES[resource].schema.block
    served = {item.name for item in block.attributes if item.required or item.optional}
    return (served | {nested.name for nested in block.blocks if not nested.unserved}) - {"id"}
