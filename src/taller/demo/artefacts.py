"""What the pipeline left in its volumes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from taller.docker_state import DockerState
from taller.errors import TallerError

_ORDER = ("raw", "silver", "gold", "features", "models")


@dataclass(frozen=True)
class Layer:
    """A layer's manifest in short; ``bytes`` is the size of its current files."""

    name: str
    volume: str
    stage: str
    rows: int
    columns: int
    bytes: int
    details: Mapping[str, Any]


@dataclass(frozen=True)
class Model:
    """The model's cross-validated metrics, its held-out evaluation, and its figures (PNG)."""

    metrics: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    figures: Mapping[str, bytes]


def read_layers(engine: DockerState, volumes: Mapping[str, str]) -> list[Layer]:
    """Read the manifest of each layer out of its volume.

    Args:
        engine: where the volumes are.
        volumes: layer → volume.

    Raises:
        TallerError: a layer has no manifest.
    """
    ordered = sorted(volumes.items(), key=lambda item: _ORDER.index(item[0]))
    return [_layer(engine, name, volume) for name, volume in ordered]


def _layer(engine: DockerState, name: str, volume: str) -> Layer:
    manifest = json.loads(_read(engine, volume, "manifest.json"))
    size = sum(entry["bytes"] for entry in manifest["files"].values())
    return Layer(
        name, volume, manifest["stage"], manifest["rows"], len(manifest["schema"]), size,
        manifest["details"],
    )  # fmt: skip


def read_model(engine: DockerState, volume: str) -> Model:
    """Read metrics and figures out of the models volume.

    Raises:
        TallerError: there is no trained and evaluated model.
    """
    manifest = json.loads(_read(engine, volume, "manifest.json"))
    paths = {name: entry["path"] for name, entry in manifest["files"].items()}
    if not {"metrics.json", "evaluation.json"} <= set(paths):
        raise TallerError(f"El volumen {volume} no tiene un modelo evaluado.")
    version = paths["metrics.json"].rpartition("/")[0]
    files = engine.read_volume(volume, version)
    return Model(
        json.loads(files[paths["metrics.json"]]),
        json.loads(files[paths["evaluation.json"]]),
        {name: files[path] for name, path in paths.items() if name.endswith(".png")},
    )


def _read(engine: DockerState, volume: str, path: str) -> bytes:
    files = engine.read_volume(volume, path)
    if path not in files:
        raise TallerError(
            f"En el volumen {volume} falta {path}.",
            "Ejecuta el pipeline otra vez: taller demo --run-id OTRO",
        )
    return files[path]
