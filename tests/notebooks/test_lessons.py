"""Every lesson runs headless from top to bottom on the real engine, and leaves nothing behind."""

from collections.abc import Callable
from pathlib import Path

import papermill
import pytest

from taller.catalog import Lesson, load_catalog

ROOT = Path(__file__).parents[2]
LESSONS = load_catalog(ROOT).lessons

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_a_lesson_runs_headless_and_leaves_nothing(
    lesson: Lesson, home: Path, prefix: str, found: Callable[..., list[str]], tmp_path: Path
) -> None:
    papermill.execute_notebook(
        ROOT / "notebooks" / f"{lesson.name}.ipynb", tmp_path / "out.ipynb",
        parameters={"prefix": prefix}, cwd=tmp_path, progress_bar=False, kernel_name="python3",
    )  # fmt: skip
    assert found() == []
