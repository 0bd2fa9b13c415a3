"""train: features → models: compare candidates, choose, measure, fit, describe."""

import json
import sys
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.inspection import permutation_importance
from sklearn.pipeline import Pipeline

from titanic import (
    card,
    figures,
    layers,
    model,
    model_store,
    schemas,
    tables,
    validation,
)
from titanic.errors import BadInputError
from titanic.manifest import Manifest
from titanic.settings import Settings
from titanic.stages import features as features_stage
from titanic.stages.features import FILE as FEATURES_FILE
from titanic.validation import FoldResult, Split

GOAL = {"accuracy": 0.82, "roc_auc": 0.88}
IMPORTANCE_REPEATS = 3
MIN_PER_OUTCOME = 20  # fewer leave folds with one outcome only, where ROC AUC has no meaning


def run(settings: Settings) -> Manifest:
    """Publish the models layer from the features layer (or gold, which is laid out alike).

    Raises:
        BadInputError: the features are missing, damaged, or too few to cross-validate.
        TitanicError: the layer cannot be written.
    """
    features, source = features_stage.read(settings.layer("features"))
    sha256 = source.files[FEATURES_FILE].sha256
    train = features[features["split"] == "train"].reset_index(drop=True)
    _require_enough(train)
    table, outcome = train[list(model.COLUMNS)], train[schemas.OUTCOME]
    metrics, results, chosen = _measure(table, outcome, settings)
    metrics |= {"train_rows": len(train), "held_out_rows": len(features) - len(train)}
    tickets = {str(ticket): n for ticket, n in features["ticket"].value_counts().items()}
    files = {
        model_store.MODEL: model_store.dump(chosen.fit(table, outcome)),
        model_store.DESCRIPTION: model_store.describe(sha256, tickets),
        "metrics.json": _json(metrics),
        "model_card.md": card.render(metrics, model_store.versions()).encode(),
        **_figures(chosen, table, outcome, results),
    }
    return layers.publish(
        settings.layer("models"),
        files,
        layer="models",
        stage="train",
        rows=len(train),
        schema=tables.schema_of(table),
        inputs={f"features/{FEATURES_FILE}": sha256},
        details={"model": metrics["model"], "experiment": settings.experiment_name},
    )


def _require_enough(train: pd.DataFrame) -> None:
    counts = train[schemas.OUTCOME].value_counts().reindex([0, 1], fill_value=0)
    if counts.min() < MIN_PER_OUTCOME:
        raise BadInputError(
            f"No hay datos suficientes para entrenar: {counts[1]} supervivientes y {counts[0]} "
            f"fallecidos; hacen falta al menos {MIN_PER_OUTCOME} de cada.",
            "Ejecuta «ingest» con la lista completa y repite las etapas siguientes.",
        )


def _measure(
    table: pd.DataFrame, outcome: "pd.Series[int]", settings: Settings
) -> tuple[dict[str, Any], list[FoldResult], Pipeline]:
    """metrics.json, the folds it reports, and the chosen candidate, not fitted yet."""
    name, comparison = _compare(table, outcome)
    chosen = model.candidates()[name]
    splits = validation.repeated_folds(outcome, settings.cv_repeats, validation.REPORT_SEED)
    results = validation.evaluate_folds(chosen, table, outcome, splits)
    grouped = validation.grouped_folds(outcome, table["ticket"])
    scores = validation.summary(results)
    reached = all(scores[metric]["mean"] >= goal for metric, goal in GOAL.items())
    metrics = {
        "experiment": settings.experiment_name,
        "model": name,
        "cross_validation": {
            "folds": validation.FOLDS,
            "repeats": settings.cv_repeats,
            **scores,
        },
        "grouped_cross_validation": validation.summary(
            validation.evaluate_folds(chosen, table, outcome, grouped)
        ),
        "comparison": comparison,
        "goal": {**GOAL, "reached": reached},
    }
    return metrics, results, chosen


def _compare(table: pd.DataFrame, outcome: "pd.Series[int]") -> tuple[str, dict[str, Any]]:
    """The candidate with the highest mean ROC AUC, and the scores of all."""
    splits = validation.repeated_folds(outcome, 1, validation.COMPARISON_SEED)
    scores = {}
    for name, pipeline in model.candidates().items():
        scores[name] = validation.summary(
            validation.evaluate_folds(pipeline, table, outcome, splits)
        )
        area = scores[name]["roc_auc"]["mean"]
        print(f"  {name}: ROC AUC {area:.4f}", file=sys.stderr, flush=True)
    return max(scores, key=lambda name: scores[name]["roc_auc"]["mean"]), scores


def _figures(
    chosen: Pipeline, table: pd.DataFrame, outcome: "pd.Series[int]", results: list[FoldResult]
) -> dict[str, bytes]:
    first = results[: validation.FOLDS]  # one repeat holds every passenger out once
    truth = np.concatenate([result.outcome for result in first])
    probability = np.concatenate([result.probability for result in first])
    held_out = first[0].rows
    seen = np.setdiff1d(np.arange(len(table)), held_out)
    return {
        "roc.png": figures.roc(truth, probability),
        "calibration.png": figures.calibration(truth, probability),
        "confusion.png": figures.confusion(truth, probability),
        "importance.png": figures.importance(_importance(chosen, table, outcome, (seen, held_out))),
    }


def _importance(
    chosen: Pipeline, table: pd.DataFrame, outcome: "pd.Series[int]", split: Split
) -> pd.DataFrame:
    seen, held_out = split
    fitted = clone(chosen).fit(table.iloc[seen], outcome.iloc[seen])
    found = permutation_importance(
        fitted,
        table.iloc[held_out],
        outcome.iloc[held_out],
        scoring="roc_auc",
        n_repeats=IMPORTANCE_REPEATS,
        random_state=model.SEED,
    )
    columns = {"mean": found.importances_mean, "std": found.importances_std}
    return pd.DataFrame(columns, index=table.columns)


def _json(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()
