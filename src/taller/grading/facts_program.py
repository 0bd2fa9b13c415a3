"""The part of the oracle that runs in a sandbox: Terraform's word on a workspace, as JSON.

``python -m taller.grading.facts_program PREFIX NEED…``, in a folder with ``exercise/`` (the
settings), ``values.json`` and, in ``home/``, the student's files: prints the facts. None of the
student's Python runs here, and no plug-in or module that the student's kernel has fetched.
"""

import json
import sys
from pathlib import Path

from taller.catalog import read_exercise
from taller.checks.gather import gather, live
from taller.lab.given import given_variables
from taller.provider import stop_server
from taller.provider import terraform as terraform_of
from taller.terraform import TerraformError
from taller.workspace import Workspace, workspace


def main(prefix: str, needs: list[str]) -> None:
    """Print the facts of the exercise in the current folder."""
    (folder,) = Path("exercise").iterdir()
    exercise = read_exercise(folder)
    place = workspace(prefix, exercise.id)
    values = json.loads(Path("values.json").read_text("utf-8"))
    try:
        _initialise(place)
        facts = gather(
            exercise, live(place), place.folder, prefix, needs,
            variables=given_variables(place.folder, prefix), values=values,
        )  # fmt: skip
    finally:
        stop_server(place)
    sys.stdout.write(facts.to_json())


def _initialise(place: Workspace) -> None:
    try:
        terraform_of(place).init()
    except TerraformError:  # the plans fail for the same reason, and the checks say so
        return


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
