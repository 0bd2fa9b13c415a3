"""A call within a call goes on, as when a check asks the student's function; another waits."""

import threading
from pathlib import Path

import pytest

from taller.lab.busy import busy
from taller.lab.errors import LabError


def test_a_call_within_a_call_does_not_wait_for_it_and_the_outer_keeps_the_lock(
    tmp_path: Path,
) -> None:
    told: list[str] = []
    refused: list[str] = []

    def another() -> None:
        try:
            with busy(tmp_path, "apply", told.append, 0):
                refused.append("")
        except LabError as error:
            refused.append(str(error))

    with busy(tmp_path, "check", told.append, 0):
        with busy(tmp_path, "plan", told.append, 0):
            pass
        thread = threading.Thread(target=another)
        thread.start()
        thread.join()
    assert "«check»" in refused[0]
    with busy(tmp_path, "apply", told.append, 0):
        pass
    with pytest.raises(ZeroDivisionError), busy(tmp_path, "apply", told.append, 0):
        raise ZeroDivisionError
    with busy(tmp_path, "plan", told.append, 0):
        pass
