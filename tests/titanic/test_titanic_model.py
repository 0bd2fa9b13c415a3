"""train and evaluate: honest figures, reproducible artefacts."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from titanic import layers, manifest, model, tables, validation
from titanic.group_survival import GroupSurvival
from titanic.manifest import Manifest
from titanic.settings import STAGES, Settings
from titanic.stages import features, ingest, train, transform

from .conftest import GOOD_ROW, Outcome

Command = Callable[..., Outcome]


def training_rows(settings: Settings) -> tuple[pd.DataFrame, "pd.Series[int]"]:
    table, _ = features.read(settings.layer("features"))
    rows = table[table["split"] == "train"].reset_index(drop=True)
    return rows[list(model.COLUMNS)], rows["survived"]


def document(settings: Settings, name: str) -> Any:
    return json.loads((settings.models_dir / name).read_text(encoding="utf-8"))


def test_train_publishes_the_model_with_all_that_describes_it(whole_run: Settings) -> None:
    layer = manifest.read(whole_run.models_dir)
    figures = {"roc.png", "calibration.png", "confusion.png", "importance.png"}
    written = {"model.pkl", "model.json", "metrics.json", "model_card.md", "evaluation.json"}
    assert set(layer.files) == figures | written
    for name in figures:
        with Image.open(whole_run.models_dir / name) as image:
            assert image.size == (660, 550)
    assert joblib.load(whole_run.models_dir / "model.pkl").predict_proba
    metrics = document(whole_run, "metrics.json")
    assert set(metrics["comparison"]) == set(model.candidates())
    assert metrics["train_rows"] + metrics["held_out_rows"] == 1309


def test_the_goal_is_reached_on_passengers_never_trained_on(whole_run: Settings) -> None:
    scores = document(whole_run, "metrics.json")["cross_validation"]
    evaluation = document(whole_run, "evaluation.json")
    assert scores["accuracy"]["mean"] >= 0.82
    assert scores["roc_auc"]["mean"] >= 0.88
    assert evaluation["rows"] == 262
    assert evaluation["accuracy"] >= 0.82 - 2 * evaluation["accuracy_standard_error"]
    assert np.sum(evaluation["confusion"]) == 262


@pytest.mark.parametrize("name", list(model.candidates()))
def test_with_outcomes_drawn_at_random_no_candidate_beats_chance(
    whole_run: Settings, name: str
) -> None:
    table, outcome = training_rows(whole_run)
    splits = validation.repeated_folds(outcome, 1, seed=3)
    areas = []
    for seed in range(2):
        drawn = outcome.sample(frac=1, random_state=seed).reset_index(drop=True)
        results = validation.evaluate_folds(model.candidates()[name], table, drawn, splits)
        areas.append(validation.summary(results)["roc_auc"]["mean"])
    assert np.mean(areas) == pytest.approx(0.5, abs=0.05)


def test_the_held_out_outcomes_do_not_touch_the_model(trained: Settings) -> None:
    folder = trained.layer("features")
    table, source = features.read(folder)
    opposite = table["survived"].where(table["split"] == "train", 1 - table["survived"])
    layers.publish(
        folder,
        {features.FILE: tables.parquet_bytes(table.assign(survived=opposite))},
        layer="features",
        stage="features",
        rows=source.rows,
        schema=source.schema,
        inputs=source.inputs,
    )
    before = model_bytes(manifest.read(trained.models_dir))
    assert model_bytes(train.run(trained)) == before


def frame(**columns: object) -> pd.DataFrame:
    return pd.DataFrame(columns).assign(sex="male")


def test_a_group_encodes_the_surprise_of_its_other_members() -> None:
    encoder = GroupSurvival(keys=("ticket",), profile=("sex",), shrinkage=1.0)
    table = frame(ticket=["a", "a", "a", "b", None])
    learnt = encoder.fit_transform(table, pd.Series([1, 1, 0, 0, 0]))
    expected = 2 / 5
    others = (1 - expected) + (0 - expected)
    assert learnt[0] == pytest.approx([others / 3, 2])  # its own outcome is left out
    assert learnt[3] == pytest.approx([0, 0])  # nobody else on that ticket
    assert learnt[4] == pytest.approx([0, 0])  # no ticket at all


def test_a_group_that_was_not_seen_encodes_as_nothing() -> None:
    encoder = GroupSurvival(keys=("ticket",), profile=("sex",))
    encoder.fit(frame(ticket=["a", "b"]), pd.Series([1, 0]))
    encoded = encoder.transform(frame(ticket=["a", "z", None]))
    assert encoded.tolist() == [[0.25, 1.0], [0.0, 0.0], [0.0, 0.0]]


def test_a_second_run_goes_through_every_stage_and_writes_the_same_bytes(
    command: Command, trained: Settings
) -> None:
    folders = (trained.data_dir, trained.models_dir)
    before = {path: path.read_bytes() for root in folders for path in files_under(root)}
    outcome = command("run")
    assert outcome.code == 0
    begun = [line.split(":")[0] for line in outcome.stderr.splitlines() if "empieza" in line]
    assert tuple(begun) == STAGES
    after = {path: path.read_bytes() for root in folders for path in files_under(root)}
    assert {path.name for path in before} >= {"model.pkl", "roc.png", "features.parquet"}
    assert {path: after.get(path) for path in before} == before
    # The model as it was between train and evaluate is the version before the current one.
    assert all("v-" in str(path) for path in after.keys() - before.keys())


def files_under(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def retrained(whole_run: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The course's exercise 3: gold mounted as the feature store, a model there already."""
    root = tmp_path_factory.mktemp("retrained")
    settings = Settings(root / "data", root / "models", experiment_name="prueba_ñ", cv_repeats=1)
    shutil.copytree(whole_run.layer("gold"), settings.layer("features"))
    shutil.copytree(whole_run.models_dir, settings.models_dir)
    train.run(settings)
    return settings


