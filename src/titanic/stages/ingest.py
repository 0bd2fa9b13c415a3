"""ingest: bring the passenger list, as it is, to the raw layer."""

import json
from importlib import resources
from pathlib import Path

from titanic import layers, manifest, schemas, tables
from titanic.conform import require_columns
from titanic.errors import BadInputError
from titanic.manifest import Manifest
from titanic.settings import Settings
from titanic.sources import fetch

FILE = "titanic.csv"


def run(settings: Settings, source: str | None = None) -> Manifest:
    """Publish the raw layer from `source`: a path or an http(s) address; the shipped list if None.

    Raises:
        BadInputError: `source` cannot be had, is no CSV, or lacks columns.
        TitanicError: the layer cannot be written.
    """
    content, origin = (fetch(source), _name(source)) if source else _shipped()
    table = tables.parse_csv(content, source or origin)
    require_columns(table, [*schemas.REQUIRED, schemas.OUTCOME], source or origin)
    schemas.check(table, schemas.RAW, source or origin)
    return layers.publish(
        settings.layer("raw"),
        {FILE: content},
        layer="raw",
        stage="ingest",
        rows=len(table),
        schema=tables.schema_of(table),
        inputs={origin: manifest.sha256(content)},
    )


def _shipped() -> tuple[bytes, str]:
    folder = resources.files("titanic") / "data"
    content = (folder / FILE).read_bytes()
    expected = json.loads((folder / "titanic.json").read_text(encoding="utf-8"))["sha256"]
    if manifest.sha256(content) != expected:
        raise BadInputError(
            f"La lista de pasajeros incluida ({folder / FILE}) no es la original.",
            "Restaura el fichero desde el repositorio o vuelve a construir la imagen.",
        )
    return content, FILE


def _name(source: str) -> str:
    """What the manifest records: no folder of this machine, no credentials of an address."""
    return Path(source.split("?")[0].split("#")[0]).name or "source"
