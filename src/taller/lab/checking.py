"""The part of ``Lab`` that checks an exercise: what it says is what the grader will say."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from taller.catalog import Exercise
from taller.lab import records
from taller.lab.card import LEVELS, Card, Hint
from taller.lab.errors import CheckFailed, LabError
from taller.lab.journal import Journal
from taller.lab.policy import Policy, judged
from taller.lab.session import Session
from taller.lab.shown import show
from taller.result import Result
from taller.terraform import Terraform, TerraformError

# The checks' engine reads HCL and Docker, and takes 0.4 s to import: only a check pays for it.


class Checking:
    """Checks, hints and the values that they ask for; only an exercise has them."""

    _session: Session
    _policy: Policy | None
    _journal: Journal
    exercise: Exercise | None
    prefix: str

    def check(self, *ids: str) -> Card | int | None:
        """Check the answer, on what the files, Terraform and Docker say now.

        Args:
            ids: the checks to run; without any, all are run and a failure is not raised.

        Returns:
            The card; None, after showing it, when ``ids`` are given and all pass. Under
            ``nbgrader autograde``, the points when only some pass: nbgrader takes a number that a
            cell returns for partial credit, and gives none to a cell that raises.

        Raises:
            CheckFailed: (an ``AssertionError``) one of ``ids`` does not pass.
            LabError: Docker or Terraform is missing, or there is no such check.
        """
        card = self.card(*ids)
        if not ids:
            return card
        show(card)
        if not card.passed:
            if card.result.score and os.environ.get("NBGRADER_EXECUTION") == "autograde":
                return card.result.score
            missed = [c for c in card.result.checks if not c.passed]
            if card.refused:
                raise CheckFailed(
                    "Terraform todavía no puede con tu código, así que no se ha podido comprobar.",
                    "Arregla el error con el que empieza la tarjeta y repite esta celda.",
                )
            raise CheckFailed(
                f"Falta{'n' if len(missed) > 1 else ''}: " + "; ".join(c.title for c in missed),
                f'Mira el porqué en la tarjeta. Más pistas: lab.hint("{missed[0].id}", 1).',
            )
        return None

    def card(self, *ids: str) -> Card:
        """The card of some checks, or of all; a wrong answer is on the card, never raised.

        Raises:
            LabError: see ``check``.
        """
        from taller.checks.engine import select

        exercise = self._required_exercise()
        with self._session.call("check", prepared=False):
            checks = select(exercise, ids or None)
            result = self._verdict(exercise, ids or None)
        if result.flags:
            raise LabError(
                "Una comprobación ha fallado por un error suyo, no tuyo.",
                "Enseña este mensaje a tu instructor.",
                details=result.flags[0],
            )
        records.note_progress(self._session.workspace.private, result)
        return Card(f"{exercise.id} · {exercise.title}", result, checks)

    def _verdict(self, exercise: Exercise, ids: Collection[str] | None) -> Result:
        from taller.checks.engine import needs, run_checks, select
        from taller.checks.gather import gather
        from taller.lab.evidence import Evidence

        workspace = self._session.workspace
        wanted = needs(select(exercise, ids))
        if wanted:
            self._prepared()
        evidence = Evidence(exercise, workspace, self._journal, self._session.terraform.plan)
        probed = evidence.probe(wanted)
        facts = gather(
            exercise, self._bind, workspace.folder, self.prefix, wanted,
            variables=self._session.given(), values=records.read_values(workspace.private),
            explain=self._session.explained,
        )  # fmt: skip
        plans = [plan for plan in (facts.plan, *facts.replans.values()) if plan]
        refusals = self._policy.of_all(plans) if self._policy else []
        return judged(run_checks(exercise, evidence.add(facts, wanted, probed), ids), refusals)

    def _bind(self, folder: Path) -> Terraform:
        return Terraform(folder, environment=self._session.environment)

    def _prepared(self) -> None:
        """Init before plans; a configuration that it refuses is a wrong answer, not an error."""
        try:
            self._session.prepare()
        except TerraformError:  # the plan will fail for the same reason, and the checks say so
            return

    def hint(self, check_id: str, level: int = 1) -> Hint:
        """One hint of a check: level 1 is a nudge, 3 the line of documentation.

        Raises:
            LabError: no such check or level.
        """
        from taller.checks.engine import select

        with self._session.speaking():
            check = next(
                c for c in select(self._required_exercise(), [check_id]) if c.id == check_id
            )
        if not 1 <= level <= len(check.hints):
            levels = ", ".join(f"{n} ({name})" for n, name in enumerate(LEVELS, 1))
            raise LabError(f"No hay pista de nivel {level}.", f"Los niveles son: {levels}.")
        return Hint(check.title, level, check.hints[level - 1])

    def begin(self) -> None:
        """Begin a run with what there is now: an earlier run's values and history are forgotten.

        What happens in Docker from now on is noted, for the checks that ask about it.
        """
        records.forget_values(self._session.workspace.private)
        if not os.environ.get("TALLER_UNSEEN"):  # a grader notes by itself what happens
            with self._session.speaking():
                self._journal.begin()

    def values(self, **values: Any) -> None:
        """Hand over what the notebook computed, for the checks that ask for it.

        Raises:
            LabError: the exercise does not ask for it, or JSON cannot carry it.
        """
        kept = records.hand_over(self._session.workspace.private, self._required_exercise(), values)
        print(f"✓ Entregado: {', '.join(f'{name} = {kept[name]!r}' for name in values)}")

    def _required_exercise(self) -> Exercise:
        if self.exercise is None:
            raise LabError(
                "Esto es una lección: no tiene comprobaciones con puntos.",
                'Los ejercicios sí: lab = Lab("ej01", prefix=prefix).',
            )
        return self.exercise
