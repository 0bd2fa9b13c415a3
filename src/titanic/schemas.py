"""The contract of each layer boundary, as pandera schemas.

Messages of the checks are in Spanish: they become the reasons beside rejected rows.
"""

from typing import Any

import pandas as pd
import pandera.pandas as pa

from titanic.errors import BadInputError

REQUIRED = (
    *("pclass", "name", "sex", "age", "sibsp", "parch"),
    *("ticket", "fare", "cabin", "embarked"),
)
"""Columns that describe a passenger, as titanic3 names them."""
OUTCOME = "survived"
LEAKS = ("boat", "body")
"""Known only after the outcome: a lifeboat's number, a body's number."""


def _text(*checks: pa.Check, nullable: bool = False) -> pa.Column:
    return pa.Column("object", [_is_text, *checks], nullable=nullable)


_is_text = pa.Check(
    lambda values: values.map(lambda value: isinstance(value, str)), error="no es un texto"
)


def _choice(*values: object, kind: str = "object", nullable: bool = False) -> pa.Column:
    allowed = ", ".join(map(str, values))
    return pa.Column(
        kind, pa.Check.isin(values, error=f"no es uno de {allowed}"), nullable=nullable
    )


def _number(low: float, high: float, kind: str, nullable: bool = False) -> pa.Column:
    check = pa.Check.in_range(low, high, error=f"fuera de {low} a {high}")
    return pa.Column(kind, check, nullable=nullable)


RAW = pa.DataFrameSchema(
    {name: pa.Column(nullable=True) for name in (*REQUIRED, OUTCOME)},
    strict=False,  # raw keeps whatever else the source brings
)

PASSENGER = pa.DataFrameSchema(
    {
        "passenger_id": pa.Column("int64", pa.Check.ge(1), unique=True),
        "pclass": _choice(1, 2, 3, kind="Int64"),
        "name": _text(),
        "sex": _choice("female", "male"),
        "age": _number(0, 120, "float64", nullable=True),
        "sibsp": _number(0, 20, "Int64"),
        "parch": _number(0, 20, "Int64"),
        "ticket": _text(),
        "fare": _number(0, 1000, "float64", nullable=True),
        "cabin": _text(nullable=True),
        "embarked": _choice("C", "Q", "S", nullable=True),
    },
    strict=True,
)
"""A passenger without the outcome: what predict takes."""

SILVER = PASSENGER.add_columns({OUTCOME: _choice(0, 1, kind="Int64")})

FEATURES = pa.DataFrameSchema(
    {
        "passenger_id": pa.Column("int64", unique=True),
        "pclass": _choice(1, 2, 3, kind="int64"),
        "sex": _choice("female", "male"),
        "age": _number(0, 120, "float64", nullable=True),
        "sibsp": _number(0, 20, "int64"),
        "parch": _number(0, 20, "int64"),
        "embarked": _choice("C", "Q", "S", "U"),
        "title": _choice("Mr", "Mrs", "Miss", "Master", "Rare"),
        "family_size": _number(1, 41, "int64"),
        "is_alone": _choice(0, 1, kind="int64"),
        "deck": _choice(*"ABCDEFGTU"),
        "ticket": _text(),
        "ticket_group_size": pa.Column("int64", pa.Check.ge(1)),
        "fare_per_person": _number(0, 1000, "float64", nullable=True),
        "family": _text(nullable=True),
    },
    strict=True,
)
"""The features of a passenger, without the outcome: what the model takes."""

GOLD = FEATURES.add_columns(
    {OUTCOME: _choice(0, 1, kind="int64"), "split": _choice("train", "test")}
)


def check(table: pd.DataFrame, schema: pa.DataFrameSchema, where: str) -> pd.DataFrame:
    """`table` itself when it keeps the contract of `where`.

    Raises:
        BadInputError: it does not; the message names each column and what is wrong with it.
    """
    failures = violations(table, schema)
    if failures.empty:
        return table
    faults = sorted({describe(row) for row in failures.to_dict("records")})
    raise BadInputError(
        f"{where} no cumple su esquema: {'; '.join(faults)}.",
        "Vuelve a ejecutar la etapa que lo produce, o corrige el fichero de entrada.",
    )


def violations(table: pd.DataFrame, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """One row a violation: column, check, index of the row (None for the whole table)."""
    try:
        schema.validate(table, lazy=True)
    except pa.errors.SchemaErrors as error:
        return pd.DataFrame(error.failure_cases)
    return pd.DataFrame(columns=["column", "check", "failure_case", "index"])


def describe(violation: dict[Any, Any]) -> str:
    """A violation in words, for a person."""
    reasons = {
        "not_nullable": "falta el valor",
        "column_in_dataframe": "falta la columna",
        "column_in_schema": "sobra la columna",
        "field_uniqueness": "valor repetido",
    }
    column = violation["column"]
    subject = violation["failure_case"] if pd.isna(column) else column
    reason = str(violation["check"])
    return f"{subject}: {reasons.get(reason, reason)}"
