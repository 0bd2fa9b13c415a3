"""``taller build`` writes what content/ says; ``--check`` only says what differs."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from taller.cli import taller

ROOT = Path(__file__).parents[2]
EJ01 = "ej01_provider_y_volumenes"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with exercise 1 alone, which the command line takes for its own."""
    shutil.copytree(ROOT / "content/exercises" / EJ01, tmp_path / "content/exercises" / EJ01)
    shutil.copytree(ROOT / "content/release", tmp_path / "content/release")
    monkeypatch.setattr("taller.commands.authoring.repository", lambda: tmp_path)
    return tmp_path


def run(*args: str) -> Result:
    return CliRunner().invoke(taller, args)


def test_build_check_names_what_differs_and_writes_nothing(root: Path) -> None:
    result = run("build", "--check")
    assert result.exit_code == 1
    assert f"falta  exercises/{EJ01}.ipynb" in result.output
    assert "taller build" in result.output
    assert not (root / "exercises").exists()


def test_build_writes_and_then_everything_agrees(root: Path) -> None:
    assert run("build").exit_code == 0
    assert (root / "solutions" / f"{EJ01}.ipynb").is_file()
    checked = run("build", "--check")
    assert (checked.exit_code, checked.output) == (0, "2 notebooks al día.\n")


def test_build_check_sees_one_changed_byte(root: Path) -> None:
    run("build")
    path = root / "solutions" / f"{EJ01}.ipynb"
    path.write_text(path.read_text().replace("silver", "bronze", 1))
    result = run("build", "--check")
    assert result.exit_code == 1
    assert f"distinto  solutions/{EJ01}.ipynb" in result.output
    assert "bronze" in path.read_text()


def test_release_says_where_it_is(root: Path, tmp_path: Path) -> None:
    (root / "src/taller/commands").mkdir(parents=True)
    result = run("release", "-o", str(tmp_path / "dist"))
    assert result.exit_code == 0, result.output
    assert (tmp_path / "dist/taller-titanic/exercises" / f"{EJ01}.ipynb").is_file()
    assert str(tmp_path / "dist/taller-titanic.zip") in result.output


def test_list_shows_every_exercise() -> None:
    result = run("list")
    assert result.exit_code == 0
    assert "ej01  Provider y volúmenes (10 puntos)" in result.output
