"""What IPython does for whoever slips in a notebook; nothing of it changes what a cell does."""

from types import MethodType
from typing import TYPE_CHECKING, Any

from taller.lab.not_python import transform
from taller.lab.notebook_cells import names_made

if TYPE_CHECKING:
    from taller.lab.errors import LabError

_failed: dict[str, int] = {}
"""Names that a cell should have made before it failed, each with that cell's number."""


def register(shell: Any) -> None:
    """Explain cells that are not Python, Python's errors about the lab, and calls left out."""
    shell.input_transformers_cleanup.append(transform)
    shell.set_custom_exc((NameError, AttributeError, TypeError), _show)
    shell.events.register("post_run_cell", _remember)
    if shell.display_formatter is not None:
        shell.display_formatter.formatters["text/plain"].for_type(MethodType, _not_called)


def _remember(result: Any) -> None:
    """After each cell: the names that it made exist, or it is the reason why they do not."""
    if result.info is None:
        return
    made = names_made(result.info.raw_cell)
    if result.success:
        for name in made:
            _failed.pop(name, None)
    else:
        _failed.update(dict.fromkeys(made, _number()))


def _number() -> int:
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    return len(shell.history_manager.input_hist_raw) - 1


def _show(shell: Any, kind: Any, error: Any, trace: Any, tb_offset: int | None = None) -> None:
    """IPython's hook for some exceptions: in Spanish if it is about the lab, else as always."""
    from taller.lab.python_errors import explained

    missing = {name: n for name, n in _failed.items() if name not in shell.user_ns}
    found: LabError | None = explained(error, missing, shell.user_ns)
    if found is None:
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
    else:
        shell._showtraceback(kind, error, found._render_traceback_())


def _not_called(method: MethodType, printer: Any, _cycle: bool) -> None:
    """A method of the lab without its parentheses, as the last line of a cell."""
    from taller.lab.docker_view import DockerView
    from taller.lab.lab import Lab

    owners = {Lab: "lab", DockerView: "lab.docker"}
    owner = next((name for type_, name in owners.items() if isinstance(method.__self__, type_)), "")
    name = f"{owner}.{method.__name__}"
    printer.text(
        f"Faltan los paréntesis: {name}() es lo que lo ejecuta." if owner else repr(method)
    )
