"""One submission's way from bytes to a verdict: read, align, screen, run, ask, judge, clean."""

import re
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from docker_guard import Guard, Policy, Tenant
from docker_guard.history import Event
from docker_guard.plan_rules import screen_plan
from docker_guard.refusal import Denial
from taller.catalog import Exercise
from taller.checks import load_checks, needs, run_checks
from taller.clean.report import Report
from taller.docker_state import connect
from taller.docker_state.connection import engine_address
from taller.doctor import built_images, debian_image, image
from taller.grading import oracle
from taller.grading.align import Aligned
from taller.grading.intake.screening import screen
from taller.grading.judging.elsewhere import Elsewhere
from taller.grading.judging.stops import Stopped, oracle_told
from taller.grading.leftovers import prefix_of, remove_labelled, scratch_folder
from taller.grading.outside import Outside
from taller.grading.read import Notebook
from taller.grading.run import Ran, executable, run
from taller.grading.sandbox import Limits
from taller.grading.state_servers import StateServers
from taller.grading.verdicts import no_verdict, without_run
from taller.grading.witness import Testimony, Witness
from taller.hcl.configuration import screen_configuration
from taller.removal import remove_tree
from taller.result import Result

_HCL_CELL = re.compile(r"\s*%%hcl[ \t]+(\S+)[ \t]*\n(.*)", re.DOTALL)
_FILES_BYTES = 4 * 1024 * 1024
_PATIENCE = 10
"""Seconds by the clock for each second of processor time: a busy machine fails nobody."""
_START_SECONDS = 60.0

TOO_MUCH = Denial(
    "size", "plan",
    "Terraform no puede con todo lo que pide esta configuración. Si crea cientos de objetos "
    "(count, for_each), deja solo los que pide el ejercicio.",
)  # fmt: skip


@dataclass(frozen=True)
class Task:
    """What a worker needs to grade one submission.

    Attributes:
        student, exercise: whose, and what.
        pristine: the exercise as it was given out.
        aligned: the answers.
        public: path to text of what the notebook finds beside it, as in a student release.
        run: what marks all objects of this grader.
        timeout: processor seconds that the notebook may take.
        confined: whether it runs in a sandbox; see Limits.
    """

    student: str
    exercise: Exercise
    pristine: Notebook
    aligned: Aligned
    public: Mapping[str, str]
    run: str
    timeout: float
    confined: bool = True

    prefix = "dev"
    """What its notebook calls its prefix, as a student's does; the guard keeps the names apart."""

    @property
    def namespace(self) -> str:
        """With which the engine's names of its objects begin; the notebook does not see it."""
        return prefix_of(self.run, self.student, self.exercise.id)

    @property
    def limits(self) -> Limits:
        """Of the notebook's run, and again of the oracle's."""
        wall = _START_SECONDS + _PATIENCE * self.timeout
        return Limits(cpu_s=self.timeout, wall_s=wall, disk_mb=64, confined=self.confined)


def verdict_on(work: Task | Result) -> Result:
    """What a worker does: grade a task; pass on the verdict of what could not become one."""
    return grade(work) if isinstance(work, Task) else work


def grade(task: Task) -> Result:
    """Grade one submission; whatever fails becomes a verdict.

    The result lacks what only the coordinator knows: attempt, versions and the notebook's hash.
    """
    began = time.monotonic()
    try:
        result = _grade(task)
    except Exception:  # noqa: BLE001 - an infra_error keeps the whole traceback for the instructor
        result = no_verdict(task.exercise, traceback.format_exc())
    flags = (*task.aligned.flags, *result.flags)
    seconds = round(time.monotonic() - began, 3)
    return replace(result, student=task.student, flags=flags, duration_s=seconds)


def _grade(task: Task) -> Result:
    denials = screen(_written(task.aligned), remote_state=task.exercise.remote_state)
    if denials:
        return _denied(task, denials)
    scratch = scratch_folder(task.run) / task.namespace
    remove_tree(scratch)
    scratch.mkdir(parents=True)
    scratch.parent.chmod(0o711)
    try:
        return _judge(task, scratch)
    finally:
        _clean(task, scratch)


def _written(aligned: Aligned) -> dict[str, str]:
    """The files that the answers' ``%%hcl`` cells write."""
    cells = (source for answer in aligned.answers for source in answer.sources)
    found = (_HCL_CELL.fullmatch(source) for source in cells)
    return {cell[1]: cell[2] for cell in found if cell}


def _judge(task: Task, scratch: Path) -> Result:
    tenant = Tenant(task.namespace, task.exercise.id, task.run)
    with (
        Guard(tenant, engine_address(), scratch / "g", _policy(task)) as guard,
        Elsewhere(guard, task.namespace) as elsewhere,
        _outside(task, scratch, guard, elsewhere) as outside,
    ):
        result = _asked(task, scratch, outside, elsewhere)
        if guard.outages:
            return no_verdict(task.exercise, "El Docker Engine dejó de responder mientras tanto.")
        refusals = [f"guardián: {line}" for line in guard.refusal_lines]
    return replace(result, flags=(*result.flags, *refusals))


