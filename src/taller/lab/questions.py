"""Questions at the end of a lesson: pick an option, read why, and find it again tomorrow."""

import difflib
import html
import json
from typing import Any

from taller.lab.errors import LabError
from taller.lab.files import replace_text
from taller.lab.shown import in_notebook
from taller.quizzes import Option, Question, known_ids, unpacked
from taller.workspace import home, repository

_GOOD, _BAD = "var(--jp-success-color0, #1b5e20)", "var(--jp-error-color0, #b71c1c)"


class Quiz:
    """A question; shows itself with its options, and the verdict on the one that was picked.

    Attributes:
        question: what is asked, and the options.
        answer: the option that the student picked, now or another day; None before.
    """

    def __init__(self, question: Question) -> None:
        self.question = question
        kept = _kept().get(question.id)
        self.answer = next((one for one in question.options if one.text == kept), None)

    def pick(self, option: Option) -> None:
        """Answer the question, and remember it for this student alone."""
        self.answer = option
        _keep(self.question.id, option.text)

    @property
    def verdict(self) -> str:
        """The sentence on the option that was picked; empty before."""
        if self.answer is None:
            return ""
        return f"{'✓ Sí.' if self.answer.right else '✗ No es esa.'} {self.answer.why}"

    def __repr__(self) -> str:
        letters = [f"  {_letter(n)}) {one.text}" for n, one in enumerate(self.question.options)]
        asked = [self.question.question, *letters]
        if self.answer is None:
            return "\n".join([*asked, f'Responde con quiz("{self.question.id}", "a").'])
        picked = _letter(self.question.options.index(self.answer))
        return "\n".join([*asked, f"Tu respuesta: {picked}. {self.verdict}"])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Buttons where there is a notebook, the text everywhere else."""
        bundle: dict[str, Any] = {"text/plain": repr(self)}
        if in_notebook():
            bundle |= self._widget()._repr_mimebundle_()
            bundle["text/plain"] = repr(self)
        return bundle

    def _widget(self) -> Any:
        import ipywidgets  # 0.2 s, and only a notebook shows it

        options = [(one.text, one) for one in self.question.options]
        radio = ipywidgets.RadioButtons(
            options=options, value=self.answer, layout={"width": "max-content"}
        )
        verdict = ipywidgets.HTML(self._verdict_html())

        def picked(change: Any) -> None:
            self.pick(change["new"])
            verdict.value = self._verdict_html()

        radio.observe(picked, names="value")
        title = ipywidgets.HTML(f"<b>{html.escape(self.question.question)}</b>")
        return ipywidgets.VBox([title, radio, verdict])

    def _verdict_html(self) -> str:
        if self.answer is None:
            return ""
        colour = _GOOD if self.answer.right else _BAD
        return f'<span style="color: {colour}">{html.escape(self.verdict)}</span>'


def quiz(id_: str, answer: str | None = None) -> Quiz:
    """Ask a question of the course.

    Args:
        id_: the lesson and the number of the question, ``"05-3"``.
        answer: a letter, to answer without a mouse.

    Raises:
        LabError: there is no such question, or no such option.
    """
    question = unpacked(repository(), id_)
    if question is None:
        known = known_ids(repository())
        close = difflib.get_close_matches(id_, known, n=1, cutoff=0.4) or known[:1]
        raise LabError(f"No hay ninguna pregunta «{id_}».", f"¿Querías decir {close[0]}?")
    asked = Quiz(question)
    if answer is not None:
        letters = {_letter(n): one for n, one in enumerate(question.options)}
        option = letters.get(answer.strip().lower())
        if option is None:
            raise LabError(
                f"La pregunta no tiene ninguna opción «{answer}».",
                f"Las opciones: {', '.join(letters)}.",
            )
        asked.pick(option)
    return asked


def _letter(number: int) -> str:
    return chr(ord("a") + number)


def _kept() -> dict[str, str]:
    """Question → the text of the option that was picked: an order may change, a text says what."""
    try:
        found = json.loads((home() / "quizzes.json").read_text("utf-8"))
    except (OSError, ValueError):  # nothing was answered yet, or a crash left half a file
        return {}
    return found if isinstance(found, dict) else {}


def _keep(id_: str, text: str) -> None:
    home().mkdir(parents=True, exist_ok=True)
    replace_text(home() / "quizzes.json", json.dumps(_kept() | {id_: text}, ensure_ascii=False))
