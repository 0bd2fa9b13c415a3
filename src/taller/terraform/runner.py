"""Runs one Terraform command and turns a failure into its diagnostics."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from taller.process import Completed, ProgramTimeout
from taller.terraform import locks
from taller.terraform.command import Command, Flag, environment
from taller.terraform.errors import Diagnostic, StateLocked, TerraformError, TerraformTimeout
from taller.terraform.results import Event, diagnostics_of
from taller.terraform.words import diagnostics_in

_LOCK_SUMMARY = "Error acquiring the state lock"

_FLOCK_HELD = "resource temporarily unavailable"
"""What the kernel says of the lock of a local state (man 2 flock)."""
_LOOKS_AT_A_LOCK = 10
_LOCK_PAUSE_SECONDS = 0.1

Environment = Callable[[], Mapping[str, str]]


class Runner:
    """How the gateway's methods call Terraform."""

    def __init__(
        self,
        folder: Path,
        binary: str,
        environment: Environment,
        timeout: float,
        on_event: Callable[[Event], None] | None,
        on_notice: Callable[[str], None] | None,
    ) -> None:
        self._folder = folder
        self._binary = binary
        self._environment = environment
        self._timeout = timeout
        self._on_event = on_event
        self._on_notice = on_notice

    def call(self, command: str, *args: str, **options: Any) -> Completed:
        """Run a command to its end, whatever its verdict."""
        call = Command(self._folder, self._binary, environment(self._environment()))
        options.setdefault("timeout", self._timeout)
        try:
            completed: Completed = call.cmd(command, *args, **options)
        except ProgramTimeout as error:
            raise TerraformTimeout(
                f"«terraform {command}» no terminó en {options['timeout']:g} s y se interrumpió.",
                "El state guarda lo que se hizo; repite la orden para continuar.",
            ) from error
        return completed

    def text(self, command: str, *args: str, **options: Any) -> str:
        """Run a command that has no JSON output; its text is shown, never interpreted."""
        completed = self.call(command, *args, **options)
        if completed.returncode:
            self.fail(command, completed, ())
        return completed.stdout

    def parsed(self, command: str, completed: Completed) -> Any:
        """Read standard output as JSON."""
        try:
            return json.loads(completed.stdout)
        except ValueError:
            self.fail(command, completed, ())

    def stream(self, command: str, *args: str, **options: Any) -> tuple[Completed, list[Event]]:
        """Run a command with an event stream, once more if a dead process's lock was in the way.

        Terraform waits for a lock only when it can read whose it is. Between taking the lock and
        saying so, and between its end and the removal of the note, it gives up at once.
        """
        completed, events = self._stream_once(command, *args, **options)
        for _ in range(_LOOKS_AT_A_LOCK):
            if not _is_nameless_lock(diagnostics_of(events)):
                break
            time.sleep(_LOCK_PAUSE_SECONDS)
            completed, events = self._stream_once(command, *args, **options)
        lock = _lock_of(diagnostics_of(events))
        if lock is None or not locks.holder_is_dead(lock, self._folder):
            return completed, events
        self.text("force-unlock", lock.id, force=Flag)
        if self._on_notice is not None:
            self._on_notice(
                f"Se quitó el lock {lock.id}: el proceso de {lock.who} que lo creó "
                f"({lock.created}) ya no existe."
            )
        return self._stream_once(command, *args, **options)

    def _stream_once(
        self, command: str, *args: str, **options: Any
    ) -> tuple[Completed, list[Event]]:
        events: list[Event] = []

        def on_line(line: str) -> None:
            event = Event.parse(line)
            if event is not None:
                events.append(event)
                if self._on_event is not None:
                    self._on_event(event)

        completed = self.call(command, *args, json=Flag, on_line=on_line, **options)
        return completed, events

    def checked(
        self, command: str, completed: Completed, events: list[Event]
    ) -> tuple[Diagnostic, ...]:
        """Return the warnings of a command that succeeded; raise for one that did not."""
        found = diagnostics_of(events)
        if completed.returncode != 0 or any(d.severity == "error" for d in found):
            self.fail(command, completed, found)
        return found

    def fail(self, command: str, completed: Completed, found: tuple[Diagnostic, ...]) -> NoReturn:
        """Raise what went wrong: a lock, Terraform's diagnostics, or else its own text."""
        lock = _lock_of(found)
        if lock is not None:
            raise StateLocked(command, found, lock)
        text = completed.stderr.strip() or f"código de salida {completed.returncode}"
        found = found or diagnostics_in(text)
        raise TerraformError(command, found or [Diagnostic("error", text)])


def _lock_of(diagnostics: Sequence[Diagnostic]) -> locks.LockInfo | None:
    for diagnostic in diagnostics:
        if diagnostic.summary == _LOCK_SUMMARY:
            return locks.LockInfo.from_detail(diagnostic.detail)
    return None


def _is_nameless_lock(diagnostics: Sequence[Diagnostic]) -> bool:
    return _lock_of(diagnostics) is None and any(
        diagnostic.summary == _LOCK_SUMMARY and _FLOCK_HELD in diagnostic.detail
        for diagnostic in diagnostics
    )
