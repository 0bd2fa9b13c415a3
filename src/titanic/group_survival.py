"""How the others of a passenger's group fared, learnt inside each training fold."""

from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

Floats = NDArray[np.float64]


class GroupSurvival(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Target encoding of group keys, as the mean surprise among the group's other members.

    A member's surprise is the outcome minus what the passenger's profile (say sex, class and
    title) leads to expect. The encoding is shrunk towards zero: ``sum / (n + shrinkage)``, the
    smoothed target encoding of Micci-Barreca (SIGKDD Explorations 3(1), 2001). While fitting, a
    passenger's own outcome is left out of the encoding that the model learns from; afterwards a
    group that was not seen, and a missing key, encode as zero.

    Args:
        keys: columns that name a group each; a passenger may have none (missing).
        profile: columns whose combination gives the expected outcome.
        shrinkage: how many members without surprise each group is given beforehand.
    """

    def __init__(
        self, keys: tuple[str, ...], profile: tuple[str, ...], shrinkage: float = 1.0
    ) -> None:
        self.keys = keys
        self.profile = profile
        self.shrinkage = shrinkage

    def fit(self, X: pd.DataFrame, y: "pd.Series[int]") -> Self:
        """Learn the expected outcome of each profile and the surprises of each group."""
        outcome = np.asarray(y, dtype=float)
        self.overall_ = float(outcome.mean())
        self.expected_ = pd.Series(outcome).groupby(self._profiles(X).to_numpy()).mean()
        surprise = outcome - self._expected(X)
        self.groups_ = {key: _totals(X[key], surprise) for key in self.keys}
        return self

    def fit_transform(self, X: pd.DataFrame, y: "pd.Series[int]") -> Floats:
        """Fit, and encode the same rows leaving each one's own outcome out."""
        self.fit(X, y)
        return self._encode(X, np.asarray(y, dtype=float) - self._expected(X))

    def transform(self, X: pd.DataFrame) -> Floats:
        """Two columns a key: the shrunk mean surprise, and how many members it comes from."""
        check_is_fitted(self)
        return self._encode(X, None)

    def _encode(self, X: pd.DataFrame, own: Floats | None) -> Floats:
        columns = []
        for key in self.keys:
            totals = self.groups_[key].reindex(X[key]).fillna(0.0)
            total, members = totals["sum"].to_numpy(), totals["count"].to_numpy()
            if own is not None:
                belongs = X[key].notna().to_numpy()
                total, members = total - own * belongs, members - belongs
            columns += [total / (members + self.shrinkage), members]
        return np.column_stack(columns)

    def _profiles(self, X: pd.DataFrame) -> "pd.Series[str]":
        first, *others = self.profile
        return X[first].astype(str).str.cat(X[others].astype(str), sep="|")

    def _expected(self, X: pd.DataFrame) -> Floats:
        return self._profiles(X).map(self.expected_).fillna(self.overall_).to_numpy(dtype=float)


def _totals(keys: "pd.Series[str]", surprise: Floats) -> pd.DataFrame:
    return pd.Series(surprise).groupby(keys.to_numpy()).agg(["sum", "count"]).astype(float)
