"""The base image of the pipeline: python:3.12-slim, or one made of Debian's packages."""

import os
import sys

from docker.errors import APIError, ImageNotFound

from taller import process
from taller.docker_state import DockerState, EngineError
from taller.doctor import debian_image
from taller.doctor.finding import Finding
from taller.errors import TallerError
from taller.process import ProgramMissing
from taller.progress import Progress

NAME = "Imagen base"
OFFICIAL = "python:3.12-slim"
ROLE = {"taller.role": "base"}
_PIP_SECONDS = 60


def check() -> Finding:
    """Which base image there is."""
    try:
        name = _present(DockerState())
    except EngineError as error:
        return Finding(NAME, "missing", detail=error.message, advice=error.suggestion)
    if name is None:
        return Finding(
            NAME, "missing", detail=f"Ni {OFFICIAL} ni {debian_image.name()} están en el engine.",
            advice="Ejecuta «taller doctor --fix».",
        )  # fmt: skip
    if name == OFFICIAL:
        return Finding(NAME, "found", "3.12-slim", OFFICIAL)
    return Finding(NAME, "embedded", name.partition(":")[2], f"{name} (paquetes de Debian)")


def fix(progress: Progress) -> None:
    """Pull the official image, or build one from Debian's packages.

    Raises:
        TallerError: neither is possible here.
    """
    state = DockerState()
    if _pull(state, progress):
        return
    progress.say(f"  {OFFICIAL} no se puede descargar: la construyo con paquetes de Debian.")
    debian_image.build(state, progress)


def base_image() -> str:
    """The image to give the Dockerfile as ``BASE_IMAGE``.

    Raises:
        TallerError: there is none yet.
    """
    name = _present(DockerState())
    if name is None:
        raise TallerError("Falta la imagen base.", "Ejecuta «taller doctor --fix».")
    return name


def pip_build_args() -> dict[str, str]:
    """pip's index settings on this machine, as build arguments; empty where pip has none.

    Local folders are left out: a build does not see them.
    """
    settings = _pip_settings()
    wanted = {"PIP_INDEX_URL": "index-url", "PIP_EXTRA_INDEX_URL": "extra-index-url"}
    found = {}
    for argument, key in wanted.items():
        value = os.environ.get(argument) or settings.get(key, "")
        remote = " ".join(url for url in value.split() if not url.startswith("file:"))
        if remote:
            found[argument] = remote
    return found


def _present(state: DockerState) -> str | None:
    for name in (OFFICIAL, debian_image.name()):
        try:
            state.client.images.get(name)
        except ImageNotFound:
            continue
        return name
    return None


def _pull(state: DockerState, progress: Progress) -> bool:
    """Try the registry; whatever keeps the image from coming, there is another way to it."""
    with progress.step(f"Imagen base: pido {OFFICIAL} al registry") as update:
        try:
            for event in state.client.api.pull(OFFICIAL, stream=True, decode=True):
                update(event.get("status", ""))
        except (APIError, OSError) as error:
            update(str(error))
    return _present(state) == OFFICIAL


def _pip_settings() -> dict[str, str]:
    """What ``pip config list`` says; empty where there is no pip, or where it may read no file.

    ``PIP_CONFIG_FILE=/dev/null`` is pip's own way to say so; asking it takes half a second.
    """
    if os.environ.get("PIP_CONFIG_FILE") == os.devnull:
        return {}
    for pip in ([sys.executable, "-m", "pip"], ["pip"], ["python3", "-m", "pip"]):
        try:
            listed = process.run([*pip, "config", "list"], timeout=_PIP_SECONDS)
        except ProgramMissing:
            continue
        if listed.returncode == 0:
            pairs = (line.partition("=") for line in listed.stdout.splitlines())
            return {key.rpartition(".")[2]: value.strip("'\"") for key, _, value in pairs}
    return {}
