"""Students read what happened to their answer and nothing hidden; nothing that they wrote runs."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taller.catalog import load_catalog
from taller.grading.ledger import Adjustment, Head, Row
from taller.grading.marks import Mark, Marks, Rubric, mark
from taller.grading.pages import Overview, feedback_page, report_page
from taller.grading.pages.histogram import Histogram
from taller.grading.pages.rendering import LONGEST, spanish_date, visible
from taller.grading.verdicts import no_verdict, without_run
from taller.result import REFUSED, UNJUDGED, CheckResult, Result

CATALOG = load_catalog(Path(__file__).parents[2])
RUBRIC = Rubric(CATALOG.exercise("ej01"))
HIDDEN = [check for check in RUBRIC.checks if check.hidden]
WHEN = "2026-11-23T09:05:00.000+00:00"
HOSTILE = [
    "<script>alert(1)</script>", "</style><script>alert(1)</script>", "javascript:alert(1)",
    '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)", "{{ 7 * 7 }}", "<!--", "&lt;b&gt;",
    "\u202egnp.exe", "\x00\x1b[31m", "\ud800", "a" * 5000,
]  # fmt: skip


def graded(failing: tuple[str, ...] = (), *, message: str = "Falta algo.") -> Result:
    """A verdict of the real rubric in which some checks do not pass."""
    checks = tuple(
        CheckResult(c.id, c.title, 0, c.points, False, message, next(iter(c.hints), ""))
        if c.id in failing
        else CheckResult(c.id, c.title, c.points, c.points, True)
        for c in RUBRIC.checks
    )
    return Result("ej01", "graded", sum(c.points for c in checks), 10, checks, student="ana")


def row(result: Result, *, when: str = WHEN, seq: int = 7) -> Row:
    own = (result.student, result.exercise, "key", result.to_json())
    return Row(seq, "verdict", *own, when, "0" * 64, "c0ffee")


def adjustment(points: int, check: str = "", *, row: int = 9, **own: str) -> Adjustment:
    own = {"student": "ana", "comment": "Lo explicó bien.", "who": "Marta Soler", **own}
    return Adjustment(exercise="ej01", check=check, points=points, when=WHEN, row=row, **own)


def page(result: Result, *adjustments: Adjustment) -> str:
    own = mark(row(result), result, RUBRIC, adjustments)
    return feedback_page(row(result), result, own, RUBRIC)


def report(*results: Result, adjustments: tuple[Adjustment, ...] = ()) -> str:
    overview, marks = Overview(), Marks()
    for result in results:
        own = mark(row(result), result, RUBRIC, [a for a in adjustments if a.student == "ana"])
        marks.setdefault(result.student, {})[result.exercise] = own
        overview.add(result, own, RUBRIC)
    return report_page(CATALOG, marks, overview, adjustments, Head(3, "beef"))


_APART = frozenset({"td", "th", "p", "dt", "dd", "h1", "h2", "summary"})


class Parsed(HTMLParser):
    """A page as a browser reads it: its elements, their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.words.append(" " if tag in _APART else "")
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))

    @property
    def links(self) -> list[str]:
        return [value for name, value in self.attributes if name == "href"]


# --- feedback -----------------------------------------------------------------


def test_a_page_says_the_points_and_each_visible_check_with_its_reason_and_hint() -> None:
    text = Parsed(page(graded(("prefix_variable",), message="No dice su tipo."))).text
    assert "ej01 · Provider y volúmenes" in text
    assert "9 de 10 puntos" in text
    assert "Intento 1 · 23 de noviembre de 2026, 09:05 UTC" in text
    for check in RUBRIC.checks:
        assert (check.title in text) is not check.hidden
    assert "No dice su tipo." in text
    assert "Una variable se declara antes de usarla." in text


def test_whether_a_check_passed_is_said_in_words_besides_the_sign_and_the_colour() -> None:
    text = Parsed(page(graded(("prefix_variable",)))).text
    assert text.count("✓Pasa") == len(RUBRIC.checks) - len(HIDDEN) - 1
    assert text.count("✗No pasa") == 1


