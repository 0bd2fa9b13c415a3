"""Questions at the end of a lesson."""

import pytest

from taller.lab.questions import quiz

QUESTION = {
    "question": "¿2 + 2?",
    "right": "4",
    "wrong": ["3", "5"],
    "why": "Cuenta con los dedos.",
}


def ask(**changed: object):
    arguments = QUESTION | changed
    return quiz(arguments.pop("question"), **arguments)


def test_only_the_right_option_explains_why():
    html = ask()._repr_html_()
    assert html.count("Cuenta con los dedos.") == 1
    assert html.count("No es esa.") == 2


def test_the_options_keep_their_order_between_runs():
    assert ask().options == ask().options
    assert sorted(ask().options) == ["3", "4", "5"]


def test_what_an_author_writes_is_not_taken_for_html():
    assert "<b>" not in ask(right="<b>4</b>")._repr_html_()


def test_the_text_form_does_not_give_the_answer_away():
    assert "dedos" not in repr(ask())


@pytest.mark.parametrize("wrong", [[], ["4"]])
def test_a_question_without_a_real_choice_is_refused(wrong: list[str]):
    with pytest.raises(ValueError, match="wrong options"):
        ask(wrong=wrong)
