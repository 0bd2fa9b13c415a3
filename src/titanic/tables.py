"""Tables as bytes: CSV and Parquet, written the same way each time."""

import io
from pathlib import Path

import pandas as pd

from titanic.errors import BadInputError

MISSING = ["", "?"]
"""How titanic3 and its copies write a missing value."""


def parse_csv(content: bytes, origin: str) -> pd.DataFrame:
    """Every field as text, missing ones as NA, rows numbered from 1.

    Raises:
        BadInputError: `content` is not a CSV table in UTF-8; the message names `origin`.
    """
    try:
        table = pd.read_csv(
            io.BytesIO(content), dtype=str, na_values=MISSING, keep_default_na=False
        )
    except (ValueError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise BadInputError(
            f"{origin} no es un CSV legible: {str(error).strip()}.",
            "Comprueba que es un fichero CSV en UTF-8, con una fila de encabezados.",
        ) from error
    if table.empty or not isinstance(table.index, pd.RangeIndex):
        raise BadInputError(
            f"{origin} no tiene filas de datos bajo sus encabezados.",
            "Comprueba que cada fila tiene tantos campos como la de encabezados.",
        )
    return table.set_axis(pd.RangeIndex(1, len(table) + 1), axis="index")


def read_parquet(path: Path, origin: str) -> pd.DataFrame:
    """The Parquet table at `path`.

    Raises:
        BadInputError: it is not Parquet; the message names `origin`.
    """
    try:
        return pd.read_parquet(path)
    except (ValueError, OSError) as error:  # pyarrow's errors are subclasses of these
        raise BadInputError(
            f"{origin} no es un Parquet legible: {str(error).strip()}.",
            "Comprueba que el fichero está completo.",
        ) from error


def parquet_bytes(table: pd.DataFrame) -> bytes:
    """`table` as Parquet; equal tables give equal bytes."""
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def schema_of(table: pd.DataFrame) -> dict[str, str]:
    """The type of each column by name."""
    return {str(name): str(kind) for name, kind in table.dtypes.items()}
