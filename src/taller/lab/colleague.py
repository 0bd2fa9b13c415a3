"""Somebody else on the same state: a colleague who holds its lock while she makes up her mind."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from taller import process, provider
from taller.lab.errors import LabError
from taller.lab.given import given_variables
from taller.lab.lab import Lab
from taller.terraform.command import environment
from taller.terraform.version import locate
from taller.workspace import workspace

_QUESTION = "Only 'yes' will be accepted"
"""The last whole line that ``terraform destroy`` prints before it waits for an answer."""
_SECONDS = 60


@contextmanager
def hesitating_colleague(lab: Lab) -> Iterator[None]:
    """Let a colleague type ``terraform destroy`` and leave its question open.

    She works in a copy of the lab's folder. On a remote backend with locking nobody else can write
    meanwhile; on a local state she holds only the lock of her own copy. At the end she answers no.

    Raises:
        LabError: her Terraform did not come to the question; it says why.
    """
    with tempfile.TemporaryDirectory(prefix="taller-colleague-") as scratch:
        folder = Path(scratch) / "infra"
        shutil.copytree(lab.folder, folder, ignore=shutil.ignore_patterns(".taller"), symlinks=True)
        colleague = _ask_to_destroy(lab, folder)
        try:
            _wait_for_question(colleague, folder)
            yield
        finally:
            colleague.communicate("no\n", timeout=_SECONDS)


def _ask_to_destroy(lab: Lab, folder: Path) -> subprocess.Popen[str]:
    # As the lab does: a value on the command line wins over any tfvars of the student's.
    given = folder.parent / "given.tfvars.json"
    given.write_text(json.dumps(given_variables(folder, lab.prefix)), "utf-8")
    env = environment(provider.environment(workspace(lab.prefix, lab.name)))
    return process.spawn(
        [locate(), "destroy", "-no-color", f"-var-file={given}"], log=folder / "errors.log",
        cwd=folder, env=env | {"TF_INPUT": "1"}, capture_stdout=True, feed_stdin=True,
    )  # fmt: skip


def _wait_for_question(colleague: subprocess.Popen[str], folder: Path) -> None:
    printed = []
    for line in colleague.stdout or ():
        printed.append(line)
        if _QUESTION in line:
            return
    raise LabError(
        "Tu compañera no ha llegado a bloquear el state.",
        "Aplica primero tu configuración: tiene que haber algo que destruir.",
        details="".join([*printed, (folder / "errors.log").read_text("utf-8")]).strip(),
    )
