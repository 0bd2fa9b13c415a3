"""predict: probabilities for a file of passengers, or an error and no file."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from titanic import layers, manifest
from titanic.settings import Settings
from titanic.stages import transform

from .conftest import GOOD_ROW, HEADER, Outcome

PassengerFile = Callable[..., Path]
Command = Callable[..., Outcome]


def test_each_passenger_gets_a_probability(
    command: Command, trained: Settings, passenger_file: PassengerFile, tmp_path: Path
) -> None:
    man = '3,0,"Nadie, Mr. Juan",male,40,0,0,999999,7.25,?,S,?,?,?'
    target = tmp_path / "predictions.csv"
    assert command("predict", passenger_file(GOOD_ROW, man), "-o", target).code == 0
    table = pd.read_csv(target)
    assert table.columns.tolist() == ["passenger_id", "name", "survival_probability", "survives"]
    assert table["survival_probability"].between(0, 1).all()
    assert table["survives"].tolist() == [1, 0]


def test_parquet_gives_what_csv_gives(command: Command, trained: Settings, tmp_path: Path) -> None:
    silver = pd.read_parquet(trained.layer("silver") / transform.FILE).head(50)
    silver.to_parquet(tmp_path / "in.parquet")
    silver.drop(columns=["survived", "passenger_id"]).to_csv(tmp_path / "in.csv", index=False)
    for kind in ("csv", "parquet"):
        outcome = command(
            "predict", tmp_path / f"in.{kind}", "-o", tmp_path / f"out_{kind}.parquet"
        )
        assert outcome.code == 0, outcome.stderr
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "out_csv.parquet"),
        pd.read_parquet(tmp_path / "out_parquet.parquet"),
    )


def expect_refusal(outcome: Outcome, target: Path, words: str) -> None:
    assert outcome.code == 2
    assert words in outcome.last_line
    assert target.read_text() == "before"
    assert [path.name for path in target.parent.iterdir()] == [target.name]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A file of earlier predictions, alone in its folder."""
    path = tmp_path / "out" / "predictions.csv"
    path.parent.mkdir()
    path.write_text("before")
    return path


@pytest.mark.parametrize(
    ("header", "rows", "words"),
    [
        (HEADER.replace("sex", "sexo"), [GOOD_ROW], "faltan las columnas: sex."),
        (HEADER, [GOOD_ROW.replace(",29,", ",veinte,")], "fila 1 (age: no es un número válido)"),
        (HEADER, [], "no tiene filas de datos"),
    ],
)
def test_a_wrong_table_is_refused_and_earlier_predictions_stay(
    command: Command,
    trained: Settings,
    passenger_file: PassengerFile,
    target: Path,
    header: str,
    rows: list[str],
    words: str,
) -> None:
    source = passenger_file(*rows, header=header)
    expect_refusal(command("predict", source, "-o", target), target, words)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("truncated.parquet", b"PAR1\x00\x01", "no es un Parquet legible"),
        ("picture.csv", b"\x89PNG\x00\xff", "no es un CSV legible"),
        ("passengers.xlsx", b"PK", "no acaba en .csv ni en .parquet"),
    ],
)
def test_a_corrupt_file_is_refused(
    command: Command, trained: Settings, tmp_path: Path, target: Path, name: str,
    content: bytes, words: str,
) -> None:  # fmt: skip  # one argument a line would be longer than the test
    (tmp_path / name).write_bytes(content)
    expect_refusal(command("predict", tmp_path / name, "-o", target), target, words)


def test_an_absent_file_is_refused(
    command: Command, trained: Settings, tmp_path: Path, target: Path
) -> None:
    outcome = command("predict", tmp_path / "absent.csv", "-o", target)
    expect_refusal(outcome, target, "No se puede leer")


def test_without_a_model_it_says_to_train(
    command: Command, passenger_file: PassengerFile, target: Path
) -> None:
    outcome = command("predict", passenger_file(GOOD_ROW), "-o", target)
    expect_refusal(outcome, target, "«train»")


def test_a_model_with_one_changed_byte_is_never_unpickled(
    command: Command, trained: Settings, passenger_file: PassengerFile, target: Path
) -> None:
    published = manifest.read(trained.models_dir).files["model.pkl"]
    path = trained.models_dir / published.path
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    outcome = command("predict", passenger_file(GOOD_ROW), "-o", target)
    expect_refusal(outcome, target, "está dañado")


@pytest.mark.parametrize("package", ["titanic", "scikit-learn", "numpy"])
def test_a_model_of_another_version_is_refused(
    command: Command, trained: Settings, passenger_file: PassengerFile, target: Path, package: str
) -> None:
    layer = manifest.read(trained.models_dir)
    files = {name: (trained.models_dir / name).read_bytes() for name in layer.files}
    description = json.loads(files["model.json"])
    description["versions"][package] = "0.9"
    files["model.json"] = json.dumps(description).encode()
    layers.publish(
        trained.models_dir, files, layer="models", stage="train", rows=1, schema={}, inputs={}
    )
    outcome = command("predict", passenger_file(GOOD_ROW), "-o", target)
    expect_refusal(outcome, target, f"{package} 0.9 →")


def test_a_target_that_cannot_be_written_is_named(
    command: Command, trained: Settings, passenger_file: PassengerFile, tmp_path: Path
) -> None:
    outcome = command("predict", passenger_file(GOOD_ROW), "-o", tmp_path / "absent" / "out.csv")
    assert outcome.code == 1
    assert "No se puede escribir" in outcome.last_line
