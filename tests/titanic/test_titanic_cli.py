"""The command line: help, stages, the course's variables, exit codes."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from titanic import cli, manifest
from titanic.settings import Settings

from .conftest import Outcome

Command = Callable[..., Outcome]

HEAVY = ("numpy", "pandas", "pandera", "pyarrow", "sklearn", "matplotlib", "scipy")


def modules_after(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after `code`."""
    script = f"{code}\nimport sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def test_help_loads_nothing_heavy() -> None:
    code = "from titanic.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    assert not modules_after(code) & set(HEAVY)


@pytest.mark.parametrize(
    ("stages", "unused"),
    [
        ("ingest, transform, features", {"sklearn", "scipy", "matplotlib"}),
        ("evaluate, predict", {"matplotlib"}),
    ],
)
def test_stages_load_only_what_they_use(stages: str, unused: set[str]) -> None:
    assert not modules_after(f"from titanic.stages import {stages}") & unused


@pytest.mark.parametrize("stage", ["", *cli.HELP])
def test_every_stage_has_help_in_spanish(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*([stage] if stage else []), "--help"])
    printed = capsys.readouterr().out
    assert ended.value.code == 0
    assert printed.startswith(f"Uso: titanic {stage}".rstrip())
    assert "TITANIC_CV_REPEATS" in printed
    assert not {"usage:", "options:", "positional arguments:"} & set(printed.splitlines())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "No has indicado ninguna etapa"),
        (["entrenar"], "No existe la etapa «entrenar»"),
        (["predict"], "Argumentos no válidos"),
        (["train", "--source", "x"], "Argumentos no válidos"),
    ],
)
def test_wrong_arguments_end_with_code_2(
    command: Command, arguments: list[str], words: str
) -> None:
    outcome = command(*arguments)
    assert outcome.code == 2
    assert words in outcome.last_line


@pytest.mark.parametrize("arguments", [[], ["run"], ["ingest"]])
def test_mode_names_the_stage(
    command: Command, settings: Settings, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("MODE", "ingest")
    assert command(*arguments).code == 0
    assert manifest.read(settings.layer("raw")).rows == 1309
    assert not settings.layer("silver").exists()


def test_a_mode_that_contradicts_the_stage_is_an_error(
    command: Command, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODE", "train")
    outcome = command("ingest")
    assert outcome.code == 2
    assert "MODE=train contradice la etapa «ingest»" in outcome.last_line
    assert not settings.data_dir.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("MODE", "entrenar"), ("TITANIC_CV_REPEATS", "0"), ("TITANIC_CV_REPEATS", "²")],
)
def test_a_variable_with_a_wrong_value_is_named(
    command: Command, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    outcome = command("ingest" if name != "MODE" else "run")
    assert outcome.code == 2
    assert name in outcome.last_line


def test_the_run_id_appears_in_the_log_alone(
    command: Command, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TITANIC_RUN_ID", "run-2024")
    outcome = command("ingest")
    assert "run-2024" in outcome.stderr
    assert "run-2024" not in manifest.read(settings.layer("raw")).to_json()


def test_the_module_runs_as_a_program_and_its_exit_code_tells(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "titanic.cli", "transform"],
        env={"TITANIC_DATA_DIR": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("Error: La capa")
