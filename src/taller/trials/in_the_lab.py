"""An answer as its student sees it: run in a kernel of Jupyter's, and checked by the lab."""

import json
import os
from pathlib import Path
from typing import Any

from taller.errors import TallerError
from taller.result import Result

Json = dict[str, Any]

_SECONDS = 300
_MARK = "taller-verdict: "
_ASK = f"print({_MARK!r} + lab.card().result.to_json().replace(chr(10), ' '))"


def run_in_lab(notebook: Json, prefix: str, folder: Path) -> Result:
    """Run every cell as somebody does who goes on after an error, and ask for the whole card.

    Args:
        notebook: what the student has.
        prefix: the student's.
        folder: an empty one, for what the lab keeps.

    Returns:
        The visible checks' verdict, from before the teardown cell, which is run as well.

    Raises:
        TallerError: the notebook came to no card.
    """
    # Both take seconds to import, and only this needs them.
    import nbformat
    from nbclient import NotebookClient

    cells = []
    for cell in notebook["cells"]:
        tags = cell["metadata"].get("tags", [])
        if cell["cell_type"] != "code":
            continue
        if "teardown" in tags:
            cells.append(_ASK)
        cells.append(f"prefix = {prefix!r}" if "parameters" in tags else "".join(cell["source"]))
    book = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call] # nbformat has no types here
        cells=[nbformat.v4.new_code_cell(source) for source in cells]  # type: ignore[no-untyped-call] # as above
    )
    client = NotebookClient(
        book, timeout=_SECONDS, allow_errors=True, kernel_name="python3",
        shutdown_kernel="immediate", resources={"metadata": {"path": str(folder)}},
    )  # fmt: skip
    client.execute(env={**os.environ, "TALLER_HOME": str(folder / "home")})
    return _verdict(book)


def _verdict(book: Json) -> Result:
    said = [
        line
        for cell in book["cells"]
        for output in cell["outputs"]
        for line in str(output.get("text", "")).splitlines()
    ]
    for line in said:
        if line.startswith(_MARK):
            return Result.from_dict(json.loads(line.removeprefix(_MARK)))
    raise TallerError("El notebook no ha llegado a tener una tarjeta: " + "\n".join(said[-20:]))
