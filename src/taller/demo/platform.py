"""The reference infrastructure, applied in a workspace of its own for each prefix."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from taller import process, provider
from taller.docker_state import Container, DockerState
from taller.doctor import base_image, pip_build_args
from taller.process import ProgramMissing
from taller.progress import Progress, Update
from taller.terraform import Event, Terraform
from taller.workspace import Workspace, repository, workspace

_NOT_SOURCE = shutil.ignore_patterns(".terraform", "*.tfstate*", "*.tfvars", ".terraform.lock.hcl")
_GIT_SECONDS = 10
_DONE = {"create": "+", "update": "~", "replace": "±", "delete": "-"}


@dataclass(frozen=True)
class Platform:
    """The platform as it was applied.

    Attributes:
        workspace: where its configuration and state are.
        terraform: the gateway, bound to that folder.
        run_id: of the pipeline's run that the containers are.
        outputs: Terraform's outputs by name.
        changed: how many resources this apply added, changed or destroyed.
    """

    workspace: Workspace
    terraform: Terraform
    run_id: str
    outputs: Mapping[str, Any]
    changed: int


def bring_up(prefix: str, run_id: str | None, progress: Progress) -> Platform:
    """Copy ``infra/`` into the workspace and apply it.

    Without a ``run_id`` the last one that ended well is used again, so that nothing is run twice.

    Raises:
        TerraformError: the apply failed; the message has the failing stage's last log lines.
    """
    place = workspace(prefix, "demo")
    chosen = run_id or _remembered(place) or f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    shutil.copytree(repository() / "infra", place.folder, ignore=_NOT_SOURCE, dirs_exist_ok=True)
    terraform = provider.terraform(place, on_notice=progress.say)
    with progress.step("terraform init"):
        terraform.init()
    changed = _apply(place, _variables(prefix, chosen), progress)
    _run_file(place).write_text(chosen, "utf-8")
    outputs = {name: output.value for name, output in terraform.output().items()}
    return Platform(place, terraform, chosen, outputs, changed)


def stages(prefix: str) -> list[Container]:
    """The containers of the platform, in the order in which they were made."""
    place = workspace(prefix, "demo")
    recorded = provider.terraform(place).show_state().of_type("docker_container")
    engine = DockerState()
    found = (engine.container(resource.values["id"]) for resource in recorded)
    return sorted((c for c in found if c is not None), key=lambda c: c.created)


def _apply(place: Workspace, variables: Mapping[str, Any], progress: Progress) -> int:
    with progress.step("terraform apply") as update:
        watch = _Watch(progress, update)
        terraform = provider.terraform(place, on_event=watch.see, on_notice=progress.say)
        applied = terraform.apply(variables)
    return applied.added + applied.changed + applied.destroyed


class _Watch:
    """Shows each resource while Terraform works on it, and a line when it is done."""

    def __init__(self, progress: Progress, update: Update) -> None:
        self._progress = progress
        self._update = update

    def see(self, event: Event) -> None:
        if event.kind == "apply_complete":
            sign = _DONE.get(event.action, " ")
            self._progress.say(f"  {sign} {event.address} ({event.seconds:.0f} s)")
        elif event.kind in ("apply_start", "apply_progress"):
            self._update(event.message)


def _variables(prefix: str, run_id: str) -> dict[str, Any]:
    return {
        "prefix": prefix,
        "run_id": run_id,
        "image_tag": _image_tag(),
        "root_path": str(repository()),
        "base_image": base_image(),
        "build_args": pip_build_args(),
    }


def _image_tag() -> str:
    """The commit, as the course has it; ``dev`` outside a git checkout."""
    try:
        asked = process.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=repository(), timeout=_GIT_SECONDS
        )
    except ProgramMissing:
        return "dev"
    return asked.stdout.strip() if asked.returncode == 0 else "dev"


def _run_file(place: Workspace) -> Path:
    return place.private / "run_id"


def _remembered(place: Workspace) -> str | None:
    file = _run_file(place)
    return file.read_text("utf-8").strip() if file.is_file() else None
