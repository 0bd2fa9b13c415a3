"""What checks ask of the world, answered in the lab by the means that a student has.

The grader asks its guard and its servers (``taller.grading.witness``); here the journal, the logs
of the student's own servers and the notebook's own function say the same.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import docker

from taller.catalog import Exercise
from taller.checks import Facts, remote_facts
from taller.checks.probe import Worlds, sequence
from taller.docker_state import DockerState
from taller.lab.asked import answer_of, fingerprint
from taller.lab.journal import Journal
from taller.lab.records import note_probe, read_probe
from taller.terraform import Plan, TerraformError
from taller.workspace import Workspace

Json = dict[str, Any]


class Evidence:
    """What the world says about one workspace.

    Args:
        exercise: whose checks ask.
        workspace: of the student.
        journal: of that workspace.
        plan: makes a plan of what there is now.
    """

    def __init__(
        self, exercise: Exercise, workspace: Workspace, journal: Journal, plan: Callable[[], Plan]
    ) -> None:
        self._exercise = exercise
        self._workspace = workspace
        self._journal = journal
        self._plan = plan

    def probe(self, needs: Collection[str]) -> Json:
        """Ask the notebook's function, if a check wants it; before other facts are gathered.

        What the same code answered before stands while the world is not ready for another try, as
        the grader asks it only once, right after its cell.
        """
        if "probe" not in needs:
            return {}
        names = [f"{self._workspace.prefix}_{n}" for n in self._exercise.probe["volumes"]]
        engine = DockerState()
        worlds = Worlds(engine.client, [n for n in names if _is_empty(engine, n)])
        problem = self._not_ready(worlds, names)
        code = fingerprint(self._exercise.probe["function"])
        if problem:
            before = read_probe(self._workspace.private)
            if code and before.get("code") == code:
                return {"probe": before["probe"]}
            return {"problems": {"probe": problem}}
        try:
            found = list(self._each(worlds))
        except docker.errors.APIError as error:
            return {
                "problems": {"probe": f"Docker no deja preparar la prueba: {error.explanation}"}
            }
        note_probe(self._workspace.private, {"code": code, "probe": found})
        return {"probe": found}

    def _each(self, worlds: Worlds) -> list[Json]:
        found = []
        try:
            for away in sequence(list(worlds.labels)):
                worlds.make(away)
                found.append({"away": list(away), **answer_of(self._exercise.probe["function"])})
        finally:
            worlds.make(())
        return found

    def _not_ready(self, worlds: Worlds, names: list[str]) -> str:
        """Why the student's own world is none to begin with."""
        if not worlds.labels:
            return f"Para probarla hace falta un volumen vacío: {' o '.join(names)}."
        try:
            plan = self._plan()
        except TerraformError as error:
            return f"Terraform no puede: {error.message}"
        if not plan.empty:
            return (
                "Para probarla, tu código y Docker tienen que decir lo mismo, y el plan quiere "
                "cambiar algo. Haz lab.apply() y repite."
            )
        return ""

    def add(self, facts: Facts, needs: Collection[str], probed: Json) -> Facts:
        """The facts, with what happened since the run began, and what ``probe`` has returned."""
        found = {**self._journal.facts(), "probe": probed.get("probe")}
        problems = {**facts.problems, **probed.get("problems", {})}
        if "origin" not in found:
            problems["origin"] = (
                "No sé cómo estaba todo al empezar: ejecuta la celda del punto de partida, la que "
                "termina en lab.begin()."
            )
        if "remote" in needs:
            found["remote"] = self._remote()
            if found["remote"] is None:
                problems["remote"] = (
                    "No hay ningún almacén del taller en marcha: ejecuta la celda que lo arranca. "
                    "(La historia de uno ajeno no se puede leer desde aquí.)"
                )
        return replace(facts, **found, problems=problems)

    def _remote(self) -> list[Json] | None:
        """What the student's own servers say that they saw; None when there are none."""
        engine = DockerState()
        found: list[Json] = []
        there = False
        for kind in ("s3", "pg"):
            name = f"{self._workspace.prefix}_state_{kind}"
            if engine.container(name):
                there = True
                found += remote_facts.events(kind, engine.logs(name))
        return sorted(found, key=lambda event: float(event["at"])) if there else None


def _is_empty(engine: DockerState, volume: str) -> bool:
    there = volume in (found.name for found in engine.volumes())
    return there and not engine.read_volume(volume, "")
