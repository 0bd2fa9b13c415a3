"""A stage of the Titanic pipeline, run from a notebook: here, or in a container."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from docker.errors import APIError, ContainerError, ImageNotFound

from taller import process
from taller.lab.applied_view import readable_seconds
from taller.lab.errors import LabError
from taller.lab.own import OwnObjects
from taller.lab.shown import Shown
from taller.workspace import Workspace

STAGES = ("ingest", "transform", "features", "train", "evaluate")
LAYERS = ("raw", "silver", "gold", "features", "models")
_STAGE_SECONDS = 900
_MEMORY = "512m"


class StageRun(Shown):
    """A stage that ended well: what it printed, and the files that there are now."""

    template = "stage.html"

    def __init__(self, stage: str, place: str, log: str, seconds: float, files: list[str]) -> None:
        self.stage, self.place, self.log = stage, place, log.strip()
        self.duration = readable_seconds(seconds)
        self.files = files

    def text(self) -> str:
        """What it printed."""
        return f"✓ {self.stage} {self.place}, {self.duration}\n{self.log}"


def run_here(stage: str, data: Path, environment: Mapping[str, str]) -> StageRun:
    """Run a stage on this machine, on layers below the folder ``data``.

    Raises:
        LabError: no such stage, or it failed; its own last lines say why.
    """
    _check(stage)
    own = {"TITANIC_DATA_DIR": str(data), "TITANIC_MODELS_DIR": str(data / "models")}
    done = process.run(
        [sys.executable, "-m", "titanic.cli", stage],
        timeout=_STAGE_SECONDS, env=os.environ | own | dict(environment), grace=5,
    )  # fmt: skip
    log = done.stdout + done.stderr
    if done.returncode:
        raise _failed(stage, done.returncode, log)
    files = sorted(
        f"{path.relative_to(data)} ({path.stat().st_size} bytes)"
        for path in data.rglob("*")
        if path.is_file() and not path.name.startswith(".") and "/v-" not in path.as_posix()
    )
    return StageRun(stage, "en este equipo", log, done.seconds, files)


def run_in_container(
    stage: str, own: OwnObjects, workspace: Workspace, image: str | None,
    environment: Mapping[str, str],
) -> StageRun:  # fmt: skip
    """Run a stage in a container of the run's image, on the run's volumes.

    Volumes that do not exist yet are made, labelled so that ``teardown`` removes them.

    Raises:
        LabError: no such stage, no image, or it failed.
    """
    _check(stage)
    client = own.engine.client
    name = image or _pipeline_image(own)
    labels = {"taller.prefix": workspace.prefix, "taller.exercise": workspace.name}
    there = {volume.name for volume in own.engine.volumes()}
    binds = {}
    for layer in LAYERS:
        volume = f"{workspace.prefix}_{layer}"
        if volume not in there:
            client.volumes.create(volume, labels=labels)
        target = "/app/models" if layer == "models" else f"/app/data/{layer}"
        binds[volume] = {"bind": target, "mode": "rw"}
    began = os.times().elapsed
    try:
        log = client.containers.run(
            name, ["python", "-m", "titanic.cli", stage], volumes=binds, labels=labels,
            environment=dict(environment), network_mode="none", mem_limit=_MEMORY,
            remove=True, stdout=True, stderr=True,
        )  # fmt: skip
    except ContainerError as error:
        raise _failed(stage, error.exit_status, _decoded(error.stderr)) from error
    except (ImageNotFound, APIError) as error:
        raise LabError(f"Docker no puede ejecutar «{name}»: {error.explanation}") from error
    seconds = os.times().elapsed - began
    return StageRun(stage, f"en un contenedor de {name}", _decoded(log), seconds, [])


def _decoded(raw: object) -> str:
    """The library types its outputs as text, and gives bytes."""
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw or "")


def _check(stage: str) -> None:
    if stage not in STAGES:
        raise LabError(f"No existe la etapa «{stage}».", f"Elige una de: {', '.join(STAGES)}.")


def _pipeline_image(own: OwnObjects) -> str:
    for image in own.images():
        for tag in image.tags:
            if "pipeline" in tag:
                return tag
    raise LabError(
        "Esta ejecución no tiene todavía una imagen del pipeline.",
        'Constrúyela antes con lab.apply(), o di cuál: image="nombre:etiqueta".',
    )


def _failed(stage: str, code: int, log: str) -> LabError:
    return LabError(
        f"La etapa «{stage}» terminó con el código {code}.",
        "Las últimas líneas dicen por qué; si falta una capa, ejecuta antes la etapa que la hace.",
        details="\n".join(log.strip().splitlines()[-15:]),
    )
