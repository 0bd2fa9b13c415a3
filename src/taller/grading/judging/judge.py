"""One submission's way to a verdict, from its aligned answers on.

Steps 1 and 2 of eight, read and align, and 7, record, are the coordinator's (intake/, ledger.py):
this is what happens in between, in a worker.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from docker_guard import Guard, Policy, Tenant
from taller.clean.report import Report
from taller.docker_state import connect
from taller.docker_state.connection import engine_address
from taller.doctor import built_images, debian_image, image
from taller.grading import oracle
from taller.grading.align import Aligned
from taller.grading.identity import folder_of
from taller.grading.judging import refused
from taller.grading.judging.elsewhere import Elsewhere
from taller.grading.judging.probes import Infrastructure
from taller.grading.judging.readers import denied, judged, left_files, screened
from taller.grading.judging.stops import Stopped, oracle_told
from taller.grading.leftovers import remove_labelled
from taller.grading.outside import Outside
from taller.grading.run import executable, run
from taller.grading.state_servers import StateServers
from taller.grading.witness import Witness
from taller.removal import remove_tree
from taller.result import Result

if TYPE_CHECKING:
    from taller.grading.task import Task

_HCL_CELL = re.compile(r"\s*%%hcl[ \t]+(\S+)[ \t]*\n(.*)", re.DOTALL)


class GuardFailed(Exception):
    """The guard itself failed on a call, or while it watched: with the tracebacks."""


def judge(task: "Task") -> Result:
    """Grade one submission.

    Raises:
        Infrastructure: engine or servers failed meanwhile, which is nobody's answer's fault.
        Exception: whatever else of the grader's own fails.
    """
    exercise = task.exercise

    # 3. Screen: nothing runs that is not allowed.
    denials = screened(_written(task.aligned), exercise)
    if denials:
        return denied(exercise, denials)

    with ExitStack() as stack:  # 8. Clean, in the end and whatever happens.
        scratch = stack.enter_context(_scratch(task))

        # 5. Guard: the only way to Docker, from here on.
        tenant = Tenant(task.namespace, exercise.id, task.run)
        guard = stack.enter_context(Guard(tenant, engine_address(), scratch / "g", _policy(task)))
        elsewhere = stack.enter_context(Elsewhere(guard, task.namespace))
        outside = stack.enter_context(_outside(task, scratch, guard, elsewhere))

        # 4. Run: the exercise with the answers in it, in a sandbox.
        workspace, prefix = scratch / "w", task.prefix
        workspace.mkdir()
        outside.write_files(workspace)
        steps = executable(task.pristine, task.aligned, prefix)
        home = oracle.home_of(workspace, prefix, exercise)
        witness = Witness(exercise, prefix, workspace, home, outside)
        ran = run(witness.watched(steps), workspace, outside, f"{prefix}/{exercise.id}")
        stopped = Stopped(ran.status, task.limits, ran.cell, ran.used, elsewhere.newest())
        refusals, seen = guard.refusals, witness.testimony()  # before the oracle makes plans, too

        # 3 again: what the run wrote behind the screen.
        left = left_files(workspace, prefix, exercise)
        denials = screened(left, exercise)
        if denials:
            return denied(exercise, denials)

        # 6. Oracle: facts from outside the student's kernel, then the checks on them.
        root = scratch / "o"
        root.mkdir()
        outside.write_files(root)
        oracle.prepare(root, home, left, prefix, exercise)
        answer = oracle.gather_facts(root, prefix, exercise, outside)
        result = judged(exercise, answer, left, seen)
        if guard.outages:
            raise Infrastructure("El Docker Engine dejó de responder mientras tanto.")
        if guard.failed_builds and (cause := built_images.fault()):
            raise Infrastructure(cause)
        if guard.faults:
            raise GuardFailed("\n".join(guard.faults))
        result = oracle_told(refused.told(stopped.told(result), refusals), answer.stopped)
        remarks = [*ran.flags, *(f"guardián: {line}" for line in guard.refusal_lines)]
    return replace(result, flags=(*result.flags, *remarks))


def _written(aligned: Aligned) -> dict[str, str]:
    """The files that the answers' ``%%hcl`` cells write."""
    cells = (source for answer in aligned.answers for source in answer.sources)
    found = (_HCL_CELL.fullmatch(source) for source in cells)
    return {cell[1]: cell[2] for cell in found if cell}


@contextmanager
def _scratch(task: "Task") -> Iterator[Path]:
    """The submission's folder; with it go all its objects. The next run tries again what stays."""
    scratch = folder_of(task.run, task.namespace)
    remove_tree(scratch)
    scratch.mkdir(parents=True)
    scratch.parent.chmod(0o711)
    try:
        yield scratch
    finally:
        client = connect()
        try:
            remove_labelled(client, f"taller.prefix={task.namespace}", Report())
        finally:
            client.close()
            remove_tree(scratch)


def _policy(task: "Task") -> Policy:
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
def _outside(task: "Task", scratch: Path, guard: Guard, elsewhere: Elsewhere) -> Iterator[Outside]:
    """The way to Docker, and where the exercise wants them, servers for a remote state."""
    outside = Outside(
        guard.socket, task.limits, task.public, seen=lambda: guard.history,
        elsewhere=elsewhere.seconds,
    )  # fmt: skip
    if not task.exercise.remote_state:
        yield outside
        return
    with StateServers(scratch / "s", task.namespace, task.run) as servers:
        yield replace(
            outside, files={**task.public, **servers.files}, more_env=servers.env,
            forwards=servers.forwards, stored=servers.seen,
        )  # fmt: skip
        servers.check()
