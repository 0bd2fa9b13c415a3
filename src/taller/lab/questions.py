"""Questions that check themselves: pick an option and its verdict appears, without JavaScript."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_STYLE = """
<style>
.taller-quiz { border: 1px solid var(--jp-border-color2, #ccc); border-radius: 6px;
  padding: .6em 1em; max-width: 46em; margin: 0; }
.taller-quiz legend { font-weight: 600; padding: 0 .4em; }
.taller-quiz label { display: block; padding: .2em 0; cursor: pointer; }
.taller-quiz .verdict { display: none; margin: .1em 0 .4em 1.9em; }
.taller-quiz input:checked ~ .verdict { display: block; }
.taller-quiz .right { color: var(--jp-success-color0, #1b5e20); }
.taller-quiz .wrong { color: var(--jp-error-color0, #b71c1c); }
</style>
"""


@dataclass(frozen=True)
class Quiz:
    """A question with one right option; shows itself in a notebook.

    Attributes:
        question: what is asked.
        options: every option, in the order shown.
        right: the option that is right.
        why: the reason, shown under the right option.
    """

    question: str
    options: tuple[str, ...]
    right: str
    why: str

    def _repr_html_(self) -> str:
        rows = "".join(self._row(option) for option in self.options)
        legend = f"<legend>{escape(self.question)}</legend>"
        return f'{_STYLE}<fieldset class="taller-quiz">{legend}{rows}</fieldset>'

    def _row(self, option: str) -> str:
        kind, text = (
            ("right", f"✓ Sí. {self.why}") if option == self.right else ("wrong", "✗ No es esa.")
        )
        return (
            f'<label><input type="radio" name="{_key(self.question)}"> {escape(option)}'
            f'<span class="verdict {kind}">{escape(text)}</span></label>'
        )

    def __repr__(self) -> str:
        letters = (f"  {chr(97 + i)}) {option}" for i, option in enumerate(self.options))
        return "\n".join([self.question, *letters])


def quiz(question: str, *, right: str, wrong: Sequence[str], why: str) -> Quiz:
    """Ask a question; the options are shuffled, always in the same way for the same question.

    Raises:
        ValueError: no wrong option, or the right one among them.
    """
    if not wrong or right in wrong:
        raise ValueError("a question needs wrong options, different from the right one")
    shuffled = sorted([right, *wrong], key=lambda option: _key(question + option))
    return Quiz(question, tuple(shuffled), right, why)


def _key(text: str) -> str:
    return "q" + hashlib.sha256(text.encode()).hexdigest()[:12]
