"""How results show themselves: HTML in a notebook, text everywhere else."""

import sys
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from taller.lab.errors import plain

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


class Shown:
    """Something that a cell shows: a template for HTML, and ``text()`` for everything else."""

    template: ClassVar[str]

    def text(self) -> str:
        """What a terminal, a log or a headless run shows."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return render(self.template, view=self)


class Table(Shown):
    """Rows under a title; iterable, each row a dict by column name."""

    template = "table.html"

    def __init__(
        self, title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, note: str = ""
    ) -> None:
        self.title = title
        self.columns = tuple(columns)
        self.note = note
        self.rows = [dict(zip(self.columns, row, strict=True)) for row in rows]

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.rows[index]

    def column(self, name: str) -> list[Any]:
        """One column's values."""
        return [row[name] for row in self.rows]

    def text(self) -> str:
        """The table in columns."""
        cells = [[str(value) for value in row.values()] for row in self.rows]
        lines = columns_of_text(self.columns, cells) if cells else ["(nada)"]
        return "\n".join([f"{self.title} ({len(self)})", *lines, *([self.note] * bool(self.note))])


def columns_of_text(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with the cells in columns as wide as their widest cell."""
    table = [list(headers), *map(list, rows)]
    widths = [max(len(row[n]) for row in table) for n in range(len(headers))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader  # 40 ms: only when something is shown

    environment = Environment(
        loader=PackageLoader("taller.lab"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"plain": plain, "breakable": _breakable}
    return environment


def _breakable(address: str) -> "Markup":
    """An address that may continue on the next line after each dot."""
    from markupsafe import Markup, escape

    return Markup(".<wbr>").join(escape(part) for part in address.split("."))


def show(result: Shown) -> None:
    """Show something in the middle of a cell, or print it where there is no notebook."""
    if in_notebook():
        from IPython.display import display

        display(result)  # type: ignore[no-untyped-call]  # IPython ships no types for it
    else:
        print(result)


def in_notebook() -> bool:
    """Whether a kernel runs this, so that there is something to show HTML in."""
    if "IPython" not in sys.modules:
        return False
    from IPython.core.getipython import get_ipython

    return hasattr(get_ipython(), "kernel")


def render(template: str, **context: Any) -> str:
    """Fill a template; every value is escaped."""
    return _environment().get_template(template).render(**context)
