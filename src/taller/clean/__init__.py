"""Removes what is provably the workshop's, and nothing else.

Proof is one of two: a workspace's Terraform state records the object, or the object carries the
workshop's labels itself.
"""

import contextlib
import shutil

from taller import provider, workspace
from taller.clean import images, objects
from taller.clean.recorded import Recorded, read_recorded
from taller.clean.report import Report
from taller.docker_state import DockerState
from taller.workspace import Workspace, check_prefix, existing_workspaces

__all__ = ["Report", "clean", "clean_all"]


def clean(prefix: str) -> Report:
    """Remove everything of one prefix: Docker objects, provider processes, workspaces.

    Raises:
        TallerError: the prefix is not one.
        EngineError: the engine does not answer; nothing was removed.
    """
    check_prefix(prefix)
    return _clean(existing_workspaces(prefix), prefix)


def clean_all() -> Report:
    """Remove everything of the workshop, with its base images and its folder.

    Raises:
        EngineError: the engine does not answer; nothing was removed.
    """
    report = _clean(existing_workspaces(), None)
    images.remove_shared(DockerState(), report)
    shutil.rmtree(workspace.home(), ignore_errors=True)
    if workspace.home().exists():
        report.keep("carpeta", str(workspace.home()), "no se pudo borrar del todo")
    return report


def _clean(workspaces: list[Workspace], prefix: str | None) -> Report:
    engine, report, recorded = DockerState(), Report(), Recorded()
    readable = [found for found in workspaces if read_recorded(found, recorded, report)]
    objects.remove_containers(engine, recorded.containers, prefix, report)
    objects.remove_networks(engine, recorded.networks, prefix, report)
    objects.remove_volumes(engine, recorded.volumes, prefix, report)
    images.remove_built(engine, recorded.images, prefix, report)
    for found in workspaces:
        provider.stop_server(found)
    for found in readable:  # an unreadable state is all that tells what else there is: it stays
        shutil.rmtree(found.folder)
        with contextlib.suppress(OSError):  # other workspaces of the prefix are still there
            found.folder.parent.rmdir()
    return report
