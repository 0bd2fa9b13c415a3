"""A student opens JupyterLab, types answers, and reads what the workshop says about them."""

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from taller.builder.wrong import answers
from taller.catalog import load_catalog
from taller.workspace import repository

pytestmark = [pytest.mark.browser, pytest.mark.engine]

EXERCISE = "exercises/ej01_provider_y_volumenes.ipynb"
LARGEST_SCREENSHOT = 200_000
"""Bytes; the screenshots are kept in the repository."""
PATIENCE_MS = 120_000
"""How long a cell may take on a machine that runs other tests too."""

Photograph = Callable[[Locator, str], Path]


class Student:
    """What a student does and sees in the notebook that is open in front."""

    def __init__(self, page: Page, url: Callable[[str], str]) -> None:
        self.page = page
        self.asked: list[str] = []
        self._url = url
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("websocket", lambda opened: self.asked.append(opened.url))

    def open(self, path: str = "") -> None:
        """Open a file of the workshop; without a path, what JupyterLab shows by itself."""
        self.page.goto(self._url(f"lab/tree/{path}" if path else ""))
        self.page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        self.page.get_by_text("| Idle").wait_for()

    def cell(self, source: str) -> Locator:
        """The code cell whose source contains a text."""
        editor = self.page.locator(".jp-InputArea-editor").filter(has_text=source)
        return self.page.locator(".jp-CodeCell").filter(has=editor)

    def answer(self, cell: Locator, text: str) -> None:
        """Replace what is in a cell, as from the keyboard."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        # One input for all lines: the editor would indent typed lines a second time.
        self.page.keyboard.insert_text(text)

    def run_all(self) -> None:
        """Choose Run → Ejecutar todas las celdas."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^(Run|Ejecutar)$")).click()
        entry = self.page.locator(".lm-Menu-itemLabel")
        entry.get_by_text("Ejecutar todas las celdas", exact=True).click()

    def photograph(self, output: Locator, path: Path) -> None:
        """Save the window as the student sees it, with an output in its middle."""
        output.evaluate("shown => shown.scrollIntoView({block: 'center'})")
        self.page.wait_for_timeout(300)  # the notebook's toolbar fades
        self.page.screenshot(path=path)


@pytest.fixture
def student(browser: Browser, jupyterlab: Callable[[str], str]) -> Iterator[Student]:
    """A student with an empty window, 1280 pixels wide."""
    page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="es-ES")
    yield Student(page, jupyterlab)
    page.close()


@pytest.fixture
def photograph(student: Student, tmp_path: Path) -> Photograph:
    """Saves ``lab-<name>.png`` in the folder ``TALLER_SCREENSHOTS``, else in this test's own."""
    folder = Path(os.environ.get("TALLER_SCREENSHOTS") or tmp_path)

    def save(output: Locator, name: str) -> Path:
        path = folder / f"lab-{name}.png"
        student.photograph(output, path)
        return path

    return save


@pytest.fixture(scope="module")
def right() -> dict[str, str]:
    """The answers of the solution, by file."""
    catalog = load_catalog(repository())
    text = catalog.solution(catalog.exercise("ej01")).read_text("utf-8")
    return answers(json.loads(text))


def hosts(asked: list[str]) -> set[str | None]:
    """The machines that a page asked; data and blob addresses ask nobody."""
    parts = [urlsplit(url) for url in asked]
    return {part.hostname for part in parts if part.scheme not in ("data", "blob")}


def test_jupyterlab_opens_on_the_page_that_shows_the_way_and_asks_nobody_else(
    student: Student,
) -> None:
    student.open()
    expect(student.page).to_have_url(re.compile("00_bienvenida"))
    expect(student.page.locator(".jp-Dialog")).to_have_count(0)
    expect(student.page.locator(".jp-toast, .Toastify__toast")).to_have_count(0)
    assert hosts(student.asked) == {"127.0.0.1"}


def test_a_question_answers_each_option_and_remembers_what_was_picked(
    student: Student, desk: Path, photograph: Photograph
) -> None:
    notebook = json.loads((desk / "notebooks/05_organizacion_terraform.ipynb").read_text("utf-8"))
    cells = [c for c in notebook["cells"] if "".join(c["source"]) in ('quiz("05-3")',)]
    first = cells[0] | {"id": "first", "source": ["from taller import quiz"]}
    asked = notebook | {"cells": [first, *cells]}
    (desk / "notebooks/pregunta.ipynb").write_text(json.dumps(asked), "utf-8")
    student.open("notebooks/pregunta.ipynb")
    student.run_all()
    question = student.cell('quiz("05-3")')
    question.get_by_text("solo revisa el formato").click()
    expect(question).to_contain_text("✗ No es esa. Del formato se ocupa terraform fmt")
    question.get_by_text("comprueba el plan y no crea nada").click()
    expect(question).to_contain_text("✓ Sí. Por eso es rápido")
    photograph(question, "quiz")
    student.run_all()
    expect(question).to_contain_text("✓ Sí. Por eso es rápido")
    assert hosts(student.asked) == {"127.0.0.1"}


def test_a_wrong_answer_gets_its_reason_and_a_hint_and_the_right_one_a_green_card(
    student: Student, right: dict[str, str], prefix: str, photograph: Photograph
) -> None:
    student.open(EXERCISE)
    student.answer(student.cell("%%hcl versions.tf"), right["versions_tf"])
    wrong = right["main_tf"].replace("${var.prefix}_gold", "${var.prefix}_oro")
    student.answer(student.cell("%%hcl main.tf"), wrong)
    student.answer(student.cell("%%hcl outputs.tf"), right["outputs_tf"])
    student.run_all()

    check = student.cell('lab.check("raw_volume_exists"')
    card = check.locator(".t-box.warn")
    row = card.locator("tr", has_text="El volumen gold existe en Docker")
    expect(row.locator(".mark")).to_have_text("✗")
    expect(row).to_contain_text(f"{prefix}_gold")
    row.get_by_text("Quiero una pista").click()
    expect(row.get_by_text("Mira qué nombres salen en lab.docker.volumes()")).to_be_visible()
    assert photograph(card, "failed").stat().st_size < LARGEST_SCREENSHOT

    student.answer(student.cell("%%hcl main.tf"), right["main_tf"])
    student.run_all()
    expect(student.cell("lab.teardown()")).to_contain_text("Recogido")
    for source in ('lab.check("required_provider"', 'lab.check("raw_volume_exists"',
                   'lab.check("plan_is_empty"'):  # fmt: skip
        expect(student.cell(source).locator(".t-box")).to_have_class("t-box good")
    assert photograph(check.locator(".t-box.good"), "green").stat().st_size < LARGEST_SCREENSHOT

    picture = student.cell("lab.picture()").locator("svg[role=img]")
    for layer in ("raw", "silver", "gold"):
        expect(picture.get_by_text(f"{prefix}_{layer}", exact=False).last).to_be_visible()
    assert photograph(picture, "picture").stat().st_size < LARGEST_SCREENSHOT
    assert hosts(student.asked) == {"127.0.0.1"}
