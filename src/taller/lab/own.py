"""Which Docker objects belong to a run: nothing else is listed, and nothing else is removed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from taller.docker_state import Container, DockerState, Image, Network, Volume
from taller.docker_state.objects import Labels
from taller.lab.errors import LabError

T = TypeVar("T")


class _Named(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def labels(self) -> Labels: ...


class OwnObjects:
    """The objects with the run's label, prefix, or that the workspace's state records."""

    def __init__(self, prefix: str, recorded: Callable[[], set[str]]) -> None:
        """Narrow the engine to a run.

        Args:
            prefix: of the run; a name of the run begins with it and an underscore.
            recorded: the names and ids that the workspace's state holds, asked each time.
        """
        self._prefix = prefix
        self._recorded = recorded
        self.engine = DockerState()

    def volumes(self) -> list[Volume]:
        """The run's volumes."""
        known = self._recorded()
        return [v for v in self.engine.volumes() if self._owns(v, known)]

    def networks(self) -> list[Network]:
        """The run's networks."""
        known = self._recorded()
        return [n for n in self.engine.networks() if self._owns(n, known)]

    def containers(self) -> list[Container]:
        """The run's containers, ended ones too."""
        known = self._recorded()
        return [c for c in self.engine.containers() if self._owns(c, known)]

    def images(self) -> list[Image]:
        """The run's images: labelled, recorded, or tagged with the prefix."""
        known = self._recorded()
        return [i for i in self.engine.images() if self._owns_image(i, known)]

    def _owns(self, found: _Named, known: set[str]) -> bool:
        return (
            found.labels.get("taller.prefix") == self._prefix
            or found.name.startswith(f"{self._prefix}_")
            or found.name in known
        )

    def _owns_image(self, image: Image, known: set[str]) -> bool:
        return (
            image.labels.get("taller.prefix") == self._prefix
            or image.id in known
            or any(tag in known or tag.startswith(f"{self._prefix}_") for tag in image.tags)
        )

    def container(self, name: str) -> Container:
        """One of the run's containers. Raises LabError when it is not."""
        return self._one("contenedor", name, {c.name: c for c in self.containers()})

    def volume(self, name: str) -> Volume:
        """One of the run's volumes. Raises LabError when it is not."""
        return self._one("volumen", name, {v.name: v for v in self.volumes()})

    def _one(self, kind: str, name: str, own: dict[str, T]) -> T:
        if name not in own:
            raise LabError(
                f"«{name}» no es un {kind} de esta ejecución (prefijo «{self._prefix}»).",
                f"Los tuyos son: {', '.join(own) or 'ninguno todavía'}.",
            )
        return own[name]


def recorded_names(folder: Path) -> set[str]:
    """Names and ids of what a workspace's local state manages; empty while there is none.

    The state file is read as it is: asking Terraform takes a tenth of a second for each table. A
    remote state is not read; its objects are known by their prefix and label.
    """
    path = folder / "terraform.tfstate"
    try:
        state = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    except (FileNotFoundError, ValueError):  # just moved, or Terraform is writing it
        return set()
    managed = (r for r in state.get("resources", ()) if r.get("mode") == "managed")
    instances = (i for r in managed for i in r.get("instances", ()))
    values = [instance.get("attributes") or {} for instance in instances]
    return {str(v[key]) for v in values for key in ("name", "id", "image_id") if v.get(key)}