def test_hidden_checks_are_one_line_with_their_points_and_no_text_of_theirs() -> None:
    secret = "El secreto de la comprobación"
    text = page(graded(tuple(c.id for c in HIDDEN[:1]), message=secret))
    assert "Otras comprobaciones: 0 de 1 puntos" in text
    assert secret not in text
    for check in HIDDEN:
        assert check.id not in text
        assert check.title not in text


@pytest.mark.parametrize("change", [{"id": "old_name"}, {"title": "Lo que antes era secreto"}])
def test_a_check_that_the_rubric_no_longer_has_is_taken_for_a_hidden_one(
    change: dict[str, str],
) -> None:
    result = graded(("prefix_variable",), message="Antes era secreto.")
    old = [replace(c, **change) if c.id == "prefix_variable" else c for c in result.checks]
    text = page(replace(result, checks=tuple(old)))
    assert "secreto" not in text
    assert "old_name" not in text
    assert "Otras comprobaciones: 1 de 2 puntos" in text


def test_flags_are_for_instructors_alone() -> None:
    assert "NameError" not in page(replace(graded(), flags=("celda 5: NameError",)))


@pytest.mark.parametrize(
    ("status", "reason", "title"),
    [
        ("policy_violation", "main.tf: los provisioners ejecutan programas.", "aquí no se admite"),
        ("invalid_notebook", "El notebook termina antes de tiempo (línea 3).", "no se pudo leer"),
    ],
)
def test_a_verdict_without_a_run_says_once_why_and_what_to_do(
    status: str, reason: str, title: str
) -> None:
    text = Parsed(page(without_run(RUBRIC.exercise, status, reason))).text  # type: ignore[arg-type] # one of the statuses
    assert title in text
    assert text.count(reason) == 1
    assert "Qué hacer." in text
    assert "0 de 10 puntos" in text
    assert text.count("\u2013Sin ejecutar") == len(RUBRIC.checks) - len(HIDDEN)


def test_a_run_that_was_stopped_keeps_its_points_and_says_once_why() -> None:
    reason = "Tu notebook esperó 30 s sin que nada avanzara."
    regular = graded(("volumes_exist", "plan_is_empty"))
    checks = tuple(
        one if one.passed else replace(one, message=f"{one.message} {reason}")
        for one in regular.checks
    )
    late = replace(regular, status="timeout", checks=checks, flags=(reason, "celda 5: NameError"))
    text = Parsed(page(late)).text
    assert "Tu notebook no llegó al final" in text
    assert text.count(reason) == 1
    assert f"{late.score} de 10 puntos" in text
    assert "Sin ejecutar" not in text
    assert "NameError" not in text


def test_what_terraform_refused_is_told_once_and_first_and_unjudged_checks_are_grey() -> None:
    reason = f"{REFUSED}:\nmain.tf, línea 2: nmae = 1\nUnsupported argument."
    regular = graded(("volumes_exist", "plan_is_empty"))
    checks = tuple(
        one if one.passed else replace(one, message=f"{UNJUDGED}: {reason}", hint="")
        for one in regular.checks
    )
    text = Parsed(page(replace(regular, checks=checks))).text
    assert text.count("main.tf, línea 2: nmae = 1") == 1
    assert text.index("main.tf, línea 2") < text.index("Comprobaciones")
    assert (
        text.count("\u2013Sin comprobar") == text.count("antes hay que arreglar lo de arriba") > 0
    )
    assert "Pista" not in text


def test_a_fault_of_the_grader_has_no_points_and_does_not_blame_the_student() -> None:
    broken = replace(no_verdict(RUBRIC.exercise, "Traceback: docker"), student="ana")
    text = Parsed(page(broken, adjustment(2))).text
    assert "no es culpa tuya" in text
    assert "todavía sin nota, de 10 puntos" in text
    assert "Traceback" not in text
    assert "Contarán cuando haya nota." in text


