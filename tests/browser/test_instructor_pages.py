"""Feedback and report in a real browser: readable, printable, and nothing of a student's runs."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from taller.catalog import load_catalog
from taller.grading.ledger import Adjustment, Head, Ledger
from taller.grading.marks import Mark, Marks, Rubric, rubrics
from taller.grading.pages import Overview, report_page
from taller.grading.publish import publish
from taller.grading.verdicts import no_verdict, without_run
from taller.result import CheckResult, Result
from taller.workspace import repository

pytestmark = pytest.mark.browser

LARGEST_SCREENSHOT = 150_000
"""Bytes; the screenshots are kept in the repository."""
A4_PX = round((210 - 2 * 18) / 25.4 * 96)
"""Width of the text on paper, in CSS pixels: A4 less the margins of ``@page``."""
PHONE_PX = 360
HOSTILE = "mallory <img src=x onerror=\"document.title='hacked'\"> & cía"
CATALOG = load_catalog(repository())
RUBRICS = rubrics(CATALOG)
MESSAGES = {
    "gold_volume_exists": "No encuentro el volumen «carla_gold». Lo que hay: carla_oro, carla_raw.",
    "outputs_name_volumes": "El output «gold_volume» debe valer «carla_gold» y vale «carla_oro».",
    "plan_is_empty": "El plan todavía quiere cambiar: docker_volume.gold.",
}
ATTACK = "</style><script>document.title='hacked'</script>\nNo encuentro el volumen."
# Every class of marks is here; each student fails as many checks as the number says.
STUDENTS = {
    "ana.garcía": 0, "bruno.ruiz": 1, "carla.peña": 4, "diego.muñoz": 3, "elena.soto": 1,
    "fátima.alonso": 0, "gonzalo.vidal": 4, "íñigo.sanz": 2, "julia.martín": 0, "lucía.ortega": 1,
    "marcos.gil": 6, "noa.ibáñez": 1, HOSTILE: 3,
}  # fmt: skip


def graded(rubric: Rubric, student: str, failing: int) -> Result:
    """A verdict in which the last checks do not pass."""
    passing = len(rubric.checks) - failing
    checks = tuple(
        CheckResult(c.id, c.title, c.points, c.points, True)
        if number < passing
        else CheckResult(c.id, c.title, 0, c.points, False, said(student, c.id), *c.hints[:1])
        for number, c in enumerate(rubric.checks)
    )
    points = sum(check.points for check in checks)
    exercise = rubric.exercise
    return Result(exercise.id, "graded", points, exercise.points, checks, student=student)


def said(student: str, check: str) -> str:
    """What a check that does not pass says; an attacker makes it repeat something."""
    return ATTACK if student == HOSTILE else MESSAGES.get(check, "Todavía no es como se pide.")


def verdicts() -> Iterator[Result]:
    """A small class: mostly graded, and one of each other status."""
    ej04, ej05, ej06, ej08 = (CATALOG.exercise(name) for name in ("ej04", "ej05", "ej06", "ej08"))
    odd = {
        ("gonzalo.vidal", "ej04"): without_run(
            ej04, "timeout", "Tu notebook no terminó en 60 s de procesador."
        ),
        (HOSTILE, "ej05"): without_run(
            ej05, "policy_violation",
            "No se ha ejecutado. main.tf: los provisioners ejecutan programas; aquí no se admiten.",
        ),
        ("marcos.gil", "ej06"): without_run(
            ej06, "invalid_notebook", "El notebook termina antes de tiempo (línea 3, columna 17). "
            "Probablemente se cortó al subirlo: descárgalo otra vez de Jupyter y entrégalo.",
        ),
        ("noa.ibáñez", "ej08"): no_verdict(
            ej08, "Traceback (most recent call last):\ndocker.errors.APIError: 500 Server Error"
        ),
    }  # fmt: skip
    for student, failing in STUDENTS.items():
        for number, (exercise, rubric) in enumerate(RUBRICS.items()):
            usual = graded(rubric, student, max(0, failing - number % 3))
            yield replace(odd.get((student, exercise), usual), student=student)


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class as it is published."""
    folder = tmp_path_factory.mktemp("out")
    with Ledger(folder / "ledger.db") as ledger:
        for verdict in verdicts():
            ledger.record("key", verdict)
        ledger.adjust(
            Adjustment("carla.peña", "ej01", "", 1, "Explicó bien en clase qué le faltaba.",
                       "Marta Soler")
        )  # fmt: skip
        publish(folder, CATALOG, ledger, [*STUDENTS, "omar.sin.entregas"])
    return folder


