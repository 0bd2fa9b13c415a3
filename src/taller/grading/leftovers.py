"""Removes what one grader left in Docker and on the disk, and nothing else."""

from collections.abc import Collection
from functools import partial

import docker

from taller.clean.report import Report
from taller.docker_state import connect
from taller.grading.identity import scratch_folder
from taller.grading.sandbox.meter import sweep
from taller.removal import remove_tree


def clear(run: str, namespaces: Collection[str] = ()) -> Report:
    """Remove all that graders of one OUT have left: objects with their label, and workspaces.

    With them go the control groups of whatever grader was killed.

    Args:
        run: what marks everything of theirs.
        namespaces: of their submissions, of which volumes go by name, too. The engine writes a
            volume's labels after its folder: one that it was creating when it ended lacks them.

    Raises:
        EngineError: the engine does not answer.
    """
    report = Report()
    client = connect()
    try:
        remove_labelled(client, f"taller.run={run}", report)
        _remove_named_volumes(client, namespaces, report)
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
    for volume in api.volumes(filters=wanted).get("Volumes") or []:
        _remove_volume(client, volume["Name"], report)
    _remove_images(client, wanted, report)


def _remove_images(client: docker.DockerClient, wanted: dict[str, str], report: Report) -> None:
    """Remove images until no new one shows: under each may be a step of the build that made it,
    which the containerd store lists only when nothing stands on it any more."""
    api, seen = client.api, set[str]()
    while new := {image["Id"] for image in api.images(filters=wanted)} - seen:
        seen |= new
        for id_ in sorted(new):
            report.remove("imagen", id_, partial(api.remove_image, id_, force=True))


def _remove_named_volumes(
    client: docker.DockerClient, namespaces: Collection[str], report: Report
) -> None:
    for volume in client.api.volumes().get("Volumes") or []:
        if volume["Name"].startswith(tuple(namespaces)):
            _remove_volume(client, volume["Name"], report)


def _remove_volume(client: docker.DockerClient, name: str, report: Report) -> None:
    report.remove("volumen", name, partial(client.api.remove_volume, name, force=True))
