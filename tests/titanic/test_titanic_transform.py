"""transform: what silver keeps, what it sets aside, and why."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from titanic import conform, manifest, schemas
from titanic.settings import Settings
from titanic.stages import ingest, transform

from .conftest import GOOD_ROW, Outcome

PassengerFile = Callable[..., Path]
Command = Callable[..., Outcome]


def test_silver_holds_every_passenger_of_the_list_and_no_leak(whole_run: Settings) -> None:
    silver = manifest.read(whole_run.layer("silver"))
    table = pd.read_parquet(whole_run.layer("silver") / transform.FILE)
    assert silver.rows == len(table) == 1309
    assert not set(schemas.LEAKS) & set(table.columns)
    assert silver.details["dropped_leaks"] == ["boat", "body"]
    assert table["age"].isna().sum() == 263  # written "?" in the source
    assert silver.schema["age"] == "float64"


BAD_ROWS = {
    '4,1,"A, Mr. B",male,30,0,0,T1,7,?,S,?,?,?': "pclass: no es uno de 1, 2, 3",
    '1,?,"A, Mr. B",male,30,0,0,T2,7,?,S,?,?,?': "survived: falta el valor",
    '1,1,"A, Mr. B",otro,30,0,0,T3,7,?,S,?,?,?': "sex: no es uno de female, male",
    '1,1,"A, Mr. B",male,x,0,0,T4,7,?,S,?,?,?': "age: no es un número válido",
    '1,1,"A, Mr. B",male,130,0,0,T5,7,?,S,?,?,?': "age: fuera de 0 a 120",
    '1,1,"A, Mr. B",male,30,0.5,0,T6,7,?,S,?,?,?': "sibsp: no es un número válido",
    '1,1,"A, Mr. B",male,30,0,0,?,7,?,S,?,?,?': "ticket: falta el valor",
    '1,1,"A, Mr. B",male,30,0,0,T8,-7,?,S,?,?,?': "fare: fuera de 0 a 1000",
    '1,1,"A, Mr. B",male,30,0,0,T9,7,?,X,?,?,?': "embarked: no es uno de C, Q, S",
    GOOD_ROW: "fila repetida",
}


def test_bad_rows_are_set_aside_with_the_reason(
    settings: Settings, passenger_file: PassengerFile
) -> None:
    ingest.run(settings, str(passenger_file(GOOD_ROW, *BAD_ROWS)))
    published = transform.run(settings)
    rejected = pd.read_parquet(settings.layer("silver") / transform.REJECTED)
    assert published.rows == 1
    assert published.details["rejected_rows"] == len(BAD_ROWS)
    assert rejected["reason"].tolist() == list(BAD_ROWS.values())
    assert rejected["row"].tolist() == list(range(2, len(BAD_ROWS) + 2))
    assert rejected["ticket"].iloc[0] == "T1"  # the row as it came
    assert published.details["rejected_reasons"]["age: fuera de 0 a 120"] == 1


def test_every_fault_of_a_row_is_told(settings: Settings, passenger_file: PassengerFile) -> None:
    ingest.run(
        settings,
        str(passenger_file(GOOD_ROW, '9,1,"A, Mr. B",male,x,0,0,T,7,?,S,?,?,?')),
    )
    transform.run(settings)
    reason = pd.read_parquet(settings.layer("silver") / transform.REJECTED)["reason"].item()
    assert reason == "age: no es un número válido; pclass: no es uno de 1, 2, 3"


def test_a_source_without_one_good_row_is_an_error(
    command: Command, settings: Settings, passenger_file: PassengerFile
) -> None:
    ingest.run(settings, str(passenger_file(next(iter(BAD_ROWS)))))
    outcome = command("transform")
    assert outcome.code == 2
    assert "Ninguna de las 1 filas" in outcome.last_line
    assert not settings.layer("silver").exists()


cells = st.one_of(st.none(), st.text(max_size=8), st.integers().map(str), st.floats().map(str))


@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(cells, min_size=11, max_size=11), min_size=1, max_size=3))
def test_whatever_the_cells_hold_each_row_is_either_kept_or_set_aside(
    rows: list[list[str | None]],
) -> None:
    raw = pd.DataFrame(rows, columns=[*schemas.REQUIRED, schemas.OUTCOME], dtype="object")
    accepted, rejected = conform.split_rejected(raw)
    assert len(accepted) + len(rejected) == len(rows)
    assert rejected["reason"].str.len().gt(0).all()


def test_a_missing_raw_layer_says_what_to_run(command: Command) -> None:
    outcome = command("transform")
    assert outcome.code == 2
    assert "«ingest»" in outcome.last_line


def test_a_raw_layer_that_is_no_folder_is_named(command: Command, settings: Settings) -> None:
    settings.data_dir.mkdir()
    settings.layer("raw").write_text("")
    outcome = command("transform")
    assert outcome.code == 2
    assert "No se puede leer" in outcome.last_line


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"files": {"x": 1}}', b"\xff"])
def test_a_damaged_manifest_is_named(command: Command, settings: Settings, content: bytes) -> None:
    ingest.run(settings)
    path = settings.layer("raw") / manifest.MANIFEST
    path.write_bytes(content)
    outcome = command("transform")
    assert outcome.code == 2
    assert str(path) in outcome.last_line


def test_a_raw_file_that_was_changed_by_hand_is_refused(
    command: Command, settings: Settings
) -> None:
    ingest.run(settings)
    with (settings.layer("raw") / ingest.FILE).open("a") as stream:
        stream.write(GOOD_ROW)
    outcome = command("transform")
    assert outcome.code == 2
    assert "está dañado" in outcome.last_line
