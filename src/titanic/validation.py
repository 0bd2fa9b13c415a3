"""Cross-validation: what each fold predicts for passengers that it did not learn from."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import pandas as pd
import sklearn
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedGroupKFold
from sklearn.pipeline import Pipeline

FOLDS = 5
COMPARISON_SEED = 1
REPORT_SEED = 2  # other folds than those that chose the model, which favour it a little
THRESHOLD = 0.5
MAX_WORKERS = 2  # they fit in 512 MB beside the parent, also where they are not forked

Split = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True)
class FoldResult:
    """Held-out rows of one fold (positions), with outcome and predicted probability."""

    rows: NDArray[np.intp]
    outcome: NDArray[np.integer[Any]]
    probability: NDArray[np.float64]

    @property
    def accuracy(self) -> float:
        """Share of right answers at a threshold of one half."""
        return float(accuracy_score(self.outcome, self.probability >= THRESHOLD))

    @property
    def roc_auc(self) -> float:
        """Area under the ROC curve."""
        return float(roc_auc_score(self.outcome, self.probability))


def repeated_folds(outcome: "pd.Series[int]", repeats: int, seed: int) -> list[Split]:
    """`repeats` times five stratified folds."""
    folds = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=repeats, random_state=seed)
    return list(folds.split(np.zeros(len(outcome)), outcome))


def grouped_folds(outcome: "pd.Series[int]", groups: "pd.Series[str]") -> list[Split]:
    """Five folds that never part a group: what to expect for groups not seen before."""
    folds = StratifiedGroupKFold(n_splits=FOLDS, shuffle=True, random_state=REPORT_SEED)
    return list(folds.split(np.zeros(len(outcome)), outcome, groups))


def evaluate_folds(
    pipeline: Pipeline, table: pd.DataFrame, outcome: "pd.Series[int]", splits: Iterable[Split]
) -> list[FoldResult]:
    """Fit a fresh copy of `pipeline` on each fold's training rows, in parallel.

    Processes, because fitting small trees holds the interpreter's lock; forked ones, because they
    share what is imported: two fit in 512 MB (240 MB in all, against 450 MB with loky) and start
    without the seconds that imports take.
    """
    workers = min(MAX_WORKERS, joblib.cpu_count())
    jobs = (joblib.delayed(_fold)(pipeline, table, outcome, split) for split in splits)
    return list(joblib.Parallel(n_jobs=workers, backend="multiprocessing")(jobs))


def _fold(
    pipeline: Pipeline, table: pd.DataFrame, outcome: "pd.Series[int]", split: Split
) -> FoldResult:
    train, held_out = split
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        fitted = clone(pipeline).fit(table.iloc[train], outcome.iloc[train])
        probability = fitted.predict_proba(table.iloc[held_out])[:, 1]
    return FoldResult(held_out, outcome.iloc[held_out].to_numpy(), probability)


def summary(results: list[FoldResult]) -> dict[str, dict[str, float]]:
    """Mean, standard deviation, minimum and maximum over the folds of each metric."""
    return {
        "accuracy": _spread([result.accuracy for result in results]),
        "roc_auc": _spread([result.roc_auc for result in results]),
    }


def _spread(values: list[float]) -> dict[str, float]:
    statistics = {
        "mean": np.mean(values),
        "std": np.std(values),
        "min": np.min(values),
        "max": np.max(values),
    }
    return {name: round(float(value), 4) for name, value in statistics.items()}
