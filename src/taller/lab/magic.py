"""The cell magic ``%%hcl NAME``: a cell that is a file of the workspace."""

import os
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


def register() -> None:
    """Make ``%%hcl`` known to IPython; nothing happens outside of one."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    if shell is not None:
        shell.register_magic_function(_hcl, magic_kind="cell", magic_name="hcl")


def _hcl(line: str, cell: str) -> "Saved":
    """Save the cell as a file of the workspace: ``%%hcl main.tf``."""
    if not _active:
        raise LabError(
            "Todavía no hay ningún lab abierto, así que %%hcl no sabe dónde guardar.",
            'Ejecuta antes la celda con lab = Lab("ej01", prefix=prefix).',
        )
    words = line.split()
    if len(words) != 1:
        raise LabError(
            "%%hcl necesita el nombre de un archivo, y solo uno.",
            "Escribe, por ejemplo: %%hcl main.tf",
        )
    number, raw = _running_cell()
    return _active[0].write(
        words[0], cell, _number=number, _first_line=offset_of_body(raw),
        _seen="TALLER_UNSEEN" not in os.environ,  # a grader's kernel, that nobody looks at
    )  # fmt: skip


def _running_cell() -> tuple[int, str]:
    """The number that Jupyter will show for the running cell, and its whole text."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    inputs = shell.history_manager.input_hist_raw
    return len(inputs) - 1, inputs[-1]
