"""Folders for the layers, the command line, and one trained pipeline that tests may read."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from titanic import cli
from titanic.settings import Settings
from titanic.stages import evaluate, features, ingest, train, transform

HEADER = "pclass,survived,name,sex,age,sibsp,parch,ticket,fare,cabin,embarked,boat,body,home.dest"
GOOD_ROW = '1,1,"Allen, Miss. Elisabeth",female,29,0,0,24160,211.3375,B5,S,2,?,"St Louis, MO"'


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and what it said on stderr."""

    code: int
    stderr: str

    @property
    def last_line(self) -> str:
        return self.stderr.splitlines()[-1]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Empty layers, and a cross-validation of one repeat."""
    return Settings(tmp_path / "data", tmp_path / "models", cv_repeats=1)


@pytest.fixture
def command(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """Run `titanic.cli` on the layers of `settings`."""
    for name in ("MODE", "EXPERIMENT_NAME", "TITANIC_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TITANIC_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("TITANIC_MODELS_DIR", str(settings.models_dir))
    monkeypatch.setenv("TITANIC_CV_REPEATS", "1")

    def run(*arguments: object) -> Outcome:
        code = cli.main([str(argument) for argument in arguments])
        return Outcome(code, capsys.readouterr().err)

    return run


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Every layer of the shipped list, built once. Read it, do not change it."""
    root = tmp_path_factory.mktemp("whole_run")
    settings = Settings(root / "data", root / "models", cv_repeats=1)
    for stage in (ingest, transform, features, train, evaluate):
        stage.run(settings)
    return settings


@pytest.fixture
def trained(whole_run: Settings, settings: Settings) -> Settings:
    """A copy of the whole run that a test may change."""
    shutil.copytree(whole_run.data_dir, settings.data_dir)
    shutil.copytree(whole_run.models_dir, settings.models_dir)
    return settings


@pytest.fixture
def passenger_file(tmp_path: Path) -> Callable[..., Path]:
    """Write rows under titanic3's header and return the file."""

    def write(*rows: str, header: str = HEADER, name: str = "passengers.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    return write
