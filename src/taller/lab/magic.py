"""The cell magic ``%%hcl NAME``: a cell that is a file of the workspace."""

import os
import re
from typing import TYPE_CHECKING, Any

from taller.lab.cells import offset_of_body
from taller.lab.errors import LabError

if TYPE_CHECKING:
    from taller.lab.lab import Lab
    from taller.lab.saved import Saved

_active: list["Lab"] = []
"""The lab that ``%%hcl`` writes to, if there is one."""


def activate(lab: "Lab") -> None:
    """Let ``%%hcl`` write into this lab's workspace, wherever there is an IPython."""
    _active[:] = [lab]


def active() -> "Lab | None":
    """The lab that ``%%hcl`` writes to, if there is one."""
    return _active[0] if _active else None


def register() -> None:
    """Make ``%%hcl`` known to IPython, with help for who slips; nothing outside of one."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    if shell is None:
        return
    shell.register_magic_function(_hcl, magic_kind="cell", magic_name="hcl")
    if _is_seen():
        from taller.lab import notebook_help

        notebook_help.register(shell)


def _is_seen() -> bool:
    """Whether somebody looks at this kernel: nobody does at a grader's."""
    return "TALLER_UNSEEN" not in os.environ


def _hcl(line: str, cell: str) -> "Saved":
    """Save the cell as a file of the workspace: ``%%hcl main.tf``."""
    if not _active:
        raise LabError(
            "Todavía no hay ningún lab abierto, así que %%hcl no sabe dónde guardar.",
            'Ejecuta antes la celda con lab = Lab("ej01", prefix=prefix).',
        )
    words = re.sub("[\"'“”«»]", "", line).split()
    if words and words[0] != line.split()[0]:
        raise LabError(
            f"El nombre del archivo va sin comillas: {line.strip()}",
            f"Escribe: %%hcl {_one_name(words)}",
        )
    if len(words) != 1:
        raise LabError(
            "%%hcl necesita el nombre de un archivo, y solo uno"
            + (f"; «{line.strip()}» lleva espacios." if words else "."),
            f"Escribe, por ejemplo: %%hcl {_one_name(words)}",
        )
    number, raw = _running_cell()
    return _active[0].write(
        words[0], cell, _number=number, _first_line=offset_of_body(raw),
        _seen=_is_seen(),
    )  # fmt: skip


def _one_name(words: list[str]) -> str:
    """The words as one file name: ``main .tf`` is ``main.tf``."""
    stem = "_".join(word for word in words if word != ".tf").removesuffix(".tf")
    return f"{stem or 'main'}.tf"


def _running_cell() -> tuple[int, str]:
    """The number that Jupyter will show for the running cell, and its whole text."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    inputs = shell.history_manager.input_hist_raw
    return len(inputs) - 1, inputs[-1]
