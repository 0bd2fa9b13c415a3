"""Rubrics: what a check is, how a ``checks.py`` is loaded, and how its checks are run."""

import ast
import difflib
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from taller.catalog import ContentError, Exercise
from taller.checks.facts import CODE, Facts, Missing, Unjudged
from taller.errors import EXIT_USAGE, TallerError
from taller.result import UNJUDGED, CheckResult, Result, Status

Body = Callable[[Facts], object]

BROKEN = "Esta comprobación ha fallado por un error suyo, no tuyo: avisa a tu instructor."


@dataclass(frozen=True)
class Check:
    """One line of a rubric.

    Attributes:
        id: the name that it has in its ``checks.py``.
        title: what it verifies, in Spanish.
        points: given when it passes.
        hints: three levels, from a nudge to the line of documentation; empty on hidden checks.
        hidden: only the grader runs it, and students never read its text.
        depends_on: ids of earlier checks without which it truly cannot be judged.
        needs: names of the costly facts that it reads.
        body: returns or asserts.
    """

    id: str
    title: str
    points: int
    hints: tuple[str, ...]
    hidden: bool
    depends_on: tuple[str, ...]
    needs: tuple[str, ...]
    body: Body


def check(
    title: str,
    *,
    points: int,
    hints: Iterable[str] = (),
    hidden: bool = False,
    depends_on: Iterable[str] = (),
    needs: Iterable[str] = (),
) -> Callable[[Body], Check]:
    """Turn a function of facts into a check; see ``Check`` for the arguments."""

    def decorate(body: Body) -> Check:
        name = getattr(body, "__name__", "")
        return Check(
            name, title, points, tuple(hints), hidden, tuple(depends_on), tuple(needs), body
        )

    return decorate


def load_checks(path: Path) -> tuple[Check, ...]:
    """Load the checks of a ``checks.py``, in the order in which they are written.

    The file runs in a namespace of its own: nothing enters ``sys.modules``, so that the rubrics
    of several exercises can be loaded side by side, and nothing is written beside it.

    Raises:
        ContentError: the file is missing, fails, or its checks contradict each other.
    """
    tree = _parse(path)
    namespace: dict[str, Any] = {"__name__": path.parent.name, "__file__": str(path)}
    try:
        exec(compile(tree, str(path), "exec"), namespace)  # noqa: S102 - the author's own rubric
    except Exception as error:
        line = traceback.extract_tb(error.__traceback__)[-1].lineno or 1
        raise ContentError(path, line, f"no se puede cargar: {error!r}") from error
    checks = tuple(
        replace(value, id=name) for name, value in namespace.items() if isinstance(value, Check)
    )
    _verify(path, tree, checks)
    return checks


def check_lines(path: Path) -> dict[str, int]:
    """Check to the line on which it is written, for messages to authors."""
    return dict(_definitions(_parse(path)))


def _definitions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The functions and the names that get a value at the top of a file, with their lines."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.Assign):
            yield from ((t.id, node.lineno) for t in node.targets if isinstance(t, ast.Name))


def needs(checks: Iterable[Check]) -> frozenset[str]:
    """The costly facts that some of these checks read."""
    return frozenset(need for check in checks for need in check.needs)


def select(
    exercise: Exercise, only: Collection[str] | None = None, *, include_hidden: bool = False
) -> tuple[Check, ...]:
    """The checks that a run evaluates: those asked for, and those that they depend on.

    Raises:
        TallerError: an id that the rubric does not have.
    """
    checks = [c for c in load_checks(exercise.checks_file) if include_hidden or not c.hidden]
    known = {c.id: c for c in checks}
    for name in only or ():
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1) or sorted(known)
            raise TallerError(
                f"El ejercicio {exercise.id} no tiene ninguna comprobación «{name}».",
                f"Prueba con: {', '.join(close)}.",
                exit_code=EXIT_USAGE,
            )
    wanted = set(known if only is None else only)
    for c in reversed(checks):  # dependencies come earlier in the file, so one pass is enough
        if c.id in wanted:
            wanted.update(c.depends_on)
    return tuple(c for c in checks if c.id in wanted)


def run_checks(
    exercise: Exercise,
    facts: Facts,
    only: Collection[str] | None = None,
    *,
    include_hidden: bool = False,
) -> Result:
    """Run an exercise's checks on gathered facts.

    Args:
        exercise: whose rubric is run.
        facts: must hold what ``needs(select(…))`` names.
        only: ids to report; all by default.
        include_hidden: also run what students do not see; for graders.

    Returns:
        A result whose status is ``graded``, or ``infra_error``, without a score, when a check
        itself is broken; its traceback is then in ``flags``.

    Raises:
        TallerError: an id that the rubric does not have.
    """
    outcomes: dict[str, CheckResult] = {}
    flags: list[str] = []
    for one in select(exercise, only, include_hidden=include_hidden):
        outcomes[one.id] = _run(one, facts, outcomes, flags)
    reported = tuple(c for c in outcomes.values() if only is None or c.id in only)
    status: Status = "infra_error" if flags else "graded"
    return Result(
        exercise=exercise.id,
        status=status,
        score=None if flags else sum(c.points for c in reported),
        max_score=sum(c.max_points for c in reported),
        checks=reported,
        flags=tuple(flags),
    )


def _run(
    check: Check, facts: Facts, outcomes: dict[str, CheckResult], flags: list[str]
) -> CheckResult:
    result = CheckResult(
        check.id, check.title, 0, check.points, False, hint=next(iter(check.hints), "")
    )
    for name in check.depends_on:
        if not outcomes[name].passed:
            return _unjudged(result, f"antes debe pasar «{outcomes[name].title}».")
    try:
        passed = check.body(facts) is not False
    except Unjudged as error:
        return _unjudged(result, str(error))
    except AssertionError as error:
        if isinstance(error, Missing) and CODE in facts.problems:
            return _unjudged(result, facts.problems[CODE])  # it is not there, and this is why
        return replace(result, message=str(error) or check.title)
    except Exception:  # noqa: BLE001 - any fault of a check must reach the instructor, whole
        flags.append(f"check {check.id}: {traceback.format_exc()}")
        return replace(result, message=BROKEN)
    if not passed:
        return replace(result, message=check.title)
    return replace(result, points=check.points, passed=True, hint="")


def _unjudged(result: CheckResult, why: str) -> CheckResult:
    """No points, and no hint either: what is to be mended is elsewhere."""
    return replace(result, message=f"{UNJUDGED}: {why}", hint="")


def _parse(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError as error:
        raise ContentError(path, 1, "falta este archivo.") from error
    except SyntaxError as error:
        raise ContentError(path, error.lineno or 1, f"Python no válido: {error.msg}") from error


def _verify(path: Path, tree: ast.Module, checks: tuple[Check, ...]) -> None:
    """Names are unique, dependencies come first, and what students see needs nothing hidden."""
    lines: dict[str, int] = {}
    for name, line in _definitions(tree):
        if name in lines:
            raise ContentError(path, line, f"ya hay otra función «{name}».")
        lines[name] = line
    earlier: dict[str, Check] = {}
    for check in checks:
        for name in check.depends_on:
            if name not in earlier:
                message = f"«{check.id}» depende de «{name}», que no está antes en el archivo."
                raise ContentError(path, lines.get(check.id, 1), message)
            if earlier[name].hidden and not check.hidden:
                message = f"«{check.id}» es visible y depende de «{name}», que está oculta."
                raise ContentError(path, lines.get(check.id, 1), message)
        earlier[check.id] = check
