"""The workshop: lab, checks, grader, doctor and command line.

``from taller import Lab`` is what a notebook begins with; nothing is imported before it is asked
for, so that the command line and a grader's worker do not pay for the notebook's parts.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taller.lab import Lab, LabError, ask_prefix, chosen_prefix, progress_table
    from taller.lab.questions import quiz

__all__ = ["Lab", "LabError", "ask_prefix", "chosen_prefix", "progress_table", "quiz"]

_HOMES = {"quiz": "taller.lab.questions"}


def __getattr__(name: str) -> Any:
    """Import what a notebook uses at its first mention (PEP 562)."""
    if name in __all__:
        return getattr(import_module(_HOMES.get(name, "taller.lab")), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
