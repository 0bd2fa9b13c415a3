"""Whether the workshop's images are there with all that a build from cache rests on."""

import io
from dataclasses import replace
from pathlib import Path

import docker
import pytest
from tests.recorded_engine import SHAPES, recorded

from taller.docker_state import DockerState, Image
from taller.doctor import built_images
from taller.doctor.built_images import Recipe, has_its_steps
from taller.progress import Progress

BASE = "taller/base:bookworm"


def images_of(shape: str) -> list[Image]:
    """The recorded images, and the base that they were built upon."""
    listed = [Image.from_json(each) for each in recorded(shape)["images_list"]]
    if not any(BASE in image.tags for image in listed):
        base = Image("sha256:base", (BASE,), {}, 0, 0, "")
        known = {"", *(image.id for image in listed)}
        onto = [i if i.parent in known else replace(i, parent=base.id) for i in listed]
        listed = [*onto, base]
    return listed


@pytest.mark.parametrize("shape", SHAPES)
def test_every_step_is_needed_and_nothing_else(shape: str) -> None:
    images = images_of(shape)
    base = next(image.id for image in images if BASE in image.tags)
    assert has_its_steps("rec:classic", base, images)
    steps = [image for image in images if not image.tags]
    assert steps
    for step in steps:
        without = [image for image in images if image is not step]
        assert not has_its_steps("rec:classic", base, without), "a prune took a step"
    assert not has_its_steps("rec:kit", base, images), "BuildKit leaves no steps"
    assert not has_its_steps("rec:none", base, images)


@pytest.fixture
def recipe(prefix: str, leftovers: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """One image of two steps, in the place of the workshop's own."""
    (tmp_path / "Dockerfile").write_text(f"FROM {BASE}\nRUN echo {prefix} > /a\nRUN echo b > /b\n")
    made = Recipe("prueba", tmp_path, (tmp_path / "Dockerfile",))
    monkeypatch.setattr(built_images, "REPOSITORY", f"{prefix}-cache")
    monkeypatch.setattr(built_images, "recipes", lambda: iter([made]))
    return made


@pytest.mark.engine
def test_an_image_that_was_loaded_is_not_taken_for_a_built_one(
    engine: docker.DockerClient, recipe: Recipe
) -> None:
    assert "prueba" in built_images.fault()
    assert built_images.check().status == "missing"
    built_images.fix(Progress())
    assert built_images.fault() == ""
    assert built_images.check().status == "found"
    tag = recipe.tag(str(engine.images.get(BASE).id))
    saved = io.BytesIO(b"".join(engine.images.get(tag).save(named=True)))
    engine.images.remove(tag)
    engine.images.load(saved.getvalue())
    assert "prueba" in built_images.fault(), "it has no steps to build upon"
    built_images.fix(Progress())
    assert built_images.fault() == ""
    assert DockerState(engine).client.images.get(tag)
