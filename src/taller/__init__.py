"""The workshop: lab, checks, grader, doctor and command line.

``from taller import Lab`` is what a notebook begins with; nothing is imported before it is asked
for, so that the command line and a grader's worker do not pay for the notebook's parts.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taller.lab import Lab, LabError, progress, quiz

__all__ = ["Lab", "LabError", "progress", "quiz"]


def __getattr__(name: str) -> Any:
    """Import what a notebook uses at its first mention (PEP 562)."""
    if name in __all__:
        from taller import lab

        return getattr(lab, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
