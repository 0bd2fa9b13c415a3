"""A case of the corpus: read strictly, and put into the official answers."""

import json
from pathlib import Path

import pytest

from taller.catalog import ContentError, load_catalog
from taller.trials.case import Case, read_cases

CATALOG = load_catalog(Path(__file__).parents[2])
EJ01 = CATALOG.exercise("ej01")
SOLUTIONS = {"ej01": json.loads(CATALOG.solution(EJ01).read_text("utf-8"))}


def read(folder: Path, text: str) -> Case:
    (folder / "ej01_one.toml").write_text(text, "utf-8")
    (case,) = read_cases(folder, CATALOG, SOLUTIONS)
    return case


def test_an_edit_changes_one_answer_and_an_added_cell_follows_another(tmp_path: Path) -> None:
    case = read(
        tmp_path,
        """
exercise = "ej01"
why = "…"
score = 9
[[edits]]
cell = "main_tf"
old = "_gold"
new = "_oro"
[[added]]
after = "main_tf"
source = "1 + 1"
""",
    )
    cells = case.notebook(SOLUTIONS["ej01"])["cells"]
    place = next(i for i, cell in enumerate(cells) if cell["id"] == "answer-main_tf")
    assert "_oro" in "".join(cells[place]["source"])
    assert cells[place + 1]["source"] == ["1 + 1"]
    assert (case.status, case.score, case.fails) == ("graded", 9, None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('exercise = "ej01"\nwhy = "…"', "score"),
        ('exercise = "ej01"\nwhy = "…"\nscore = 1\npoints = 2', "points"),
        ('exercise = "ej01"\nwhy = "…"\nscore = 1\n[answers]\nno = "x"', "no"),
        ('exercise = "ej01"\nwhy = "…"\nscore = 1\n[[added]]\nafter = "no"\nsource = "1"', "no"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_case_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ContentError, match=says):
        read(tmp_path, text)
