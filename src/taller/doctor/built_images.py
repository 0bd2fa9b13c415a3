"""The workshop's own images, built once so that later builds, from cache, need no network."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from docker.errors import APIError, BuildError

from taller.docker_state import DockerState, EngineError, Image
from taller.doctor.finding import Finding
from taller.doctor.image import base_image, pip_build_args
from taller.errors import TallerError
from taller.progress import Progress
from taller.workspace import repository

NAME = "Imágenes del taller"
REPOSITORY = "taller/cache"
ROLE = {"taller.role": "cache"}
_LAST_LINES = 15
_STAGE = re.compile(r"^FROM\s+\S+\s+AS\s+(\S+)", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Recipe:
    """One image: what it is for, its build context, and the files that its slow layers rest on."""

    name: str
    context: Path
    slow_files: tuple[Path, ...]

    def tag(self, base_id: str) -> str:
        """The name under which the built image is kept; another for another recipe or base."""
        digest = hashlib.sha256(base_id.encode())
        for file in self.slow_files:
            digest.update(file.read_bytes())
        return f"{REPOSITORY}:{self.name}-{digest.hexdigest()[:12]}"

    def targets(self, base_id: str) -> dict[str, str | None]:
        """Tag to what is built under it: the image (None), and each named stage.

        A stage without a tag would go, and its slow layers with it, when an image that was built
        on top of it is removed.
        """
        tag = self.tag(base_id)
        stages = _STAGE.findall((self.context / "Dockerfile").read_text("utf-8"))
        return {f"{tag}-{stage.lower()}": stage.lower() for stage in stages} | {tag: None}


def check() -> Finding:
    """Whether every image is there, with the steps that later builds rest on."""
    try:
        state = DockerState()
        absent = list(dict.fromkeys(recipe.name for recipe, _, _ in _absent(state)))
    except EngineError as error:
        return Finding(NAME, "missing", detail=error.message, advice=error.suggestion)
    except TallerError as error:  # no base image, so nothing can be built yet
        return Finding(NAME, "missing", detail=error.message, advice=error.suggestion)
    if absent:
        return Finding(
            NAME, "missing", detail=f"Sin construir, o sin sus capas: {', '.join(absent)}.",
            advice="Ejecuta «taller doctor --fix».",
        )  # fmt: skip
    names = ", ".join(recipe.name for recipe in recipes())
    return Finding(NAME, "found", detail=f"{names}: sus capas lentas ya están construidas")


def fix(progress: Progress) -> None:
    """Build what is not there, and forget what older recipes built.

    Raises:
        TallerError: a build failed; its last lines are in the message.
    """
    state = DockerState()
    for recipe, tag, target in _absent(state):
        what = f"{recipe.name} ({target})" if target else recipe.name
        with progress.step(f"Imagen {what}: la construyo (de 10 s a 1 minuto)"):
            _build(state, recipe, tag, target)
    current = {tag for recipe in recipes() for tag in recipe.targets(_base_id(state))}
    for image in state.client.images.list(name=REPOSITORY):
        for tag in set(image.tags) - current:
            if tag.startswith(f"{REPOSITORY}:"):
                state.client.images.remove(tag)


def recipes() -> Iterator[Recipe]:
    """The pipeline's image and those of the services, quick ones first."""
    root = repository()
    for folder in sorted(root.glob("infra/modules/*/image")):
        files = tuple(sorted(file for file in folder.iterdir() if file.is_file()))
        yield Recipe(folder.parent.name, folder, files)
    yield Recipe("pipeline", root, (root / "Dockerfile", root / "requirements-image.lock"))


def dockerfiles() -> tuple[bytes, ...]:
    """How each of the images is built."""
    return tuple((recipe.context / "Dockerfile").read_bytes() for recipe in recipes())


def _absent(state: DockerState) -> Iterator[tuple[Recipe, str, str | None]]:
    base = _base_id(state)
    images = state.images(intermediate=True)
    for recipe in recipes():
        for tag, target in recipe.targets(base).items():
            if not has_its_steps(tag, base, images):
                yield recipe, tag, target


def has_its_steps(tag: str, base_id: str, images: Sequence[Image]) -> bool:
    """Whether an image is there with every step down to its base.

    The builder's cache is the chain of parents. The containerd store keeps each step as an image
    without a name, so that ``docker image prune`` takes it; what was loaded or came from BuildKit
    has no parents at all. Then the image is there, and a build from cache is not possible.
    """
    known = {image.id: image for image in images}
    found = next((image for image in images if tag in image.tags), None)
    while found is not None and found.id != base_id:
        found = known.get(found.parent)
    return found is not None


def fault() -> str:
    """Which of the images a build cannot rest on, for the instructor; empty when all is well.

    Raises:
        EngineError: the engine does not answer.
        TallerError: there is no base image.
    """
    broken = list(dict.fromkeys(recipe.name for recipe, _, _ in _absent(DockerState())))
    if not broken:
        return ""
    return (
        f"Faltan capas de las imágenes del taller ({', '.join(broken)}), y las respuestas se "
        "construyen sin red sobre ellas. Ejecuta «taller doctor --fix» y califica otra vez."
    )


def _base_id(state: DockerState) -> str:
    return str(state.client.images.get(base_image()).id)


def _build(state: DockerState, recipe: Recipe, tag: str, target: str | None) -> None:
    arguments = {"BASE_IMAGE": base_image(), **pip_build_args()}
    try:
        state.client.images.build(
            path=str(recipe.context), tag=tag, buildargs=arguments, labels=ROLE, forcerm=True,
            target=target,
        )  # fmt: skip
    except BuildError as error:
        lines = "".join(event.get("stream", "") for event in error.build_log).splitlines()
        raise TallerError(
            f"La imagen {recipe.name} no se pudo construir: {error.msg}\n"
            + "\n".join(lines[-_LAST_LINES:]),
            "Su primera construcción necesita la red (pip o apt): compruébala y repite la orden.",
        ) from error
    except APIError as error:
        raise TallerError(
            f"El Docker Engine no construyó la imagen {recipe.name}: {error.explanation}",
            "Mira si queda sitio en el disco: docker system df",
        ) from error
