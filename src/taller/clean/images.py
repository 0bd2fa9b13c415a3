"""Images of the workshop: those it built, what builds left behind, services and base images.

An image shows the labels of every image that it was built from. A label proves something only on
the first image of a line of descent that has it: what a user builds on top is the user's.
"""

from collections.abc import Iterable, Iterator
from functools import partial

from docker.errors import ImageNotFound

from taller.clean.objects import PREFIX, ROLE
from taller.clean.report import Report
from taller.docker_state import DockerState, Image

_SHARED = {"cache": "taller/cache:", "service": "taller/", "base": "taller/base:"}
"""Role → how its images are called; what is built on the base goes before it."""
_BUILD = "pipeline"
"""The role that the workshop's Dockerfiles write before their first step."""


def remove_built(
    engine: DockerState, names: Iterable[str], prefix: str | None, report: Report
) -> None:
    """Remove the images that a state records by name, and those labelled with the prefix.

    The engine removes their unnamed parents with them.
    """
    for name in dict.fromkeys(names):
        removal = partial(engine.client.api.remove_image, name)
        report.remove("imagen", name, removal)
    family = _Family(engine)
    for image in family.images:
        value = image.labels.get(PREFIX)
        in_scope = value is not None if prefix is None else value == prefix
        if in_scope and not family.inherits(image, PREFIX):
            _remove(engine, image, f"{value}-", report)


def remove_shared(engine: DockerState, report: Report) -> None:
    """Remove what builds left, then the images that every prefix shares."""
    family = _Family(engine)
    parents = {image.parent for image in family.images}
    for image in family.images:
        is_step = image.labels.get(ROLE) == _BUILD and PREFIX not in image.labels
        if is_step and not image.tags and image.id not in parents:
            _remove(engine, image, "", report)
    for role, naming in _SHARED.items():
        family = _Family(engine)
        for image in family.images:
            if image.labels.get(ROLE) == role and not family.inherits(image, ROLE):
                _remove(engine, image, naming, report)


def _remove(engine: DockerState, image: Image, naming: str, report: Report) -> None:
    """Remove an image under the names that the workshop gave it; a user's own tag keeps it."""
    ours = [tag for tag in image.tags if tag.startswith(naming)]
    others = [tag for tag in image.tags if not tag.startswith(naming)]
    for tag in ours or ([] if others else [image.id]):
        report.remove("imagen", tag, partial(engine.client.api.remove_image, tag))
    if others:
        report.keep("imagen", image.id[:19], f"también se llama {', '.join(others)}")


class _Family:
    """Who descends from whom, among the images of an engine; ``images`` are newest first."""

    def __init__(self, engine: DockerState) -> None:
        self._engine = engine
        self.images = engine.images(intermediate=True)
        self._by_id = {image.id: image for image in self.images}

    def inherits(self, image: Image, label: str) -> bool:
        """Whether an ancestor has the same value of the label."""
        value = image.labels[label]
        return any(ancestor.labels.get(label) == value for ancestor in self._ancestors(image))

    def _ancestors(self, image: Image) -> Iterator[Image]:
        """By the classic builder's parent links; by common layers where BuildKit left none."""
        parent = self._by_id.get(image.parent)
        while parent is not None:
            yield parent
            parent = self._by_id.get(parent.parent)
        layers = self._layers(image)
        for other in self.images:
            if other.labels and not other.parent and other.id != image.id:
                below = self._layers(other)
                if len(below) < len(layers) and layers[: len(below)] == below:
                    yield other

    def _layers(self, image: Image) -> list[str]:
        try:
            attributes = self._engine.client.images.get(image.id).attrs
        except ImageNotFound:
            return []
        return list((attributes.get("RootFS") or {}).get("Layers") or ())
