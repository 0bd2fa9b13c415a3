"""The candidate models: one preprocessing, three classifiers."""

from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from titanic.group_survival import GroupSurvival

NUMERIC = (
    *("age", "fare_per_person", "family_size"),
    *("ticket_group_size", "sibsp", "parch", "is_alone"),
)
CATEGORICAL = ("sex", "title", "deck", "embarked", "pclass")
GROUPS = ("ticket", "family")
PROFILE = ("sex", "pclass", "title")
COLUMNS = (*NUMERIC, *CATEGORICAL, *GROUPS)
"""The columns of the features layer that the model reads."""

SEED = 1912


def candidates() -> dict[str, Pipeline]:
    """Unfitted pipelines by name, from a passenger's features to a probability of survival."""
    classifiers = {
        "logistic_regression": _logistic_regression(),
        "random_forest": _random_forest(),
        "gradient_boosting": _gradient_boosting(),
    }
    return {
        name: Pipeline([("preprocess", _preprocess()), ("classify", classifier)])
        for name, classifier in classifiers.items()
    }


def _preprocess() -> ColumnTransformer:
    """Every statistic here is fitted with the pipeline, so inside each fold."""
    categories = OneHotEncoder(handle_unknown="ignore", min_frequency=10, sparse_output=False)
    groups = GroupSurvival(GROUPS, PROFILE)
    return ColumnTransformer(
        [
            ("numeric", SimpleImputer(strategy="median"), list(NUMERIC)),
            ("categorical", categories, list(CATEGORICAL)),
            ("groups", groups, list(dict.fromkeys((*GROUPS, *PROFILE)))),
        ]
    )


def _logistic_regression() -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.5, max_iter=2000))


def _random_forest() -> RandomForestClassifier:
    return RandomForestClassifier(
        n_estimators=60, min_samples_leaf=4, max_features=0.25, random_state=SEED
    )


def _gradient_boosting() -> GradientBoostingClassifier:
    return GradientBoostingClassifier(
        n_estimators=100,
        learning_rate=0.05,
        subsample=0.6,
        max_features=0.3,
        min_samples_leaf=8,
        random_state=SEED,
    )
