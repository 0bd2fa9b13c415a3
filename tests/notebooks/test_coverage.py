"""Everything in the course document is taught somewhere, and ``content/COVERAGE.md`` says where."""

import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]

COURSE = {
    "Objetivos, 1": ("Concepts of the language",),
    "Objetivos, 2": ("Resources of the Docker provider",),
    "Objetivos, 3": ("Data Engineering and Data Science apart",),
    "Objetivos, 4": ("on the Titanic pipeline",),
    "Objetivos, 5": ("CI/CD", "Versions", "Deployment"),
    "Prerrequisitos": ("Terraform", "Docker", "Git", "Python"),
    "1, tabla": (
        "Provider Docker", "docker_image", "docker_container", "docker_network", "docker_volume",
        "docker_registry_image", "Authentication", "Variables", "Outputs", "Remote backends",
        "Modules",
    ),
    "1, ejemplo": ("Minimal provider", "Building the pipeline's image", "Batch container"),
    "2, tabla": ("Data Engineering", "Data Science", "MLOps"),
    "3, lista": ("Raw", "Silver", "Gold", "Feature store", "Model artifacts"),
    "3, ejemplo": ("Five volumes",),
    "4, diagrama": ("The network", "The boxes", "The order"),
    "5, árbol": ("main.tf", "variables.tf", "outputs.tf", "versions.tf", "The whole tree"),
    "5, ejemplo": ("modules/data_layer/volumes.tf", "modules/ml_training/image.tf"),
    "6, tabla": ("image_tag", "run_id", "prefix", "image_repo"),
    "7, paso 1": ("infra/",),
    "7, paso 2": ("terraform init",),
    "7, paso 3": ("terraform plan",),
    "7, paso 4": ("terraform apply",),
    "7, paso 5": ("docker ps -a",),
    "7, paso 6": ("docker logs",),
    "7, paso 7": ("terraform destroy",),
    "8, paso 1": ("Lint",),
    "8, paso 2": ("Build the image", "docker push"),
    "8, paso 3": ("terraform fmt -check", "terraform validate"),
    "8, paso 4": ("terraform plan", "remote backend", "Review"),
    "8, paso 5": ("terraform apply", "main branch"),
    "9, lista": (
        "Deterministic build", "Semantic tags", "Remote backend", "Separate states",
        "Versioned modules", "drift",
    ),
    **{f"10, ejercicio {number}": ("",) for number in range(1, 9)},
    "11, lista": ("Orchestration", "Feature store", "Model registry", "Serving", "Observability"),
    "12": ("",),
}  # fmt: skip
"""Part of the course document → each objective, table row, example, step and practice in it."""


class Row(NamedTuple):
    """A line of the table."""

    section: str
    what: str
    notebook: str
    piece: str


def rows() -> list[Row]:
    """The table, without its head."""
    lines = (ROOT / "content" / "COVERAGE.md").read_text("utf-8").splitlines()
    cells = [
        [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in lines
        if line.startswith("|")
    ]
    return [
        Row(section, what, notebook, piece.strip("`"))
        for section, what, notebook, piece in cells[2:]
    ]


def plain(text: str) -> str:
    """Text to compare: no case, no code marks."""
    return text.replace("`", "").casefold()


@cache
def sources(notebook: str) -> tuple[str, ...]:
    """Each cell of a lesson, or of an exercise as students get it, or of its solution."""
    folders = ("notebooks", "exercises", "solutions")
    found = [ROOT / folder / f"{notebook}.ipynb" for folder in folders]
    return tuple(
        "".join(cell["source"])
        for path in found
        if path.is_file()
        for cell in json.loads(path.read_text("utf-8"))["cells"]
    )


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.section}: {row.what}")
def test_a_row_leads_to_a_cell(row: Row) -> None:
    assert sources(row.notebook), f"no hay ningún cuaderno {row.notebook}"
    assert any(row.piece in source for source in sources(row.notebook))


@pytest.mark.parametrize(
    ("section", "item"), [(section, item) for section, items in COURSE.items() for item in items]
)
def test_an_item_of_the_course_has_a_row(section: str, item: str) -> None:
    assert any(row.section == section and plain(item) in plain(row.what) for row in rows())
