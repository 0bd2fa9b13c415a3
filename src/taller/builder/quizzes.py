"""The questions of all lessons, checked against the cells that ask them."""

import re
from pathlib import Path

from taller.catalog import ContentError, Lesson
from taller.quizzes import Question, quiz_file, read_questions

_ASKED = re.compile(r'^quiz\("([^"]+)"\)[ \t]*$', re.MULTILINE)
_CALL = re.compile(r"^\s*quiz\(", re.MULTILINE)


def lesson_questions(lesson: Lesson) -> list[Question]:
    """The questions of a lesson, each asked in one cell that says nothing but its id.

    Raises:
        ContentError: a question is not asked, or asked and not written.
    """
    text = lesson.path.read_text("utf-8")
    path = quiz_file(lesson.path)
    asked = _ASKED.findall(text)
    calls = [text[: call.end()].count("\n") + 1 for call in _CALL.finditer(text)]
    if len(calls) != len(asked):
        message = 'una pregunta es una línea, quiz("NN-1"): lo demás va en su .quiz.toml.'
        raise ContentError(lesson.path, calls[0], message)
    questions = read_questions(path) if asked or path.is_file() else []
    _agree(lesson, path, asked, [one.id for one in questions])
    return questions


def _agree(lesson: Lesson, path: Path, asked: list[str], written: list[str]) -> None:
    expected = [f"{lesson.id}-{number}" for number in range(1, len(asked) + 1)]
    if asked != expected:
        raise ContentError(lesson.path, 1, f"las preguntas se llaman, en orden: {expected}.")
    if written != expected:
        raise ContentError(path, 1, f"el cuaderno pregunta {asked} y aquí están {written}.")
