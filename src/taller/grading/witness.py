"""What the grader sees of a run from outside its kernel, at moments that no answer chooses."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException
from requests import RequestException

from taller.catalog import Exercise
from taller.checks import Facts
from taller.checks.probe import ROUNDS, Worlds, sequence
from taller.checks.state_summary import summary
from taller.grading.outside import Outside
from taller.grading.read import read_regular

Json = dict[str, Any]

_FILE_BYTES = 1024 * 1024
_ANSWER_BYTES = 4096
_ANSWER = "answer.json"
_ASK = (
    "# El calificador pregunta a {function}()\n"
    "__import__('taller.lab.asked', fromlist=['_']).write_answer({function!r}, {path!r})"
)
_SECONDS = 30


@dataclass(frozen=True)
class Step:
    """Something to do in a run: a cell's text, or a call outside the kernel.

    Attributes:
        source: of the cell; empty for a call.
        answer: grade_id of the answer that the cell belongs to; empty for the exercise's own.
        outside: the call.
    """

    source: str = ""
    answer: str = ""
    outside: Callable[[], None] | None = None


@dataclass(frozen=True)
class Testimony:
    """What was seen of a run; the names are those of the facts."""

    history: list[Json]
    remote: list[Json]
    origin: Json | None
    probe: list[Json] | None
    values: Mapping[str, str]
    problems: Mapping[str, str]

    def added_to(self, facts: Facts) -> Facts:
        """The facts with it: it wins over what the run says of itself."""
        overruled = {f"values.{name}" for name in self.values}
        before = {name: why for name, why in facts.problems.items() if name not in overruled}
        return replace(
            facts, history=self.history, remote=self.remote, origin=self.origin, probe=self.probe,
            values={**facts.values, **self.values}, problems={**before, **self.problems},
        )  # fmt: skip


@dataclass
class Witness:
    """Watches one run.

    Attributes:
        exercise: says what is worth looking at.
        prefix: of the run.
        workspace: the only folder that the run may write to.
        home: where the lab keeps the exercise's files, below it.
        outside: the way to Docker, and what others have seen.
    """

    exercise: Exercise
    prefix: str
    workspace: Path
    home: Path
    outside: Outside
    origin: Json | None = None
    values: dict[str, str] = field(default_factory=dict)
    answers: list[Json] | None = None
    problems: dict[str, str] = field(default_factory=dict)
    _labels: dict[str, dict[str, str]] = field(default_factory=dict)
    _sequence: list[tuple[str, ...]] = field(default_factory=list)
    _away: tuple[str, ...] | None = None

    def watched(self, steps: Sequence[Step]) -> list[Step]:
        """The steps of a run, with the grader's own among them."""
        found: list[Step] = []
        last = {step.answer: index for index, step in enumerate(steps) if step.answer}
        first = next((index for index, step in enumerate(steps) if step.answer), len(steps))
        for index, step in enumerate(steps):
            if index == first:
                found.append(Step(outside=self._begin))
            found.append(step)
            if step.answer and last[step.answer] == index:
                found += self._after(step.answer)
        return found

    def testimony(self) -> Testimony:
        """What was seen until now; why not, where nothing was."""
        self._restore()
        early = "Tu notebook terminó antes de llegar a esta parte."
        problems = dict(self.problems)
        if self.origin is None:
            problems["origin"] = early
        if self.exercise.probe and self.answers is None:
            problems.setdefault("probe", early)
        history = [asdict(event) for event in self.outside.seen()]
        return Testimony(
            history, self.outside.stored(), self.origin, self.answers, self.values, problems
        )

    def _after(self, answer: str) -> Iterator[Step]:
        for name, seen in self.exercise.witnessed.items():
            if seen["after"] == answer:
                yield Step(outside=lambda name=name, file=seen["file"]: self._keep(name, file))  # type: ignore[misc] # mypy cannot infer defaults of a lambda
        if self.exercise.probe.get("after") == answer:
            yield from self._probe()

    def _begin(self) -> None:
        self.origin = {"at": time.time(), "state": summary(self._read("terraform.tfstate"))}

    def _keep(self, name: str, file: str) -> None:
        self.values[name] = self._read(file)
        if not self.values[name] and os.path.lexists(self.home / file):
            self.problems[f"values.{name}"] = (
                f"«{file}» está vacío, no es un archivo o ocupa más de {_FILE_BYTES // 1024} kB."
            )

    def _read(self, name: str) -> str:
        return self._read_in(self.home, name, _FILE_BYTES)

    def _read_in(self, folder: Path, name: str, limit: int) -> str:
        """A small file's text; empty for anything else, and behind links: the run made it."""
        try:
            content = read_regular(folder / name, limit) if folder.resolve() == folder else b""
        except OSError:  # not there, or no regular file
            return ""
        return content.decode("utf-8", "replace") if len(content) <= limit else ""

    # --- worlds --------------------------------------------------------------

    def _probe(self) -> Iterator[Step]:
        """A cell for each world, and before it the making of that world."""
        ask = _ASK.format(function=self.exercise.probe["function"], path=_ANSWER)
        yield Step(outside=self._prepare)
        for number in range(ROUNDS):
            yield Step(outside=partial(self._make, number))
            yield Step(source=ask)
            yield Step(outside=self._collect)
        yield Step(outside=self._restore)

    def _prepare(self) -> None:
        names = [f"{self.prefix}_{name}" for name in self.exercise.probe["volumes"]]
        with self._engine() as client:
            self._labels = Worlds(client, names).labels
        self._sequence = sequence(list(self._labels))
        if not self._sequence:
            self.problems["probe"] = f"No hay con qué probarla: faltan {', '.join(names)}."

    def _make(self, number: int) -> None:
        if number < len(self._sequence):
            self._away = self._sequence[number]
            with self._engine() as client:
                Worlds(client, [], self._labels).make(self._away)

    def _collect(self) -> None:
        if self._away is not None:
            answer = _object(self._read_in(self.workspace, _ANSWER, _ANSWER_BYTES))
            (self.workspace / _ANSWER).unlink(missing_ok=True)
            self.answers = [*(self.answers or []), {"away": list(self._away), **answer}]
            self._away = None

    def _restore(self) -> None:
        if self._labels:
            with self._engine() as client:
                Worlds(client, [], self._labels).make(())
            self._labels = {}

    @contextmanager
    def _engine(self) -> Iterator[docker.DockerClient]:
        """A client through the guard; what that refuses, or is kept from answering, is the
        answer's own doing: outages of the engine are the guard's to tell."""
        client = docker.DockerClient(f"unix://{self.outside.guard_socket}", timeout=_SECONDS)
        try:
            yield client
        except (DockerException, RequestException) as error:
            self.problems["probe"] = f"Docker no dejó preparar la prueba: {error}"
            self._sequence = []
        finally:
            client.close()


def _object(text: str) -> Json:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):  # the cell did not come to an answer
        return {}
    return found if isinstance(found, dict) else {}
