"""The model's figures, as PNG. Captions are in Spanish: students read them."""

import io
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix, roc_auc_score, roc_curve

from titanic.validation import THRESHOLD

mpl.use("agg")  # no display in a container

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#777777"  # told apart also by colour-blind readers
OUTCOMES = ["No sobrevive", "Sobrevive"]

Outcome = NDArray[np.int64]
Probability = NDArray[np.float64]


def roc(outcome: Outcome, probability: Probability) -> bytes:
    """True against false positive rate at each threshold."""
    figure, axes = _new("Curva ROC", "Tasa de falsos positivos", "Tasa de verdaderos positivos")
    false_positive, true_positive, _ = roc_curve(outcome, probability)
    area = roc_auc_score(outcome, probability)
    axes.plot(false_positive, true_positive, color=BLUE, label=f"Modelo (AUC = {area:.3f})")
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="Azar (AUC = 0.500)")
    axes.set_aspect("equal")
    axes.legend(loc="lower right")
    return _png(figure)


def calibration(outcome: Outcome, probability: Probability) -> bytes:
    """Observed share of survivors against predicted probability, in ten equal-sized bins."""
    figure, axes = _new("Calibración", "Probabilidad predicha", "Proporción que sobrevivió")
    observed, predicted = calibration_curve(outcome, probability, n_bins=10, strategy="quantile")
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="Calibración perfecta")
    axes.plot(predicted, observed, color=BLUE, marker="o", label="Modelo")
    axes.set_aspect("equal")
    axes.legend(loc="upper left")
    return _png(figure)


def confusion(outcome: Outcome, probability: Probability) -> bytes:
    """Passengers by outcome and by prediction, with the share of each row."""
    figure, axes = _new("Matriz de confusión", "Predicción", "Realidad")
    counts = confusion_matrix(outcome, probability >= THRESHOLD, labels=[0, 1])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        share = shares[row, column]
        text = f"{count}\n({share:.0%})"
        axes.text(column, row, text, ha="center", va="center", color="w" if share > 0.5 else "k")
    axes.set_xticks([0, 1], OUTCOMES)
    axes.set_yticks([0, 1], OUTCOMES, rotation=90, va="center")
    axes.grid(visible=False)
    return _png(figure)


def importance(importances: pd.DataFrame) -> bytes:
    """Loss of ROC AUC when a column is shuffled (columns ``mean`` and ``std``, by feature)."""
    figure, axes = _new(
        "Importancia por permutación", "Pérdida de AUC al desordenar la columna", ""
    )
    ordered = importances.sort_values("mean")
    axes.barh(ordered.index, ordered["mean"], xerr=ordered["std"], color=BLUE, ecolor=ORANGE)
    axes.axvline(0, color=GREY, linewidth=0.8)
    return _png(figure)


def _new(title: str, x_label: str, y_label: str) -> tuple[Figure, Any]:
    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    axes.set(title=title, xlabel=x_label, ylabel=y_label)
    axes.grid(alpha=0.3)
    axes.set_axisbelow(True)
    return figure, axes


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    # Without the writer's version, equal figures are equal bytes.
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()