def _asked(task: Task, scratch: Path, outside: Outside, elsewhere: Elsewhere) -> Result:
    """Run the notebook, and ask the oracle about what it left."""
    home = oracle.home_of(scratch / "w", task.prefix, task.exercise)
    witness = Witness(task.exercise, task.prefix, scratch / "w", home, outside)
    ran = _run(task, scratch / "w", outside, witness)
    seen = witness.testimony()  # before the oracle makes plans, too
    stopped = Stopped(ran.status, task.limits, ran.cell, ran.used, elsewhere.newest())
    left = oracle.left_files(scratch / "w", task.prefix, task.exercise)
    denials = [*screen(left, remote_state=task.exercise.remote_state), *_too_big(left)]
    if denials:
        return _denied(task, denials)
    result = stopped.told(_verdict(task, scratch, left, outside, seen))
    return replace(result, flags=(*result.flags, *ran.flags))


def _policy(task: Task) -> Policy:
    """Images to build upon, and what the workshop's own recipe was built with."""

    def arguments(dockerfile: bytes) -> Mapping[str, str]:
        given = task.public.get("Dockerfile", "")
        return _pip_build_args() if dockerfile == given.encode() else {}

    return Policy(
        images=(image.OFFICIAL, debian_image.name()),
        build_arguments=arguments,
        recipes=built_images.dockerfiles(),
    )


_pip_build_args = cache(image.pip_build_args)
"""Asking pip takes half a second."""


@contextmanager
def _outside(task: Task, scratch: Path, guard: Guard, elsewhere: Elsewhere) -> Iterator[Outside]:
    """The way to Docker, and where the exercise wants them, servers for a remote state."""

    def seen() -> list[Event]:
        return guard.history

    if not task.exercise.remote_state:
        yield Outside(
            guard.socket, task.limits, task.public, seen=seen, elsewhere=elsewhere.seconds
        )
        return
    with StateServers(scratch / "s", task.namespace, task.run) as servers:
        files = {**task.public, **servers.files}
        yield Outside(
            guard.socket, task.limits, files, servers.env, servers.forwards, seen,
            elsewhere.seconds, servers.seen,
        )  # fmt: skip
        servers.check()


def _run(task: Task, workspace: Path, outside: Outside, witness: Witness) -> Ran:
    workspace.mkdir()
    outside.write_files(workspace)
    steps = witness.watched(executable(task.pristine, task.aligned, task.prefix))
    return run(steps, workspace, outside, f"{task.prefix}/{task.exercise.id}")


def _verdict(
    task: Task, scratch: Path, left: dict[str, str], outside: Outside, seen: Testimony
) -> Result:
    exercise, root = task.exercise, scratch / "o"
    root.mkdir()
    outside.write_files(root)
    oracle.prepare(
        root, oracle.home_of(scratch / "w", task.prefix, exercise), left, task.prefix, exercise
    )
    wanted = needs(load_checks(exercise.checks_file))
    answer = oracle.gather_facts(root, task.prefix, wanted, outside)
    if not answer.planned and answer.stopped != "idle":
        return _denied(task, [TOO_MUCH])
    facts = seen.added_to(answer.facts)
    plans = (plan for plan in (facts.plan, *facts.replans.values()) if plan)
    screened = (screen_plan(plan, max_objects=exercise.max_objects) for plan in plans)
    denials = next(filter(None, screened), [])
    denials += screen_configuration(facts.plan or {}, remote_state=exercise.remote_state)
    if denials:
        return _denied(task, denials)
    result = run_checks(exercise, replace(facts, files=facts.files or left), include_hidden=True)
    return oracle_told(result, answer.stopped)


def _too_big(left: Mapping[str, str]) -> list[Denial]:
    size = sum(map(len, left.values()))
    if size <= _FILES_BYTES:
        return []
    return [Denial("size", ".", f"tu carpeta tiene {size // 2**20} MB de texto; caben 4.")]


def _denied(task: Task, denials: list[Denial]) -> Result:
    message = "No se puntúa. " + " ".join(denial.text for denial in denials)
    result = without_run(task.exercise, "policy_violation", message)
    return replace(result, flags=tuple(f"{d.rule}: {d.text}" for d in denials))


def _clean(task: Task, scratch: Path) -> None:
    """Remove the submission's objects and folder; the next run tries again what stays."""
    client = connect()
    try:
        remove_labelled(client, f"taller.prefix={task.namespace}", Report())
    finally:
        client.close()
        remove_tree(scratch)
