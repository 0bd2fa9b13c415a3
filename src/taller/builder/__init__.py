"""``content/`` → ``notebooks/``, ``exercises/``, ``solutions/``: the same bytes on every run."""

from taller.builder.tree import Difference, build, compare, render, write

__all__ = ["Difference", "build", "compare", "render", "write"]
