"""transform: raw → silver: types, missing values, and bad rows set aside with the reason."""

from collections import Counter

import pandas as pd

from titanic import layers, manifest, schemas, tables
from titanic.conform import split_rejected
from titanic.errors import BadInputError
from titanic.manifest import Manifest
from titanic.settings import Settings
from titanic.stages.ingest import FILE as RAW_FILE

FILE = "passengers.parquet"
REJECTED = "rejected.parquet"


def run(settings: Settings) -> Manifest:
    """Publish the silver layer from the raw one; the outcome's leaks stay behind.

    Raises:
        BadInputError: the raw layer is missing or damaged, or no row of it is usable.
        TitanicError: the layer cannot be written.
    """
    raw_dir = settings.layer("raw")
    source = manifest.read(raw_dir)
    path = manifest.file_path(raw_dir, source, RAW_FILE)
    raw = tables.parse_csv(path.read_bytes(), str(path))
    accepted, rejected = split_rejected(raw)
    if accepted.empty:
        raise BadInputError(
            f"Ninguna de las {len(raw)} filas de {path} es válida; la primera: "
            f"{rejected['reason'].iloc[0]}.",
            "Revisa el fichero con el que se ejecutó «ingest».",
        )
    return layers.publish(
        settings.layer("silver"),
        {FILE: tables.parquet_bytes(accepted), REJECTED: tables.parquet_bytes(rejected)},
        layer="silver",
        stage="transform",
        rows=len(accepted),
        schema=tables.schema_of(accepted),
        inputs={f"raw/{RAW_FILE}": source.files[RAW_FILE].sha256},
        details=_details(raw, accepted, rejected),
    )


def _details(
    raw: pd.DataFrame, accepted: pd.DataFrame, rejected: pd.DataFrame
) -> dict[str, object]:
    reasons = Counter(reason for text in rejected["reason"] for reason in text.split("; "))
    return {
        "source_rows": len(raw),
        "rejected_rows": len(rejected),
        "rejected_reasons": dict(sorted(reasons.items())),
        "dropped_columns": sorted(set(raw.columns) - set(accepted.columns)),
        "dropped_leaks": sorted(set(schemas.LEAKS) & set(raw.columns)),
    }
