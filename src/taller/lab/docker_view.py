"""``lab.docker``: what this run has in Docker, in tables, and a button for making drift."""

from collections.abc import Callable
from pathlib import PurePosixPath

from docker.errors import APIError, NotFound

from taller.docker_state import Container
from taller.docker_state.objects import Labels
from taller.lab.applied_view import readable_seconds
from taller.lab.errors import LabError
from taller.lab.own import OwnObjects
from taller.lab.shown import Shown, Table, render

_STATUS = {
    "running": "en marcha", "exited": "terminado", "created": "creado", "paused": "en pausa",
    "restarting": "reiniciando", "removing": "retirándose", "dead": "muerto",
}  # fmt: skip


class Log(Shown, str):
    """What a container printed."""

    template = "text.html"
    __slots__ = ()

    def text(self) -> str:
        """The log itself."""
        return str(self)

    @property
    def body(self) -> str:
        """For the template."""
        return str(self)


class DockerView(Shown):
    """Tables of the run's objects. Only what belongs to the run is listed or removed."""

    template = "several.html"

    def __init__(self, own: Callable[[], OwnObjects], changed: Callable[[], None]) -> None:
        """Bind to a run.

        Args:
            own: connects to the engine and narrows it to the run.
            changed: called after something was removed by hand.
        """
        self._own = own
        self._changed = changed

    def volumes(self) -> Table:
        """The run's volumes."""
        rows = [(v.name, v.driver, _labels(v.labels)) for v in self._own().volumes()]
        return Table("Volúmenes", ("nombre", "driver", "labels"), rows)

    def networks(self) -> Table:
        """The run's networks."""
        rows = [(n.name, n.driver, "sí" if n.internal else "no") for n in self._own().networks()]
        return Table("Redes", ("nombre", "driver", "interna"), rows)

    def containers(self) -> Table:
        """The run's containers, ended ones too."""
        rows = [_container_row(c) for c in self._own().containers()]
        columns = ("nombre", "estado", "código", "duró", "imagen", "volúmenes", "redes")
        return Table("Contenedores", columns, rows)

    def images(self) -> Table:
        """The run's images."""
        rows = [
            (" ".join(i.tags) or "(sin etiqueta)", i.id.removeprefix("sha256:")[:12], _size(i.size))
            for i in self._own().images()
        ]
        return Table("Imágenes", ("etiquetas", "id", "tamaño"), rows)

    @property
    def tables(self) -> list[Table]:
        """All four."""
        return [self.volumes(), self.networks(), self.images(), self.containers()]

    def text(self) -> str:
        """All four tables."""
        return "\n\n".join(table.text() for table in self.tables)

    def logs(self, container: str, *, tail: int | None = None) -> Log:
        """What one of the run's containers printed; ``tail`` is the number of last lines."""
        own = self._own()
        return Log(own.engine.logs(own.container(container).id, tail=tail))

    def ls(self, volume: str, path: str = "") -> Table:
        """The files in one of the run's volumes, with their sizes in bytes."""
        rows = sorted((name, len(content)) for name, content in self._files(volume, path).items())
        return Table(f"Archivos de {volume}", ("archivo", "bytes"), rows)

    def read(self, volume: str, path: str) -> bytes:
        """One file of one of the run's volumes."""
        files = self._files(volume, path)
        if path not in files:
            raise LabError(
                f"En el volumen «{volume}» no hay ningún archivo «{path}».",
                f"Mira lo que hay con lab.docker.ls({volume!r}).",
            )
        return files[path]

    def _files(self, volume: str, path: str) -> dict[str, bytes]:
        own = self._own()
        found = own.volume(volume)
        clean = str(PurePosixPath(path)) if path else ""
        return own.engine.read_volume(found.name, clean)

    def remove_volume(self, name: str) -> str:
        """Remove one of the run's volumes behind Terraform's back: drift, on purpose."""
        own = self._own()
        found = own.volume(name)
        return self._remove(name, lambda: own.engine.client.api.remove_volume(found.name))

    def remove_container(self, name: str) -> str:
        """Remove one of the run's containers behind Terraform's back."""
        own = self._own()
        found = own.container(name)
        return self._remove(
            name, lambda: own.engine.client.api.remove_container(found.id, force=True)
        )

    def _remove(self, name: str, remove: Callable[[], object]) -> str:
        try:
            remove()
        except NotFound:
            return f"«{name}» ya no existía."
        except APIError as error:
            raise LabError(
                f"Docker no ha quitado «{name}»: {error.explanation}",
                "Si un contenedor lo está usando, quita antes el contenedor: "
                "lab.docker.remove_container(nombre).",
            ) from error
        self._changed()
        return f"«{name}» eliminado de Docker; Terraform todavía no lo sabe."

    def _repr_html_(self) -> str:
        return render(self.template, tables=self.tables)


def _container_row(c: Container) -> tuple[object, ...]:
    mounts = ", ".join(f"{m.source} → {m.target}{' (ro)' if m.read_only else ''}" for m in c.mounts)
    lasted = "" if c.seconds is None else readable_seconds(c.seconds)
    code = "" if c.exit_code is None else c.exit_code
    status = _STATUS.get(c.status, c.status)
    return (c.name, status, code, lasted, c.image, mounts, ", ".join(c.networks))


def _labels(labels: Labels) -> str:
    return ", ".join(f"{key}={value}" for key, value in labels.items())


def _size(count: int) -> str:
    return f"{count / 1e6:.0f} MB" if count < 1e9 else f"{count / 1e9:.2f} GB"
