"""From text as it was ingested to typed passengers, and what had to be set aside."""

import pandas as pd
from pandera.pandas import DataFrameSchema

from titanic import schemas
from titanic.errors import BadInputError

INTEGERS = ("pclass", "sibsp", "parch", schemas.OUTCOME)
DECIMALS = ("age", "fare")


def split_rejected(
    raw: pd.DataFrame, *, with_outcome: bool = True
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Typed passengers, and the rows set aside as they came, with ``row`` and ``reason``.

    Args:
        raw: text columns named as in titanic3, indexed by row number; others are left out.
        with_outcome: whether ``survived`` must be there too.

    Raises:
        BadInputError: a column is missing.
    """
    columns = [*schemas.REQUIRED, *([schemas.OUTCOME] if with_outcome else [])]
    require_columns(raw, columns)
    passengers, unreadable = _typed(raw[columns].astype("object"))
    schema = schemas.SILVER if with_outcome else schemas.PASSENGER
    reasons = _reasons(passengers, unreadable, raw, schema)
    accepted = passengers.drop(index=reasons.index).reset_index(drop=True)
    rejected = raw.loc[reasons.index].astype("object")
    rejected.insert(0, "row", reasons.index.to_numpy())
    rejected.insert(1, "reason", reasons.to_numpy())
    return schemas.check(accepted, schema, "La tabla silver"), rejected.reset_index(drop=True)


def require_columns(table: pd.DataFrame, columns: list[str], where: str = "la entrada") -> None:
    """Raise BadInputError naming every one of `columns` that `table` lacks."""
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise BadInputError(
            f"En {where} faltan las columnas: {', '.join(missing)}. "
            f"Hay: {', '.join(map(str, table.columns))}.",
            "Usa los nombres de titanic3 (minúsculas): " + ", ".join(columns) + ".",
        )


def _typed(text: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The columns with their types, and a mask of the values that could not be read."""
    table = text.apply(lambda column: column.str.strip().replace("", None))
    unreadable = pd.DataFrame(False, index=table.index, columns=table.columns)
    for name in table.columns.intersection([*INTEGERS, *DECIMALS]):
        numbers = pd.to_numeric(table[name], errors="coerce")
        whole = numbers.isna() | _is_integer(numbers) | (name in DECIMALS)
        unreadable[name] = table[name].notna() & (numbers.isna() | ~whole)
        kind = "float64" if name in DECIMALS else "Int64"
        table[name] = numbers.where(whole).astype(kind)
    table.insert(0, "passenger_id", table.index.to_numpy())
    return table, unreadable


def _is_integer(numbers: "pd.Series[float]") -> "pd.Series[bool]":
    """Without a fraction, and small enough for a float to hold it exactly."""
    return (numbers % 1 == 0) & (numbers.abs() < 2**53)


def _reasons(
    passengers: pd.DataFrame,
    unreadable: pd.DataFrame,
    raw: pd.DataFrame,
    schema: DataFrameSchema,
) -> "pd.Series[str]":
    """Why each rejected row was rejected, by row number; rows that pass are not in it."""
    found: dict[int, list[str]] = {}
    for name in unreadable.columns:
        for row in unreadable.index[unreadable[name]]:
            found.setdefault(row, []).append(f"{name}: no es un número válido")
    for violation in schemas.violations(passengers, schema).to_dict("records"):
        row, column = violation["index"], violation["column"]
        if not (column in unreadable and unreadable.at[row, column]):
            found.setdefault(row, []).append(schemas.describe(violation))
    if schemas.OUTCOME in passengers:  # asking twice about one passenger is no fault
        for row in raw.index[raw.duplicated()]:
            found.setdefault(row, []).append("fila repetida")
    series = pd.Series({row: "; ".join(why) for row, why in sorted(found.items())}, dtype=str)
    return series.astype("object")
