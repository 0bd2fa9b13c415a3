"""The prefix of a student's names in Docker: chosen once, and the same in every notebook."""

import os

from taller import workspace
from taller.errors import TallerError
from taller.lab.errors import LabError

_QUESTION = "¿Con qué palabra empezarán tus nombres en Docker? [{}] "


def chosen_prefix() -> str:
    """``TALLER_PREFIX``, else the one that lesson 00 asked for and kept, else ``dev``.

    Raises:
        LabError: Docker would refuse it.
    """
    try:
        return workspace.chosen_prefix()
    except TallerError as error:
        raise LabError(error.message, error.suggestion) from error


def ask_prefix(proposed: str = "dev", *, again: bool = False) -> str:
    """Ask for the prefix and keep it, unless it was chosen already or nobody can answer.

    Args:
        proposed: what holds when the answer is empty, or when there is nobody to answer.
        again: ask also when one is kept.
    """
    from IPython.core.error import StdinNotImplementedError

    kept = workspace.kept_prefix()
    if os.environ.get(workspace.PREFIX_VARIABLE) or (kept and not again):
        print(f"Tu prefijo es «{proposed}». Para cambiarlo: ask_prefix(prefix, again=True)")
        return proposed
    while True:
        try:
            answer = input(_QUESTION.format(proposed)).strip() or proposed
        except (StdinNotImplementedError, EOFError):  # papermill, CI: the proposal holds for now
            return proposed
        try:
            workspace.keep_prefix(answer)
        except TallerError as error:
            print(f"{error.message} {error.suggestion}")
            continue
        print(f"Guardado: tu prefijo es «{answer}», en los cuadernos y en la terminal.")
        return answer
