"""Containers, networks and volumes of the workshop."""

from collections.abc import Iterable
from functools import partial

from docker.errors import ImageNotFound

from taller.clean.report import Report
from taller.docker_state import LABELS, Container, DockerState

PREFIX = "taller.prefix"
ROLE = "taller.role"
GUARD = "taller.guard"
"""On what the guard made for every student at once: the isolated network."""


def remove_containers(
    engine: DockerState, ids: Iterable[str], prefix: str | None, report: Report
) -> None:
    """Remove the containers that a state records or that are labelled themselves."""
    recorded = [found for id in ids if (found := engine.container(id)) is not None]
    labelled = [c for c in engine.containers() if _is_ours(engine, c, prefix)]
    for found in {c.id: c for c in (*recorded, *labelled)}.values():
        removal = partial(engine.client.api.remove_container, found.id, force=True, v=True)
        report.remove("contenedor", found.name, removal)


def _is_ours(engine: DockerState, container: Container, prefix: str | None) -> bool:
    """Whether the labels are the container's own: it shows those of its image, too.

    A container that somebody runs from the workshop's image is that person's.
    """
    if prefix is not None and container.labels.get(PREFIX) != prefix:
        return False
    try:
        inherited = engine.client.images.get(container.image_id).labels
    except ImageNotFound:
        inherited = {}
    own = {k for k, v in container.labels.items() if inherited.get(k) != v}
    is_reader = prefix is None and container.labels.get(ROLE) == "reader"
    return bool(own & set(LABELS)) or is_reader


def remove_networks(
    engine: DockerState, ids: Iterable[str], prefix: str | None, report: Report
) -> None:
    """Remove the networks that a state records or that are labelled."""
    wanted = set(ids)
    for network in engine.networks():
        if network.id in wanted or _labelled(network.labels, prefix):
            removal = partial(engine.client.api.remove_network, network.id)
            report.remove("red", network.name, removal)


def remove_volumes(
    engine: DockerState, names: Iterable[str], prefix: str | None, report: Report
) -> None:
    """Remove the volumes that a state records or that are labelled, with their data."""
    wanted = set(names)
    for volume in engine.volumes():
        if volume.name in wanted or _labelled(volume.labels, prefix):
            removal = partial(engine.client.api.remove_volume, volume.name)
            report.remove("volumen", volume.name, removal)


def _labelled(labels: object, prefix: str | None) -> bool:
    if not isinstance(labels, dict):
        return False
    if prefix is None:
        return PREFIX in labels or GUARD in labels
    return labels.get(PREFIX) == prefix
