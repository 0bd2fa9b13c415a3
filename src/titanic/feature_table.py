"""The features of a passenger. No rule here looks at the outcome."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

UNKNOWN = "U"
TITLES = {
    **{title: title for title in ("Mr", "Mrs", "Miss", "Master")},
    "Mlle": "Miss",
    "Ms": "Miss",
    "Mme": "Mrs",
}


def build(passengers: pd.DataFrame, known_tickets: Mapping[str, int] | None = None) -> pd.DataFrame:
    """One row of features (schema FEATURES) for each of `passengers` (schema PASSENGER).

    Args:
        passengers: conformed passengers, with or without the outcome, which is not read.
        known_tickets: how many passengers each ticket has in the whole list, when
            `passengers` is only a part of it, as in predict.
    """
    family_size = (passengers["sibsp"] + passengers["parch"] + 1).astype("int64")
    group_size = _ticket_group_size(passengers["ticket"], known_tickets or {})
    return pd.DataFrame(
        {
            "passenger_id": passengers["passenger_id"],
            "pclass": passengers["pclass"].astype("int64"),
            "sex": passengers["sex"],
            "age": passengers["age"],
            "sibsp": passengers["sibsp"].astype("int64"),
            "parch": passengers["parch"].astype("int64"),
            "embarked": passengers["embarked"].fillna(UNKNOWN),
            "title": _title(passengers["name"]),
            "family_size": family_size,
            "is_alone": (family_size == 1).astype("int64"),
            "deck": _deck(passengers["cabin"]),
            "ticket": passengers["ticket"],
            "ticket_group_size": group_size,
            # A fare is the price of the whole ticket, which a group shares.
            "fare_per_person": passengers["fare"] / group_size,
            "family": _family(passengers, family_size),
        }
    )


def assign_split(outcome: "pd.Series[int]", test_share: float, seed: int) -> "pd.Series[str]":
    """``train`` or ``test`` for each passenger: the same share of each outcome, fixed by `seed`."""
    generator = np.random.default_rng(seed)
    split = pd.Series("train", index=outcome.index, dtype="object")
    for value in sorted(outcome.unique()):
        rows = generator.permutation(outcome.index[outcome == value].to_numpy())
        split[rows[: round(len(rows) * test_share)]] = "test"
    return split


def _title(names: "pd.Series[str]") -> "pd.Series[str]":
    """The form of address: what stands between the comma and the first full stop."""
    return names.str.extract(r",\s*([^.,]+)\.")[0].map(TITLES).fillna("Rare")


def _deck(cabins: "pd.Series[str]") -> "pd.Series[str]":
    """The first letter of the cabin; unknown when it names no deck."""
    return cabins.str.extract(r"^([A-GT])")[0].fillna(UNKNOWN)


def _ticket_group_size(tickets: "pd.Series[str]", known: Mapping[str, int]) -> "pd.Series[int]":
    here = tickets.map(tickets.value_counts())
    return here.clip(lower=tickets.map(known).fillna(0)).astype("int64")


def _family(passengers: pd.DataFrame, family_size: "pd.Series[int]") -> "pd.Series[str]":
    """Surname, size and class: passengers who share all three travelled as one family.

    Missing for who travels alone: a shared surname is then no tie.
    """
    surname = passengers["name"].str.split(",").str[0].str.strip()
    key = surname + "|" + family_size.astype(str) + "|" + passengers["pclass"].astype(str)
    return key.mask(family_size == 1, np.nan)
