"""The last cell: nothing of the workspace stays in Docker, and the provider ends."""

import shutil
from collections.abc import Callable
from functools import partial

from taller import provider
from taller.clean.recorded import Recorded, read_recorded
from taller.clean.report import Report
from taller.docker_state import DockerState
from taller.lab import files
from taller.lab.errors import LabError
from taller.lab.shown import Shown
from taller.workspace import Workspace

_NAMED = 5
"""How many objects are named before they are only counted."""

_KEPT = ("progress.json", "previous", "busy")
"""Not the values handed over, nor what happened: they belong to the run that ends here."""


class Ended(Shown):
    """What was removed at the end."""

    template = "ended.html"

    def __init__(self, removed: list[str]) -> None:
        self.removed = removed

    def text(self) -> str:
        """One line."""
        what = f" ({self.summary})" if self.removed else ""
        return f"✓ Recogido: no queda nada de este cuaderno en Docker{what}."

    @property
    def summary(self) -> str:
        """The names of what was removed, or how many there were."""
        many = len(self.removed) > _NAMED
        return f"{len(self.removed)} objetos" if many else ", ".join(self.removed)


def remove_objects(workspace: Workspace, destroy: Callable[[], list[str]]) -> list[str]:
    """Remove what the workspace has in Docker; return the names.

    Args:
        workspace: whose objects go; others of the same prefix stay.
        destroy: Terraform's way, tried first.

    Raises:
        LabError: something could not be removed.
        EngineError: the engine does not answer.
    """
    engine, report, recorded = DockerState(), Report(), Recorded()
    removed = []
    if read_recorded(workspace, recorded, report):
        removed = _by_terraform(recorded, destroy)
    recorded = Recorded()
    read_recorded(workspace, recorded, report)
    _by_hand(engine, workspace, recorded, report)
    if report.kept:
        reasons = "\n".join(f"{kind} {name}: {reason}" for kind, name, reason in report.kept)
        raise LabError(
            "No se ha podido recoger todo.",
            f"Prueba con «taller clean --prefix {workspace.prefix}» en una terminal.",
            details=reasons,
        )
    return [*removed, *(name for _, name in report.removed)]


def _by_terraform(recorded: Recorded, destroy: Callable[[], list[str]]) -> list[str]:
    if not any(vars(recorded).values()):
        return []
    try:
        return destroy()
    except LabError:  # a configuration that Terraform refuses: its objects are removed by hand
        return []


def _by_hand(engine: DockerState, workspace: Workspace, recorded: Recorded, report: Report) -> None:
    """Remove what a state still records, and what carries the labels of this workspace."""
    api = engine.client.api
    labels = {"prefix": workspace.prefix, "exercise": workspace.name}
    containers = [*recorded.containers, *(c.id for c in engine.containers(**labels))]
    networks = [*recorded.networks, *(n.id for n in engine.networks(**labels))]
    volumes = [*recorded.volumes, *(v.name for v in engine.volumes(**labels))]
    for id in dict.fromkeys(containers):
        report.remove("contenedor", id, partial(api.remove_container, id, force=True, v=True))
    for id in dict.fromkeys(networks):
        report.remove("red", id, partial(api.remove_network, id))
    for name in dict.fromkeys(volumes):
        report.remove("volumen", name, partial(api.remove_volume, name))
    images = engine.images(prefix=workspace.prefix, exercise=workspace.name)  # ``keep_locally``
    tags = [tag for i in images for tag in i.tags if tag.startswith(workspace.prefix)]
    for name in dict.fromkeys([*recorded.images, *tags]):
        report.remove("imagen", name, partial(api.remove_image, name))


def clear_folder(workspace: Workspace, *, keep_work: bool) -> None:
    """Stop the provider and empty the folder; an exercise's points and former files stay."""
    provider.stop_server(workspace)
    if not keep_work:
        shutil.rmtree(workspace.folder, ignore_errors=True)
        return
    for name in files.configuration(workspace.folder):
        files.remove(workspace.folder, name)
    for path in [*workspace.folder.iterdir(), *workspace.private.iterdir()]:
        if path != workspace.private and path.name not in _KEPT:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