def test_adjustments_are_shown_with_why_who_and_when() -> None:
    text = Parsed(
        page(graded(("outputs_name_volumes",)), adjustment(1, "outputs_name_volumes"))
    ).text
    assert "9 de 10 puntos" in text
    assert "Los outputs dan el nombre de cada volumen" in text
    assert "Lo explicó bien." in text
    assert "Marta Soler · 23 de noviembre de 2026" in text
    assert "Las comprobaciones dan 8; con los ajustes, 9." in text


def test_an_adjustment_of_a_hidden_check_does_not_name_it() -> None:
    text = page(graded((HIDDEN[0].id,)), adjustment(1, HIDDEN[0].id))
    assert "<b>Otras comprobaciones</b>" in text
    assert HIDDEN[0].id not in text


@pytest.mark.parametrize(("points", "score"), [(+5, 10), (-99, 0)])
def test_adjustments_stay_between_nothing_and_all_points(points: int, score: int) -> None:
    result = graded(("prefix_variable",))
    assert mark(row(result), result, RUBRIC, [adjustment(points)]).score == score
    assert "no da menos de 0 puntos ni más de 10" in page(result, adjustment(points))


def test_the_row_of_the_ledger_is_printed_as_a_proof() -> None:
    assert "7:c0ffee" in page(graded())


# --- nothing that anybody wrote runs --------------------------------------------


def policy_of(text: str) -> str:
    return re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)[1]  # type: ignore[index] # each page has one


@pytest.mark.parametrize("text", [page(graded()), report(graded())], ids=["feedback", "report"])
def test_the_policy_admits_the_page_s_own_style_sheet_and_nothing_else(text: str) -> None:
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = policy_of(text).replace("&#39;", "'")
    assert policy.split("; ") == [
        "default-src 'none'", f"style-src 'sha256-{digest}'", "base-uri 'none'",
        "form-action 'none'",
    ]  # fmt: skip
    found = Parsed(text)
    assert not {"script", "link", "img", "iframe", "form", "object"} & {*found.elements}
    assert not [name for name, _ in found.attributes if name == "style" or name.startswith("on")]


def shape(text: str) -> tuple[list[str], list[str]]:
    found = Parsed(text)
    return found.elements, [name for name, _ in found.attributes]


def everywhere(text: str) -> tuple[str, str]:
    """Both pages with a text in every place that somebody else than the authors fills."""
    result = replace(graded(("outputs_name_volumes",), message=text), student=text, flags=(text,))
    broken = replace(no_verdict(RUBRIC.exercise, text), student=text)
    change = adjustment(1, student=text, comment=text, who=text)
    return page(result, change), report(result, broken, adjustments=(change,))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_changes_nothing_of_the_pages(text: str) -> None:
    for hostile, harmless in zip(everywhere(text), everywhere("texto"), strict=True):
        assert shape(hostile) == shape(harmless)
        hostile.encode()


LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


@given(st.text(st.characters(exclude_characters=LINE_ENDS), min_size=1))
def test_whatever_a_student_wrote_the_pages_keep_their_shape(text: str) -> None:
    test_hostile_text_is_shown_and_changes_nothing_of_the_pages(text)


def test_what_reorders_or_hides_text_shows_its_code() -> None:
    assert visible("ana\u202egnp") == "ana⟨U+202E⟩gnp"
    assert visible("\x00\x1b\ufeff\ud800") == "⟨U+0000⟩⟨U+001B⟩⟨U+FEFF⟩⟨U+D800⟩"
    assert visible("España\u00a0y\tmás\n") == "España\u00a0y\tmás\n"


@given(st.text())
def test_visible_text_is_the_same_when_it_is_made_visible_again(text: str) -> None:
    assert visible(visible(text)) == visible(text)
    visible(text).encode()


