"""predict: the probability of survival of the passengers in a CSV or Parquet file."""

import os
from pathlib import Path

import pandas as pd

from titanic import feature_table, model, model_store, schemas, tables
from titanic.conform import split_rejected
from titanic.errors import BadInputError, TitanicError
from titanic.settings import Settings
from titanic.validation import THRESHOLD

FORMATS = (".csv", ".parquet")
SHOWN = 5


def run(settings: Settings, source: Path, target: Path) -> int:
    """Write one row a passenger of `source` to `target` and return how many there are.

    `source` has the columns of titanic3 (the outcome is not needed, others are ignored); `target`
    gets ``passenger_id`` (row number in `source`, from 1), ``name``, ``survival_probability``
    (0 to 1) and ``survives``.

    Raises:
        BadInputError: `source` is unreadable, lacks columns or has bad rows; or the model is
            missing, damaged or from other versions. `target` is then left as it was.
        TitanicError: `target` cannot be written.
    """
    for path in (source, target):
        _require_format(path)
    passengers = _read(source)
    pipeline, description, _ = model_store.load(settings.layer("models"))
    features = feature_table.build(passengers, description["ticket_sizes"])
    schemas.check(features, schemas.FEATURES, str(source))
    probability = pipeline.predict_proba(features[list(model.COLUMNS)])[:, 1]
    predictions = pd.DataFrame(
        {
            "passenger_id": passengers["passenger_id"],
            "name": passengers["name"],
            "survival_probability": probability,
            "survives": (probability >= THRESHOLD).astype("int64"),
        }
    )
    _write(predictions, target)
    return len(predictions)


def _require_format(path: Path) -> None:
    if path.suffix not in FORMATS:
        raise BadInputError(
            f"No sé qué formato tiene {path}: su nombre no acaba en .csv ni en .parquet.",
            "Cambia la extensión por la del formato que tiene, o que quieres.",
        )


def _read(source: Path) -> pd.DataFrame:
    try:
        content = source.read_bytes()
    except OSError as error:
        raise BadInputError(
            f"No se puede leer {source}: {error.strerror}.",
            "Comprueba la ruta y, en un contenedor, que su volumen está montado.",
        ) from error
    if source.suffix == ".csv":
        table = tables.parse_csv(content, str(source))
    else:
        table = _as_text(tables.read_parquet(source, str(source)))
    if table.empty:
        raise BadInputError(f"{source} no tiene pasajeros.", "Añade al menos una fila.")
    passengers, rejected = split_rejected(table, with_outcome=False)
    if not rejected.empty:
        raise BadInputError(f"{source} tiene filas no válidas: {_list(rejected)}.", "Corrígelas.")
    return passengers


def _as_text(table: pd.DataFrame) -> pd.DataFrame:
    """A typed table as a CSV of it would be read, so that both take one way."""
    text = table.map(lambda value: None if pd.isna(value) else str(value)).astype("object")
    return text.set_axis(pd.RangeIndex(1, len(text) + 1), axis="index")


def _list(rejected: pd.DataFrame) -> str:
    faults = zip(rejected["row"], rejected["reason"], strict=True)
    rows = [f"fila {row} ({reason})" for row, reason in faults]
    more = f" y {len(rows) - SHOWN} más" if len(rows) > SHOWN else ""
    return ", ".join(rows[:SHOWN]) + more


def _write(predictions: pd.DataFrame, target: Path) -> None:
    csv = target.suffix == ".csv"
    content = predictions.to_csv(index=False).encode() if csv else tables.parquet_bytes(predictions)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise TitanicError(
            f"No se puede escribir {target}: {error.strerror}.",
            "Comprueba que la carpeta existe, tiene espacio y se puede escribir.",
        ) from error
