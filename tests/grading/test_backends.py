"""Where tasks run: bounded, in any order, and a worker that dies takes only its own with it."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from taller.grading.backends import LokyPool, Lost, answers


def numbered(count: int) -> Iterator[tuple[str, int]]:
    return ((f"item {number}", number) for number in range(count))


def doubled() -> Callable[[int], int]:
    return lambda number: 2 * number


def test_every_item_gets_its_own_answer() -> None:
    with LokyPool(doubled(), 2) as pool:
        assert sorted(answers(pool, numbered(7))) == [(f"item {n}", 2 * n) for n in range(7)]


def test_nothing_is_drawn_far_ahead() -> None:
    drawn = 0

    def items() -> Iterator[tuple[str, int]]:
        nonlocal drawn
        for label, number in numbered(20):
            drawn += 1
            yield label, number

    with LokyPool(doubled(), 2) as pool:
        for done, _ in enumerate(answers(pool, items())):
            assert drawn <= done + 2 * pool.width


def test_an_exception_is_the_answer_of_its_item_alone() -> None:
    with LokyPool(lambda number: 1 // number, 2) as pool:
        found: dict[str, Any] = dict(answers(pool, numbered(3)))
    assert isinstance(found["item 0"], Lost)
    assert "ZeroDivisionError" in found["item 0"].reason
    assert (found["item 1"], found["item 2"]) == (1, 0)


def dies_on(victim: int) -> Callable[[int], int]:
    def work(number: int) -> int:
        if number == victim:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.05)
        return number

    return work


def test_a_killed_worker_costs_only_what_it_was_working_on() -> None:
    with LokyPool(dies_on(3), 2) as pool:
        found: dict[str, Any] = dict(answers(pool, numbered(8)))
    assert isinstance(found.pop("item 3"), Lost)
    assert sorted(found.values()) == [0, 1, 2, 4, 5, 6, 7]


def test_what_was_killed_once_by_chance_is_tried_again(tmp_path: Path) -> None:
    mark = tmp_path / "killed"

    def work(number: int) -> int:
        if number == 2 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    with LokyPool(work, 2) as pool:
        assert sorted(dict(answers(pool, numbered(4))).values()) == [0, 1, 2, 3]


def test_nothing_runs_on_when_a_class_is_interrupted(tmp_path: Path) -> None:
    def work(number: int) -> int:
        (tmp_path / str(os.getpid())).touch()
        time.sleep(60 * number)
        return number

    with pytest.raises(KeyboardInterrupt), LokyPool(work, 2) as pool:  # noqa: PT012 - one loop
        for _ in answers(pool, numbered(4)):
            raise KeyboardInterrupt
    workers = [int(path.name) for path in tmp_path.iterdir()]
    assert workers
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