class Reader:
    """Somebody with a browser window, and all that the browser complained about or asked for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        page.on("request", lambda request: self.asked.append(request.url))

    def open(self, path: Path) -> Page:
        """Open a file of this machine, as by a double click."""
        self.page.goto(path.as_uri())
        return self.page

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.page.evaluate(wider))


Open = Callable[..., Reader]


@pytest.fixture
def reader(browser: Browser) -> Iterator[Open]:
    """Makes readers; the arguments are those of a browser context."""
    contexts = []

    def make(width: int = 1280, **options: object) -> Reader:
        viewport = {"width": width, "height": 800}
        context = browser.new_context(viewport=viewport, locale="es-ES", **options)  # type: ignore[arg-type] # options of playwright's own
        contexts.append(context)
        return Reader(context.new_page())

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def photograph(tmp_path: Path) -> Callable[[Page, str], Path]:
    """Saves ``<name>.png`` in the folder ``TALLER_SCREENSHOTS``, else in this test's own."""
    folder = Path(os.environ.get("TALLER_SCREENSHOTS") or tmp_path)

    def save(page: Page, name: str) -> Path:
        page.screenshot(path=folder / f"{name}.png", full_page=name == "feedback")
        return folder / f"{name}.png"

    return save


def feedback(output: Path, student: str, exercise: str = "ej01") -> Path:
    return output / "feedback" / student / f"{exercise}.html"


