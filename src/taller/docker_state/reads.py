"""Reads of the engine, narrowed by the labels that the workshop puts on its objects."""

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex
from typing import Any

import docker
from docker.errors import ImageNotFound, NotFound

from taller.docker_state.connection import EngineVersion, connect, read_version
from taller.docker_state.objects import Container, Image, Network, Volume
from taller.errors import TallerError

LABELS = ("taller.prefix", "taller.exercise", "taller.run")
"""What the reference infrastructure and the guard write on every object."""

_READER_ROLE = {"taller.role": "reader"}
_READER_TARGET = "/volume"


class DockerState:
    """Typed reads of one engine.

    The filters of every listing are labels: ``prefix``, ``exercise`` and ``run`` stand for
    ``taller.prefix`` and so on; without any, everything on the engine is listed.
    """

    def __init__(self, client: docker.DockerClient | None = None) -> None:
        """Connect, or use a client that is there already.

        Raises:
            EngineError: the engine does not answer.
        """
        self.client = client or connect()

    def version(self) -> EngineVersion:
        """Which engine this is."""
        return read_version(self.client)

    def volumes(self, **labels: str) -> tuple[Volume, ...]:
        """Named volumes, by name."""
        raw = self.client.api.volumes(filters=_filters(labels)).get("Volumes") or ()
        return tuple(sorted(map(Volume.from_json, raw), key=lambda volume: volume.name))

    def networks(self, **labels: str) -> tuple[Network, ...]:
        """Networks, by name."""
        raw = self.client.api.networks(filters=_filters(labels))
        return tuple(sorted(map(Network.from_json, raw), key=lambda network: network.name))

    def containers(self, **labels: str) -> tuple[Container, ...]:
        """Containers, stopped ones too, by name."""
        raw = self.client.api.containers(all=True, filters=_filters(labels))
        found = (self.container(item["Id"]) for item in raw)
        return tuple(sorted((c for c in found if c is not None), key=lambda c: c.name))

    def container(self, name: str) -> Container | None:
        """One container by name or id; None when there is none."""
        try:
            return Container.from_json(self.client.api.inspect_container(name))
        except NotFound:
            return None

    def images(self, *, intermediate: bool = False, **labels: str) -> tuple[Image, ...]:
        """Images, newest first; with ``intermediate`` also the layers a build left behind."""
        raw = self.client.api.images(all=intermediate, filters=_filters(labels))
        found = {item["Id"]: Image.from_json(item) for item in raw}
        return tuple(sorted(found.values(), key=lambda image: -image.created))

    def logs(self, container: str, *, tail: int | None = None) -> str:
        """What a container printed, standard output and error together."""
        try:
            lines: Any = "all" if tail is None else tail
            raw: bytes = self.client.api.logs(container, tail=lines)
        except NotFound as error:
            raise TallerError(
                f"No hay ningún contenedor «{container}».",
                "Mira cuáles hay con «docker ps -a».",
            ) from error
        return raw.decode("utf-8", "replace")

    def read_volume(self, volume: str, path: str) -> dict[str, bytes]:
        """Read a file, or every file of a folder, out of a volume.

        A container that is never started mounts it read-only, so this works wherever the engine
        is. Keys are paths relative to the volume; empty when the path does not exist.

        Args:
            volume: name of an existing volume.
            path: relative to the volume, "" for all of it.

        Raises:
            TallerError: there is no such volume, or no image to make the container from.
        """
        with self._reader(volume) as reader:
            try:
                chunks, _ = self.client.api.get_archive(reader, f"{_READER_TARGET}/{path}")
            except NotFound:
                return {}
            parent = path.rstrip("/").rpartition("/")[0]
            return dict(_unpacked(b"".join(chunks), parent, root=not path))

    @contextmanager
    def _reader(self, volume: str) -> Iterator[str]:
        api = self.client.api
        try:
            api.inspect_volume(volume)  # creating a container would create the volume
        except NotFound as error:
            raise TallerError(
                f"No hay ningún volumen «{volume}».",
                "Mira cuáles hay con «docker volume ls».",
            ) from error
        bind = api.create_host_config(binds={volume: {"bind": _READER_TARGET, "mode": "ro"}})
        made = self._create_reader(bind, f"{volume}-reader-{token_hex(4)}")
        try:
            yield made
        finally:
            self.client.api.remove_container(made, force=True)

    def _create_reader(self, bind: Any, name: str) -> str:
        """Any image will do for a container that is never started; one may vanish meanwhile.

        The oldest first: a fresh one is somebody's at work, whom this container would keep from
        removing it, and whose labels it would carry.
        """
        for image in reversed(self.images()):
            with suppress(ImageNotFound):
                made = self.client.api.create_container(
                    image.id, command=["true"], host_config=bind, labels=_READER_ROLE,
                    network_disabled=True, name=name,
                )  # fmt: skip
                return str(made["Id"])
        raise TallerError(
            "Para mirar dentro de un volumen hace falta una imagen, y Docker no tiene ninguna.",
            "Ejecuta «taller doctor --fix», que prepara la imagen base.",
        )


def _filters(labels: dict[str, str]) -> dict[str, list[str]]:
    unknown = set(labels) - {name.removeprefix("taller.") for name in LABELS}
    if unknown:
        raise TypeError(f"unknown filters: {', '.join(sorted(unknown))}")
    return {"label": [f"taller.{name}={value}" for name, value in labels.items()]}


def _unpacked(archive: bytes, parent: str, *, root: bool) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None:
                name = member.name.partition("/")[2] if root else member.name
                yield f"{parent}/{name}".lstrip("/"), content.read()
