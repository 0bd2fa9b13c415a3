"""The pristine exercise with a student's answers in it, run by testbook in a sandbox."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from testbook import testbook
from testbook.client import TestbookNotebookClient
from testbook.exceptions import TestbookRuntimeError

from taller.grading.align import Aligned
from taller.grading.outside import Outside
from taller.grading.read import Cell, Notebook
from taller.grading.sandbox.kernel import SandboxedKernel
from taller.grading.sandbox.limits import MEGABYTE, Status
from taller.grading.witness import Step

_NOT_RUN = frozenset({"check", "teardown"})
"""Checks are asked from outside; what teardown would remove is what they look at."""
_SHOWN = 300
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
"""Colours and the like, of terminals (ECMA-48, control sequences)."""
_OUTPUT_BYTES = 64 * MEGABYTE
_MESSAGES = 100_000


@dataclass(frozen=True)
class Ran:
    """How a run ended.

    Attributes:
        status: the sandbox's.
        flags: remarks for the instructor.
        cell: text of the cell at which it was stopped; empty when all were run.
        used: processor seconds.
    """

    status: Status
    flags: tuple[str, ...]
    cell: str = ""
    used: float = 0.0


def executable(pristine: Notebook, aligned: Aligned, prefix: str) -> list[Step]:
    """The cells to run: the exercise's own, with the student's answers and a prefix."""
    answers = aligned.sources()
    steps: list[Step] = []
    for cell in pristine.cells:
        if cell.kind == "code" and not cell.tags & _NOT_RUN:
            answer = cell.grade_id if "answer" in cell.tags else ""
            steps += [Step(source, answer) for source in _sources(cell, answers, prefix)]
    return steps


def _sources(cell: Cell, answers: dict[str, tuple[str, ...]], prefix: str) -> Sequence[str]:
    if "parameters" in cell.tags:
        return [f"prefix = {prefix!r}"]
    return answers[cell.grade_id] if "answer" in cell.tags else [cell.source]


def run(steps: Sequence[Step], workspace: Path, outside: Outside, opened: str) -> Ran:
    """Run cells one after another, each whether or not the ones before it failed.

    Args:
        steps: the cells, and calls outside the kernel between them.
        workspace: the only folder that they may write to; the current one inside.
        opened: the lab's workspace that they use, ``PREFIX/NAME``.
        outside: their only way to Docker, and what they may use together.

    Raises:
        SandboxUnavailable: this machine cannot isolate them.
    """
    sources = [step.source for step in steps if not step.outside]
    notebook = _notebook(sources)
    env = {"TALLER_OPEN": opened, "TALLER_UNSEEN": "1", **outside.env}
    with SandboxedKernel(
        workspace, guard_socket=outside.guard_socket, limits=outside.limits, env=env,
        forwards=outside.forwards, module="taller.grading.kernel_program",
        elsewhere=outside.elsewhere,
    ) as kernel, _Book(notebook, kernel) as client:  # fmt: skip
        flags, done = _run_steps(client, steps)
        ended = kernel.stop()  # at once: jupyter_client would look every 0.1 s whether it is gone
    status = ended.status if ended else "ok"
    # What a kernel sends faster than anybody reads fills its own memory first.
    if client.flooded or (status == "memory" and client.received > _OUTPUT_BYTES // 8):
        status = "output"
    elif done < len(sources) and status == "ok":
        status = "killed"
    cell = sources[done] if done < len(sources) else ""
    return Ran(status, tuple(flags), cell, ended.cpu_seconds if ended else 0.0)


def _notebook(sources: Sequence[str]) -> NotebookNode:
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "source": s, "metadata": {}, "outputs": [], "execution_count": None}
        for s in sources
    ]
    tree = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    read: NotebookNode = nbformat.reads(json.dumps(tree), as_version=4)  # type: ignore[no-untyped-call] # nbformat has no types here
    return read


def _run_steps(client: "_Client", steps: Sequence[Step]) -> tuple[list[str], int]:
    """Remarks on the cells, and how many came to their end."""
    flags = []
    index = -1
    for step in steps:
        if step.outside:
            step.outside()
            continue
        index += 1
        try:
            client.execute_cell(index)
        except TestbookRuntimeError as error:
            flags.append(f"celda {index + 1}: {_reason(error)}")
        except DeadKernelError:
            flags.append(f"celda {index + 1}: el kernel terminó")
            return flags, index
        except Exception as error:  # noqa: BLE001 - whatever the kernel sent, the student's code can
            said = f"el kernel envió un mensaje que no se entiende ({error!r:.{_SHOWN}})"
            flags.append(f"celda {index + 1}: {said}")
            return flags, index
    return flags, index + 1


def _reason(error: TestbookRuntimeError) -> str:
    """The beginning of what a cell raised, without the cell's text, which testbook puts first."""
    return _ESCAPES.sub("", str(error)).rpartition("-" * 18 + "\n")[2].strip()[:_SHOWN]


class _Client(TestbookNotebookClient):  # type: ignore[misc] # testbook has no types
    """Keeps nothing of what a kernel says but that a cell has ended; the rest is only counted.

    Nothing of it is graded, and a kernel can send whatever it likes, without end.
    """

    sandbox: SandboxedKernel
    received = 0
    messages = 0

    @property
    def flooded(self) -> bool:
        """Whether more came than any notebook has to say."""
        return self.received > _OUTPUT_BYTES or self.messages > _MESSAGES

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> Any:
        if msg["header"]["msg_type"] == "status":
            return super().process_message(msg, cell, cell_index)
        self.messages += 1
        self.received += len(repr(msg["content"]))
        if self.flooded:
            self.sandbox.stop()
        return None


class _Book(testbook):  # type: ignore[misc] # testbook has no types
    """testbook with the client above, in the sandbox; the sandbox alone sets the time limit."""

    def __init__(self, notebook: NotebookNode, kernel: SandboxedKernel) -> None:
        self.execute = None
        self.client = _Client(
            notebook, timeout=None, kernel_name="python3",
            kernel_manager_class=kernel.manager_class, shutdown_kernel="immediate",
        )  # fmt: skip
        self.client.sandbox = kernel
