"""evaluate: the model on the passengers held out by the split, which train never used."""

import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    confusion_matrix,
    log_loss,
    roc_auc_score,
)

from titanic import layers, manifest, model, model_store, schemas
from titanic.errors import BadInputError
from titanic.manifest import Manifest
from titanic.settings import Settings
from titanic.stages import features as features_stage
from titanic.stages.features import FILE as FEATURES_FILE
from titanic.validation import THRESHOLD

FILE = "evaluation.json"


def run(settings: Settings) -> Manifest:
    """Publish the models layer again, with evaluation.json beside the model it speaks of.

    Raises:
        BadInputError: no model or features, or the model was trained on other features.
        TitanicError: the layer cannot be written.
    """
    models_dir = settings.layer("models")
    pipeline, description, layer = model_store.load(models_dir)
    features, source = features_stage.read(settings.layer("features"))
    if source.files[FEATURES_FILE].sha256 != description["features_sha256"]:
        raise BadInputError(
            f"El modelo de {models_dir} se entrenó con otros features, no con los de "
            f"{settings.layer('features')}.",
            "Ejecuta «train» otra vez y después «evaluate».",
        )
    held_out = features[features["split"] == "test"]
    probability = pipeline.predict_proba(held_out[list(model.COLUMNS)])[:, 1]
    evaluation = measure(held_out[schemas.OUTCOME].to_numpy(), probability)
    evaluation["model_sha256"] = layer.files[model_store.MODEL].sha256
    kept = {
        name: manifest.file_path(models_dir, layer, name).read_bytes()
        for name in layer.files
        if name != FILE
    }
    return layers.publish(
        models_dir,
        {**kept, FILE: (json.dumps(evaluation, indent=2) + "\n").encode()},
        layer="models",
        stage="evaluate",
        rows=layer.rows,
        schema=layer.schema,
        inputs=layer.inputs,
        details={**layer.details, "held_out_rows": len(held_out)},
    )


def measure(outcome: NDArray[np.int64], probability: NDArray[np.float64]) -> dict[str, Any]:
    """Accuracy with its binomial standard error, ROC AUC, log loss (nats), Brier, confusion."""
    predicted = probability >= THRESHOLD
    accuracy = float(accuracy_score(outcome, predicted))
    return {
        "rows": len(outcome),
        "accuracy": round(accuracy, 4),
        "accuracy_standard_error": round(math.sqrt(accuracy * (1 - accuracy) / len(outcome)), 4),
        "roc_auc": round(float(roc_auc_score(outcome, probability)), 4),
        "log_loss": round(float(log_loss(outcome, probability)), 4),
        "brier": round(float(brier_score_loss(outcome, probability)), 4),
        "confusion": confusion_matrix(outcome, predicted, labels=[0, 1]).tolist(),
    }
