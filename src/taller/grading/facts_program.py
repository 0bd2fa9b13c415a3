"""The part of the oracle that runs in a sandbox: Terraform's word on a workspace, as JSON.

``python -m taller.grading.facts_program PREFIX NEED…``, in a folder with ``exercise/`` (the
settings), ``values.json`` and, in ``home/``, the student's files: writes the facts to
``facts.json``, again after each costly one, so that a limit takes only those that it kept from
coming. None of the student's Python runs here, and no plug-in or module that the student's kernel
has fetched.
"""

import json
import os
import sys
from pathlib import Path

from taller.catalog import Exercise, read_exercise
from taller.checks import Facts
from taller.checks.gather import gather, live
from taller.checks.workspace_facts import text_files
from taller.hcl import HclError, read_folder
from taller.lab.given import given_variables
from taller.provider import fork_server
from taller.provider import terraform as terraform_of
from taller.terraform import StateLocked, TerraformError, TerraformTimeout
from taller.workspace import Workspace, workspace

FACTS = "facts.json"
LATE = 75
"""Exit code when Terraform took longer than it may for one command."""


def main(prefix: str, needs: list[str]) -> None:
    """Write the facts of the exercise in the current folder."""
    (folder,) = Path("exercise").iterdir()
    exercise = read_exercise(folder)
    place = workspace(prefix, exercise.id)
    values = json.loads(Path("values.json").read_text("utf-8"))
    if "docker_provider.server" in sys.modules:
        fork_server(place)
    if _needs_init(place):
        _initialise(place, exercise)
    variables = given_variables(place.folder, prefix)

    def facts() -> Facts:
        return gather(
            exercise, live(place, exercise), place.folder, prefix, needs, variables=variables,
            values=values, so_far=_write,
        )  # fmt: skip

    try:
        found = facts()
    except StateLocked as held:  # by a process that ended with the notebook's sandbox
        terraform_of(place).force_unlock(held.lock.id)
        found = facts()
    _write(found)


def _write(facts: Facts) -> None:
    draft = Path(f"{FACTS}.draft")
    draft.write_text(facts.to_json(), "utf-8")
    draft.replace(FACTS)


def _needs_init(place: Workspace) -> bool:
    """Whether there may be a module or a backend; a provider that runs already needs no init."""
    texts = text_files(place.folder).values()
    return any("module" in text or "backend" in text for text in texts)


def _initialise(place: Workspace, exercise: Exercise) -> None:
    try:
        terraform_of(place).init(backend_config=_backend(place) if exercise.remote_state else None)
    except (TerraformError, HclError):  # the plans fail for the same reason, as the checks say
        return


def _backend(place: Workspace) -> str | None:
    """The file with the settings of the remote state's server, when the answer uses one."""
    block = read_folder(text_files(place.folder)).backend()
    return os.environ.get(f"TALLER_BACKEND_{block.labels[0].upper()}") if block else None


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2:])
    except TerraformTimeout:
        sys.exit(LATE)
