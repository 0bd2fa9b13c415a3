"""What ``make test`` runs: a test that is in no layer tests nothing."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = [
    folder.name
    for folder in sorted((ROOT / "tests").iterdir())
    if any("mark.engine" in path.read_text("utf-8") for path in folder.glob("**/test_*.py"))
]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_with_tests_that_need_an_engine_is_in_a_layer(folder: str) -> None:
    recipes = (ROOT / "Makefile").read_text("utf-8").split()
    assert f"tests/{folder}" in recipes
