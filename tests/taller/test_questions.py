"""Questions at the end of a lesson: out of sight until answered, and remembered afterwards."""

import json
from pathlib import Path

import pytest

from taller.builder import render
from taller.builder.quizzes import lesson_questions
from taller.catalog import ContentError, Lesson, load_catalog
from taller.lab.errors import LabError
from taller.lab.questions import Quiz, quiz
from taller.quizzes import FILE, known_ids, quiz_file, unpacked
from taller.workspace import repository

GOOD = """[[questions]]
id = "05-1"
question = "¿2 + 2?"
options = [
  { text = "4", right = true, why = "Cuenta con los dedos." },
  { text = "5", why = "Te sobra uno." },
]
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A student's own folder."""
    monkeypatch.setenv("TALLER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def written(tmp_path: Path, cells: str, toml: str) -> Lesson:
    path = tmp_path / "05_prueba.py"
    path.write_text(cells, "utf-8")
    quiz_file(path).write_text(toml, "utf-8")
    return Lesson("05", "prueba", "Prueba", path)


def test_every_option_of_every_lesson_has_a_sentence_of_its_own() -> None:
    lessons = load_catalog(repository()).lessons
    found = [question for lesson in lessons for question in lesson_questions(lesson)]
    assert len(found) == 3 * len(lessons)
    whys = [option.why for question in found for option in question.options]
    assert len(set(whys)) == len(whys) >= 117


def test_the_notebooks_say_nothing_but_the_id_of_a_question() -> None:
    rendered = render(repository())
    visible = "".join(text for path, text in rendered.items() if path.parts[0] == "notebooks")
    for id_ in known_ids(repository()):
        question = unpacked(repository(), id_)
        assert question is not None
        assert f'"quiz(\\"{id_}\\")"' in visible
        for option in question.options:
            assert option.why not in visible
    assert "right" not in rendered[FILE]


def test_a_question_shows_its_options_and_no_verdict() -> None:
    shown = repr(quiz("05-3"))
    assert shown.count(") ") == 3
    assert "✓" not in shown
    assert "✗" not in shown
    assert 'Responde con quiz("05-3", "a")' in shown


def test_each_answer_gets_its_own_sentence_and_is_remembered() -> None:
    asked = quiz("05-3")
    for option in asked.question.options:
        asked.pick(option)
        assert option.why in asked.verdict
        assert asked.verdict.startswith("✓" if option.right else "✗")
        assert option.why in repr(quiz("05-3")), "another kernel finds it again"
    assert quiz("05-2").answer is None


def test_an_answer_is_kept_in_the_students_own_folder(home: Path) -> None:
    quiz("00-1", "B")
    assert list(json.loads((home / "quizzes.json").read_text("utf-8"))) == ["00-1"]


def test_half_a_file_of_answers_is_no_reason_to_fail(home: Path) -> None:
    home.mkdir()
    (home / "quizzes.json").write_text("{", "utf-8")
    assert quiz("00-1").answer is None
    assert quiz("00-1", "a").verdict


def test_the_buttons_answer_as_the_letters_do() -> None:
    asked = quiz("05-3")
    _, radio, verdict = asked._widget().children
    assert radio.value is None
    radio.value = asked.question.options[1]
    assert asked.question.options[1].why[:20] in verdict.value
    assert Quiz(asked.question)._widget().children[1].value == asked.question.options[1]


@pytest.mark.parametrize(
    ("arguments", "message"), [(("05-33",), "¿Querías decir 05-3?"), (("05-3", "z"), "a, b, c")]
)
def test_a_question_or_an_option_that_is_not_there_is_named(
    arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(LabError, match=message.replace("?", r"\?")):
        quiz(*arguments)


@pytest.mark.parametrize(
    ("cells", "toml", "message"),
    [
        ('quiz("05-1")\n', GOOD.replace("right = true, ", ""), "una sola con «right»"),
        ('quiz("05-1")\n', GOOD.replace(', why = "Te sobra uno."', ""), "cada opción lleva"),
        ('quiz("05-1")\n', GOOD.replace('"5"', '"4"'), "dicen lo mismo"),
        ('quiz("05-2")\n', GOOD, "se llaman, en orden"),
        ('quiz("05-1")\nquiz("05-2")\n', GOOD, "aquí están"),
        ('quiz(\n    "05-1",\n    right="4",\n)\n', GOOD, "una pregunta es una línea"),
    ],
)
def test_what_an_author_forgets_is_told_with_its_place(
    tmp_path: Path, cells: str, toml: str, message: str
) -> None:
    with pytest.raises(ContentError, match=message):
        lesson_questions(written(tmp_path, cells, toml))


def test_a_good_question_of_an_author_is_read(tmp_path: Path) -> None:
    (question,) = lesson_questions(written(tmp_path, 'quiz("05-1")\n', GOOD))
    assert sorted(option.text for option in question.options) == ["4", "5"]
