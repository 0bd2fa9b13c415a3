"""The questions of the lessons: what an author writes, and the form in which a notebook finds it.

Answers are packed, so that opening the file beside the notebooks does not tell them at a glance.
That is a courtesy to who wants to think first, not a secret: questions give no points.
"""

import base64
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from taller.catalog import ContentError, line_of, read_toml

FILE = Path("notebooks", "quizzes.json")
"""Where all questions are, below the repository or the release."""


@dataclass(frozen=True)
class Option:
    """One answer: its text, whether it is the right one, and the sentence for who picks it."""

    text: str
    right: bool
    why: str


@dataclass(frozen=True)
class Question:
    """A question with one right option.

    Attributes:
        id: the lesson and a number, ``05-3``.
        question: what is asked.
        options: in the order shown.
    """

    id: str
    question: str
    options: tuple[Option, ...]


def quiz_file(lesson: Path) -> Path:
    """Where the questions of a lesson are written."""
    return lesson.with_name(f"{lesson.stem}.quiz.toml")


def read_questions(path: Path) -> list[Question]:
    """Read the questions of one lesson.

    Raises:
        ContentError: one of them is not a question with one right option and a reason for each.
    """
    questions = []
    for raw in read_toml(path).get("questions", []):
        options = [_option(path, raw, option) for option in raw.get("options", [])]
        if sum(option.right for option in options) != 1 or len(options) < 2:
            raise _wrong(path, raw, "hacen falta varias opciones, y una sola con «right».")
        if len({option.text for option in options}) < len(options):
            raise _wrong(path, raw, "dos opciones dicen lo mismo.")
        options.sort(key=lambda option: sha256(f"{raw['id']}{option.text}".encode()).digest())
        questions.append(Question(raw["id"], raw["question"], tuple(options)))
    return questions


def _option(path: Path, raw: Mapping[str, Any], option: Mapping[str, Any]) -> Option:
    if not option.get("text") or not option.get("why"):
        raise _wrong(path, raw, "cada opción lleva «text» y «why», la frase para quien la elige.")
    return Option(option["text"], option.get("right", False), option["why"])


def _wrong(path: Path, raw: Mapping[str, Any], message: str) -> ContentError:
    line = line_of(path, f'id = "{raw.get("id", "")}"')
    return ContentError(path, line, f"pregunta {raw.get('id', '(sin id)')}: {message}")


def packed(questions: Iterable[Question]) -> str:
    """All questions as the text of ``FILE``."""
    found = {one.id: _pack(one) for one in questions}
    return json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _pack(question: Question) -> str:
    text = json.dumps(asdict(question), ensure_ascii=False, sort_keys=True)
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def unpacked(root: Path, id_: str) -> Question | None:
    """One question, or None when there is none of that id."""
    kept = json.loads((root / FILE).read_text("utf-8")).get(id_)
    if kept is None:
        return None
    raw = json.loads(zlib.decompress(base64.b64decode(kept)))
    options = tuple(Option(**option) for option in raw["options"])
    return Question(raw["id"], raw["question"], options)


def known_ids(root: Path) -> list[str]:
    """The ids of all questions."""
    return sorted(json.loads((root / FILE).read_text("utf-8")))
