"""features: gold, its publication to the feature store, and the held-out split."""

import pandas as pd

from titanic import feature_table, manifest
from titanic.settings import Settings
from titanic.stages import features, transform


def silver_of(settings: Settings) -> pd.DataFrame:
    return pd.read_parquet(settings.layer("silver") / transform.FILE)


def test_gold_and_the_feature_store_hold_the_same_table(whole_run: Settings) -> None:
    gold, store = (manifest.read(whole_run.layer(name)) for name in ("gold", "features"))
    assert gold.rows == store.rows == 1309
    assert gold.files == store.files
    assert store.inputs == {f"gold/{features.FILE}": gold.files[features.FILE].sha256}


def test_features_say_what_the_list_says(whole_run: Settings) -> None:
    table, _ = features.read(whole_run.layer("features"))
    master = table.iloc[1]  # Allison, Master. Hudson Trevor; six passengers on ticket 113781
    assert (master.title, master.deck, master.family_size) == ("Master", "C", 4)
    assert master.ticket_group_size == 6
    assert master.fare_per_person == 151.55 / 6
    assert table["family"].isna().sum() == (table["family_size"] == 1).sum()


def test_no_feature_depends_on_the_outcome(whole_run: Settings) -> None:
    silver = silver_of(whole_run)
    opposite = silver.assign(survived=1 - silver["survived"])
    assert feature_table.build(opposite).equals(feature_table.build(silver))


def test_the_split_holds_out_a_fifth_of_each_outcome(whole_run: Settings) -> None:
    table, _ = features.read(whole_run.layer("features"))
    held_out = table[table["split"] == "test"]
    assert len(held_out) == 262
    assert abs(held_out["survived"].mean() - table["survived"].mean()) < 0.002


def test_the_features_of_part_of_the_list_agree_with_the_whole(whole_run: Settings) -> None:
    silver = silver_of(whole_run)
    known = {str(ticket): n for ticket, n in silver["ticket"].value_counts().items()}
    whole = feature_table.build(silver)
    part = feature_table.build(silver.iloc[:7], known)
    assert part.equals(whole.iloc[:7])
