"""Where the layers are and how a run is named, from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from titanic.errors import BadInputError

STAGES = ("ingest", "transform", "features", "train", "evaluate")
"""The stages of a whole run, in the order in which they depend on each other."""

DEFAULT_CV_REPEATS = 10


@dataclass(frozen=True)
class Settings:
    """What every stage is given.

    Attributes:
        data_dir: folder with one subfolder a layer: raw, silver, gold, features.
        models_dir: folder of the models layer.
        mode: the stage that ``MODE`` asks for, or None.
        experiment_name: recorded in metrics.json and in the model card.
        run_id: written to the log only, so that outputs do not depend on it.
        cv_repeats: how many times the five folds of cross-validation are drawn again.
    """

    data_dir: Path = Path("/app/data")
    models_dir: Path = Path("/app/models")
    mode: str | None = None
    experiment_name: str = "titanic_baseline"
    run_id: str = ""
    cv_repeats: int = DEFAULT_CV_REPEATS

    def layer(self, name: str) -> Path:
        """The folder of layer `name`: raw, silver, gold, features or models."""
        return self.models_dir if name == "models" else self.data_dir / name

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read ``TITANIC_*``, ``MODE`` and ``EXPERIMENT_NAME``; an empty value counts as unset.

        Raises:
            BadInputError: a value that no stage could use.
        """
        source = os.environ if environment is None else environment
        given = {name: value for name, value in source.items() if value}
        return cls(
            data_dir=Path(given.get("TITANIC_DATA_DIR", "/app/data")),
            models_dir=Path(given.get("TITANIC_MODELS_DIR", "/app/models")),
            mode=given.get("MODE"),
            experiment_name=given.get("EXPERIMENT_NAME", cls.experiment_name),
            run_id=given.get("TITANIC_RUN_ID", ""),
            cv_repeats=_positive(given, "TITANIC_CV_REPEATS", DEFAULT_CV_REPEATS),
        )


def _positive(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise BadInputError(
            f"La variable de entorno {name} vale {text!r} y debe ser un entero mayor que cero.",
            f"Quítala para usar el valor por defecto ({default}).",
        )
    return int(text)