def test_a_huge_message_is_cut_and_says_so() -> None:
    text = page(graded(("outputs_name_volumes",), message="x" * 1_000_000))
    assert f"{'x' * LONGEST}… (recortado)" in text
    assert len(text) < 30_000


# --- report -------------------------------------------------------------------


def test_the_report_counts_statuses_and_points_at_what_to_look_at() -> None:
    slow = replace(without_run(RUBRIC.exercise, "timeout", "No terminó."), student="bea")
    broken = replace(no_verdict(RUBRIC.exercise, "Traceback\nAPIError: 500"), student="carlos")
    text = Parsed(report(graded(), slow, broken))
    assert "Entregas 3" in text.text
    assert "Sin terminar a tiempo: 1" in text.text
    assert "APIError: 500" in text.text
    for name in ("bea", "carlos"):
        assert f"feedback/{name}/ej01.html" in text.links
        assert f"results/{name}/ej01.json" in text.links


def test_the_hardest_checks_come_first_and_only_verdicts_on_answers_count() -> None:
    first = graded(("outputs_name_volumes", "prefix_variable"))
    second = replace(graded(("outputs_name_volumes", HIDDEN[0].id)), student="bea")
    slow = replace(without_run(RUBRIC.exercise, "timeout", "No terminó."), student="carlos")
    text = Parsed(report(first, second, slow)).text
    assert text.index("2 de 2") < text.index("1 de 2")
    assert re.search(rf"{re.escape(HIDDEN[0].title)} ?oculta", text)


def test_the_report_says_mean_and_median_of_each_exercise() -> None:
    failing = {"ana": (), "bea": ("outputs_name_volumes",), "carlos": ("prefix_variable",)}
    results = [replace(graded(ids), student=name) for name, ids in failing.items()]
    assert "ej01 Provider y volúmenes 3 9 / 10 9 1" in Parsed(report(*results)).text


def test_the_report_says_which_adjustments_are_older_than_the_verdict() -> None:
    old = adjustment(1, row=6)
    text = report(graded(("outputs_name_volumes",)), adjustments=(old, adjustment(1)))
    assert text.count("anterior al veredicto") == 1
    assert "3:beef" in text


def test_links_lead_to_the_files_whatever_a_student_is_called() -> None:
    for name in ("javascript:alert(1)", "a b#c?d%e", "ñandú & cía", '"<>'):
        (link, *_) = Parsed(report(replace(graded(), student=name))).links
        parts = link.split("/")
        assert len(parts) == 3
        assert parts[0] == "feedback"
        assert re.fullmatch(r"[\w.~%-]+", parts[1])


def test_a_big_class_is_a_table_in_parts_and_long_lists_say_what_they_leave_out() -> None:
    results = [
        replace(without_run(RUBRIC.exercise, "timeout", "No terminó."), student=f"ana{n:04}")
        for n in range(1000)
    ]
    text = report(*results)
    assert "Se muestran 300 de 1000" in text
    assert len(re.findall(r"<summary><bdi>ana\d{4}</bdi> a <bdi>", text)) == 10
    assert text.count("<details open>") == 0


@given(st.lists(st.integers(0, 80)), st.integers(1, 200))
def test_a_histogram_counts_each_value_once_where_it_belongs(
    values: list[int], maximum: int
) -> None:
    values = [min(value, maximum) for value in values]
    bars = Histogram(values, maximum).bars
    assert [bar.count for bar in bars] == [
        sum(bar.low <= value <= bar.high for value in values) for bar in bars
    ]
    assert sum(bar.count for bar in bars) == len(values)


def test_the_histogram_is_told_in_words_too() -> None:
    assert Histogram([0, 3, 10], 10).text == "de 0 a 0: 1; de 3 a 3: 1; de 9 a 10: 1"
    assert Histogram([], 80).text == "sin datos"


def test_dates_that_are_none_stay_as_they_are() -> None:
    assert spanish_date("ayer") == "ayer"
    assert Mark("graded", 1, "", 1, 1, 1, (), ()).adjusted == 0
