"""The model beside what it needs to be trusted: versions, checksums, inputs."""

import io
import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import sklearn
from sklearn.pipeline import Pipeline

from titanic import __version__, manifest
from titanic.errors import BadInputError
from titanic.manifest import Manifest

MODEL = "model.pkl"
DESCRIPTION = "model.json"


def versions() -> dict[str, str]:
    """What a model must have in common with the code that loads it."""
    return {"titanic": __version__, "scikit-learn": sklearn.__version__, "numpy": np.__version__}


def dump(pipeline: Pipeline) -> bytes:
    """The fitted `pipeline`, as joblib writes it."""
    buffer = io.BytesIO()
    joblib.dump(pipeline, buffer)
    return buffer.getvalue()


def describe(features_sha256: str, ticket_sizes: dict[str, int]) -> bytes:
    """model.json: versions, the features it was trained on, and the tickets of the whole list."""
    document = {
        "versions": versions(),
        "features_sha256": features_sha256,
        "ticket_sizes": ticket_sizes,
    }
    return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def load(models_dir: Path) -> tuple[Pipeline, dict[str, Any], Manifest]:
    """The current model, its description and its layer's manifest.

    Checksums and versions are verified before the pickle is read.

    Raises:
        BadInputError: there is no model, it is damaged, or it comes from other versions.
    """
    layer = manifest.read(models_dir)
    path = manifest.file_path(models_dir, layer, MODEL)
    description_path = manifest.file_path(models_dir, layer, DESCRIPTION)
    description = json.loads(description_path.read_text(encoding="utf-8"))
    _require_same_versions(path, description["versions"])
    return joblib.load(path), description, layer


def _require_same_versions(path: Path, trained_with: dict[str, str]) -> None:
    now = versions()
    if differing := [name for name in now if trained_with.get(name) != now[name]]:
        changes = ", ".join(f"{name} {trained_with.get(name)} → {now[name]}" for name in differing)
        raise BadInputError(
            f"El modelo {path} se entrenó con otras versiones ({changes}).",
            "Vuelve a ejecutar «train» con esta imagen, o usa la imagen que lo entrenó.",
        )