def test_train_works_on_gold_mounted_as_the_feature_store(
    whole_run: Settings, retrained: Settings
) -> None:
    models = (manifest.read(settings.models_dir) for settings in (whole_run, retrained))
    assert len({model_bytes(layer) for layer in models}) == 1


def test_training_again_withdraws_the_evaluation_of_the_model_before(retrained: Settings) -> None:
    assert "evaluation.json" not in manifest.read(retrained.models_dir).files
    assert not (retrained.models_dir / "evaluation.json").exists()


def test_the_experiment_is_recorded_in_metrics_and_card(retrained: Settings) -> None:
    assert document(retrained, "metrics.json")["experiment"] == "prueba_ñ"
    card = (retrained.models_dir / "model_card.md").read_text(encoding="utf-8")
    assert "**Experimento:** prueba_ñ" in card


def model_bytes(layer: Manifest) -> str:
    """SHA-256 of the layer's model.pkl."""
    return layer.files["model.pkl"].sha256


def test_evaluate_refuses_features_that_the_model_was_not_trained_on(
    command: Command, trained: Settings, passenger_file: Callable[..., Any]
) -> None:
    ingest.run(trained, str(passenger_file(GOOD_ROW)))
    transform.run(trained)
    features.run(trained)
    outcome = command("evaluate")
    assert outcome.code == 2
    assert "se entrenó con otros features" in outcome.last_line


def test_too_few_passengers_to_cross_validate_is_an_error(
    command: Command, settings: Settings, passenger_file: Callable[..., Any]
) -> None:
    ingest.run(settings, str(passenger_file(GOOD_ROW)))
    transform.run(settings)
    features.run(settings)
    outcome = command("train")
    assert outcome.code == 2
    assert "No hay datos suficientes para entrenar: 1 supervivientes" in outcome.last_line
