"""What one grader left is removed to the last step of its builds."""

from types import SimpleNamespace
from typing import Any, cast

import docker

from taller.clean.report import Report
from taller.grading.leftovers import remove_labelled


class ContainerdStore:
    """How the containerd store lists and removes: a step shows when nothing stands on it.

    Not the real one: the engine of this machine keeps its images in overlay2, whose steps go with
    the image that they made.
    """

    def __init__(self, *chain: str) -> None:
        self.chain = list(chain)

    def images(self, filters: object) -> list[dict[str, str]]:
        return [{"Id": id_} for id_ in self.chain[:1] if filters]

    def remove_image(self, id_: str, *, force: bool) -> None:
        assert force
        self.chain.remove(id_)

    def nothing(self, **_: object) -> list[Any]:
        return []

    containers = networks = nothing

    def volumes(self, **_: object) -> dict[str, None]:
        return {"Volumes": None}


def test_the_steps_under_an_image_go_too() -> None:
    store = ContainerdStore("image", "step 2", "step 1")
    report = Report()
    client = cast("docker.DockerClient", SimpleNamespace(api=store))
    remove_labelled(client, "taller.run=r1", report)
    assert store.chain == []
    assert report.removed == [("imagen", name) for name in ("image", "step 2", "step 1")]


def test_what_cannot_be_removed_is_tried_once() -> None:
    store = ContainerdStore("image")
    store.remove_image = lambda *_, **__: None  # type: ignore[method-assign]
    remove_labelled(
        cast("docker.DockerClient", SimpleNamespace(api=store)), "taller.run=r1", Report()
    )
    assert store.chain == ["image"]
