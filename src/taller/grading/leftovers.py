"""Removes what one grader left in Docker and on the disk, and nothing else."""

import hashlib
import tempfile
from collections.abc import Collection
from functools import partial
from pathlib import Path

import docker

from taller.clean.report import Report
from taller.docker_state import connect
from taller.grading.sandbox.meter import sweep
from taller.removal import remove_tree

_DIGITS = 12


def run_name(output: Path) -> str:
    """What marks everything of the graders of one OUT: a digest of its path."""
    return "g" + hashlib.sha256(str(output.resolve()).encode()).hexdigest()[:_DIGITS]


def prefix_of(run: str, student: str, exercise: str) -> str:
    """The prefix of a submission's names in Docker: of one length, so none begins another."""
    own = hashlib.sha256(f"{run}/{student}/{exercise}".encode()).hexdigest()[:_DIGITS]
    return f"g{own}"


def scratch_folder(run: str) -> Path:
    """Where the graders of one OUT keep the workspaces; its path is short, as sockets need."""
    return Path(tempfile.gettempdir()).resolve() / f"taller-{run}"


def clear(run: str, prefixes: Collection[str] = ()) -> Report:
    """Remove all that graders of one OUT have left: objects with their label, and workspaces.

    With them go the control groups of whatever grader was killed.

    Args:
        run: what marks everything of theirs.
        prefixes: of their submissions, of which volumes go by name, too. The engine writes a
            volume's labels after its folder: one that it was creating when it ended lacks them.

    Raises:
        EngineError: the engine does not answer.
    """
    report = Report()
    client = connect()
    try:
        remove_labelled(client, f"taller.run={run}", report)
        _remove_named_volumes(client, prefixes, report)
    finally:
        client.close()
    remove_tree(scratch_folder(run))
    sweep()
    return report


def remove_labelled(client: docker.DockerClient, label: str, report: Report) -> None:
    """Remove every object with a label, containers first: they hold the others."""
    api, wanted = client.api, {"label": label}
    for container in api.containers(all=True, filters=wanted):
        id_ = container["Id"]
        report.remove("contenedor", id_, partial(api.remove_container, id_, v=True, force=True))
    for network in api.networks(filters=wanted):
        report.remove("red", network["Id"], partial(api.remove_network, network["Id"]))
    for volume in api.volumes(filters=wanted)["Volumes"] or []:
        _remove_volume(client, volume["Name"], report)
    for image in api.images(filters=wanted):
        report.remove("imagen", image["Id"], partial(api.remove_image, image["Id"], force=True))


def _remove_named_volumes(
    client: docker.DockerClient, prefixes: Collection[str], report: Report
) -> None:
    for volume in client.api.volumes()["Volumes"] or []:
        if volume["Name"][: len("g") + _DIGITS] in prefixes:
            _remove_volume(client, volume["Name"], report)


def _remove_volume(client: docker.DockerClient, name: str, report: Report) -> None:
    report.remove("volumen", name, partial(client.api.remove_volume, name, force=True))
