"""features: silver → gold, published to the feature store."""

from pathlib import Path

import pandas as pd

from titanic import feature_table, layers, manifest, schemas, tables
from titanic.manifest import Manifest
from titanic.settings import Settings
from titanic.stages.transform import FILE as SILVER_FILE

FILE = "features.parquet"
TEST_SHARE = 0.2
SPLIT_SEED = 1912


def run(settings: Settings) -> Manifest:
    """Publish gold from silver, then the same table to the features layer.

    The table says which passengers are held out (``split``), so that train and evaluate,
    which run apart, agree on it.

    Raises:
        BadInputError: the silver layer is missing or damaged.
        TitanicError: a layer cannot be written.
    """
    silver_dir = settings.layer("silver")
    source = manifest.read(silver_dir)
    path = manifest.file_path(silver_dir, source, SILVER_FILE)
    silver = schemas.check(tables.read_parquet(path, str(path)), schemas.SILVER, str(path))
    table = _table(silver)
    inputs = {f"silver/{SILVER_FILE}": source.files[SILVER_FILE].sha256}
    gold = _publish(settings, "gold", table, inputs)
    return _publish(settings, "features", table, {f"gold/{FILE}": gold.files[FILE].sha256})


def read(layer_dir: Path) -> tuple[pd.DataFrame, Manifest]:
    """The table of the features layer (or gold), after checking its schema, and its manifest.

    Raises:
        BadInputError: the layer is missing, damaged, or not what its schema says.
    """
    source = manifest.read(layer_dir)
    path = manifest.file_path(layer_dir, source, FILE)
    table = tables.read_parquet(path, str(path))
    return schemas.check(table, schemas.GOLD, str(path)), source


def _table(silver: pd.DataFrame) -> pd.DataFrame:
    table = feature_table.build(silver)
    table[schemas.OUTCOME] = silver[schemas.OUTCOME].astype("int64")
    table["split"] = feature_table.assign_split(table[schemas.OUTCOME], TEST_SHARE, SPLIT_SEED)
    return schemas.check(table, schemas.GOLD, "La tabla gold")


def _publish(
    settings: Settings, layer: str, table: pd.DataFrame, inputs: dict[str, str]
) -> Manifest:
    return layers.publish(
        settings.layer(layer),
        {FILE: tables.parquet_bytes(table)},
        layer=layer,
        stage="features",
        rows=len(table),
        schema=tables.schema_of(table),
        inputs=inputs,
        details={"split_seed": SPLIT_SEED, "test_share": TEST_SHARE},
    )
