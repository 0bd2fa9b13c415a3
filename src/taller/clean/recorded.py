"""What the workspaces' Terraform states record."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from taller import provider
from taller.clean.report import Report
from taller.errors import TallerError
from taller.workspace import Workspace


@dataclass
class Recorded:
    """Ids of containers and networks, names of volumes and images."""

    containers: list[str] = field(default_factory=list)
    networks: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)

    def add(self, type: str, values: Mapping[str, Any]) -> None:
        """Note one resource; an image with ``keep_locally`` is to stay, so it is not noted."""
        if type == "docker_container":
            self.containers.append(values["id"])
        elif type == "docker_network":
            self.networks.append(values["id"])
        elif type == "docker_volume":
            self.volumes.append(values["name"])
        elif type == "docker_image" and not values.get("keep_locally"):
            self.images.append(values["name"])
        elif type == "docker_tag":
            self.images.append(values["target_image"])


def read_recorded(found: Workspace, recorded: Recorded, report: Report) -> bool:
    """Add what a workspace's states record; false, and a line in the report, if unreadable."""
    try:
        for type, values in _resources(found):
            recorded.add(type, values)
    except (TallerError, OSError, ValueError, KeyError, TypeError) as error:
        report.keep("workspace", str(found.folder), f"su state no se puede leer: {error}")
        return False
    return True


def _resources(found: Workspace) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every managed resource of the state, wherever that is kept.

    A local state is read from its file (format 4): that works without Terraform and without a
    provider. One in a remote backend is asked of Terraform.
    """
    if _is_remote(found.folder / ".terraform" / "terraform.tfstate"):
        for resource in provider.terraform(found).show_state().resources:
            if resource.mode == "managed":
                yield resource.type, resource.values
    local = found.folder / "terraform.tfstate"
    text = local.read_text("utf-8") if local.is_file() else ""
    for resource in json.loads(text)["resources"] if text.strip() else ():
        if resource["mode"] == "managed":
            for instance in resource["instances"]:
                yield resource["type"], instance["attributes"]


def _is_remote(backend: Path) -> bool:
    """Whether this record of the backend says anything but a local one."""
    if not backend.is_file():
        return False
    kind = (json.loads(backend.read_text("utf-8")).get("backend") or {}).get("type", "local")
    return bool(kind != "local")