def test_a_student_reads_the_feedback_without_a_complaint_of_the_browser(
    reader: Open, output: Path, photograph: Callable[[Page, str], Path]
) -> None:
    someone = reader(900)
    path = feedback(output, "carla.peña")
    page = someone.open(path)
    expect(page.get_by_role("heading", name="ej01 · Provider y volúmenes")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("6 de 10 puntos")
    expect(page.get_by_text("Otras comprobaciones: 0 de 1 puntos")).to_be_visible()
    expect(page.get_by_text("Explicó bien en clase qué le faltaba.")).to_be_visible()
    assert someone.asked == [path.as_uri()]
    assert photograph(page, "feedback").stat().st_size < LARGEST_SCREENSHOT
    assert someone.complaints == []


def test_an_instructor_finds_from_the_report_what_to_look_at(
    reader: Open, output: Path, photograph: Callable[[Page, str], Path]
) -> None:
    someone = reader()
    page = someone.open(output / "report.html")
    expect(page.get_by_role("img", name="Estudiantes por puntos totales")).to_be_visible()
    assert photograph(page, "report").stat().st_size < LARGEST_SCREENSHOT
    concern = page.locator("details", has_text="Rechazada por las normas: 1")
    concern.get_by_role("link", name="comentarios").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ej05 · Módulos")
    expect(page.get_by_text("los provisioners ejecutan programas")).to_be_visible()
    page.go_back()
    page.get_by_role("row", name=re.compile("marcos.gil")).get_by_role("link").nth(-3).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ej06 · Versionado de imágenes")
    assert someone.complaints == []
    assert all(url.startswith(output.as_uri()) for url in someone.asked)


@pytest.mark.parametrize("name", ["feedback", "report"])
def test_what_an_attacker_wrote_is_text(reader: Open, output: Path, name: str) -> None:
    someone = reader()
    path = output / "report.html" if name == "report" else feedback(output, HOSTILE)
    page = someone.open(path)
    expect(page.get_by_text(HOSTILE).first).to_be_visible()
    assert page.locator("img, script").count() == 0
    assert page.title() != "hacked"
    assert someone.complaints == []


INJECTED = {
    "script": "<script>document.title='hacked'</script>",
    "image": "<img src='x.png' onerror=\"document.title='hacked'\">",
    "style": "<style>h1 { display: none }</style>",
    "frame": "<iframe srcdoc=\"<script>parent.document.title='hacked'</script>\"></iframe>",
}


@pytest.mark.parametrize("what", INJECTED)
def test_if_escaping_failed_the_policy_would_still_hold_and_say_so(
    reader: Open, output: Path, tmp_path: Path, what: str
) -> None:
    text = feedback(output, "ana.garcía").read_text("utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(text.replace("<main>", f"<main>{INJECTED[what]}"), "utf-8")
    someone = reader()
    page = someone.open(broken)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.title() != "hacked"
    refused = [line for line in someone.complaints if "Content Security Policy" in line]
    assert refused, f"the {what} was let in: {someone.complaints}"


def test_everything_can_be_read_without_javascript(reader: Open, output: Path) -> None:
    someone = reader(java_script_enabled=False)
    page = someone.open(output / "report.html")
    table = page.locator("details", has_text="Los mismos datos en una tabla").locator("table")
    expect(table).to_be_hidden()
    page.get_by_text("Los mismos datos en una tabla").click()
    expect(table).to_be_visible()
    someone.open(feedback(output, "diego.muñoz"))
    expect(page.get_by_text("Pista.").first).to_be_visible()


@pytest.mark.parametrize("name", ["feedback", "report"])
def test_a_phone_shows_a_page_without_scrolling_sideways(
    reader: Open, output: Path, name: str
) -> None:
    someone = reader(PHONE_PX, device_scale_factor=2)
    someone.open(output / "report.html" if name == "report" else feedback(output, "diego.muñoz"))
    assert someone.overflow() == 0


@pytest.mark.parametrize("name", ["feedback", "report"])
def test_a_page_fits_the_width_of_the_paper(
    reader: Open, output: Path, name: str, tmp_path: Path
) -> None:
    someone = reader(A4_PX)
    path = output / "report.html" if name == "report" else feedback(output, "diego.muñoz")
    page = someone.open(path)
    page.emulate_media(media="print")
    assert someone.overflow() == 0
    page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    sheets = re.findall(rb"/Type\s*/Page\b", (tmp_path / "page.pdf").read_bytes())
    assert len(sheets) <= (1 if name == "feedback" else 4)


CONTRAST = """() => {
  const channel = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = c => .2126 * channel(c[0]) + .7152 * channel(c[1]) + .0722 * channel(c[2]);
  const read = text => text.match(/[\\d.]+/g).map(Number);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = read(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own || e.closest('svg')) continue;
    const [a, b] = [light(read(getComputedStyle(e).color)), light(behind(e))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) low.push(`${ratio.toFixed(2)} ${e.className} ${e.textContent.trim()}`);
  }
  return low;
}"""
"""Texts whose contrast is below level AA of WCAG 2.2 (1.4.3), by its formula."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["feedback", "report"])
def test_every_text_stands_out_enough_by_day_and_by_night(
    reader: Open, output: Path, name: str, scheme: str
) -> None:
    someone = reader(color_scheme=scheme)
    page = someone.open(
        output / "report.html" if name == "report" else feedback(output, "diego.muñoz")
    )
    assert page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("name", ["feedback", "report"])
def test_a_screen_reader_finds_its_way(reader: Open, output: Path, name: str) -> None:
    page = reader().open(
        output / "report.html" if name == "report" else feedback(output, "diego.muñoz")
    )
    for landmark in ("banner", "main", "contentinfo"):
        expect(page.get_by_role(landmark)).to_have_count(1)
    assert page.locator("html").get_attribute("lang") == "es"
    assert page.locator("th:not([scope])").count() == 0
    assert page.locator("section:not([aria-labelledby])").count() == 0
    names = "sections => sections.filter(s => !document.getElementById(s.ariaLabelledby ?? "
    names += "s.getAttribute('aria-labelledby')))"
    assert page.locator("section").evaluate_all(f"{names}.length") == 0


def test_a_class_of_three_thousand_opens_at_once(reader: Open, tmp_path: Path) -> None:
    marks: Marks = {
        f"estudiante{number:04}": {
            exercise.id: Mark("graded", 1, "", number % 11, number % 11, 10, (), ())
            for exercise in CATALOG.exercises
        }
        for number in range(3000)
    }
    path = tmp_path / "report.html"
    path.write_text(report_page(CATALOG, marks, Overview(), [], Head()), "utf-8")
    someone = reader()
    page = someone.open(path)
    page.locator("summary", has_text="estudiante2900").click()
    expect(page.get_by_role("row", name=re.compile("estudiante2999"))).to_be_visible()
    loaded = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
    assert page.evaluate(loaded) < 10_000
