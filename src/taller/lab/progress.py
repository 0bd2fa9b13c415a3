"""Progress of long work: one line per resource, alive in a notebook, plain lines elsewhere."""

import contextvars
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from taller.lab.applied_view import readable_seconds
from taller.lab.shown import in_notebook, render
from taller.terraform import Event

_QUIET_SECONDS = 0.7
"""Work shorter than this shows only its result."""
_TICK_SECONDS = 0.5
PATIENCE_SECONDS = 15.0
"""After this time a resource that is still being made is explained."""
_AGAIN = 4.0
"""How many times longer it takes until it is explained again."""
_DOING = {"create": "creando", "update": "cambiando", "delete": "destruyendo", "read": "leyendo"}


@dataclass
class _Item:
    address: str
    verb: str
    began: float
    ended: float | None = None
    failed: bool = False
    patience: float = PATIENCE_SECONDS

    @property
    def line(self) -> str:
        spent = readable_seconds((self.ended or time.monotonic()) - self.began)
        if self.ended is None:
            return f"… {self.address}: {self.verb} ({spent})"
        return f"{'✗' if self.failed else '✓'} {self.address} ({spent})"


class _Html(str):
    """HTML that a notebook shows; elsewhere it is nothing."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return ""


class Progress:
    """Collects events, in whatever thread they come, and shows them while ``watch`` is open."""

    def __init__(self, explain: Callable[[str, float], str]) -> None:
        """Show progress; ``explain`` says what a resource waits for, after so many seconds."""
        self._explain = explain
        self._items: dict[str, _Item] = {}
        self._title = ""

    def on_event(self, event: Event) -> None:
        """Take note of one event of Terraform."""
        if event.kind == "apply_start":
            verb = _DOING.get(event.action, event.action)
            self._items[event.address] = _Item(event.address, verb, time.monotonic())
        elif event.kind in ("apply_complete", "apply_errored") and event.address in self._items:
            item = self._items[event.address]
            item.ended, item.failed = time.monotonic(), event.kind == "apply_errored"

    @property
    def lines(self) -> list[str]:
        """One line for each resource that was begun."""
        return [item.line for item in list(self._items.values())]

    @contextmanager
    def watch(self, title: str) -> Iterator[None]:
        """Show the progress of what runs inside, once it takes longer than a moment."""
        self._items.clear()
        self._title = title
        done = threading.Event()
        show = self._show_in_notebook if in_notebook() else self._show_in_terminal
        # The thread writes into the cell that started it: ipykernel finds it in the context.
        thread = threading.Thread(target=contextvars.copy_context().run, args=(show, done))
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _show_in_notebook(self, done: threading.Event) -> None:
        from IPython.display import display

        if done.wait(_QUIET_SECONDS):
            return
        began = time.monotonic() - _QUIET_SECONDS
        handle: Any = display(_Html(""), display_id=True)  # type: ignore[no-untyped-call]  # IPython ships no types
        while not done.wait(_TICK_SECONDS):
            handle.update(self._html(began))
            self._explain_the_slow()
        handle.update(_Html(""))

    def _html(self, began: float) -> "_Html":
        spent = readable_seconds(time.monotonic() - began)
        return _Html(render("progress.html", title=self._title, spent=spent, lines=self.lines))

    def _show_in_terminal(self, done: threading.Event) -> None:
        shown: set[str] = set()
        while not done.wait(_TICK_SECONDS):
            for address, item in list(self._items.items()):
                if item.ended is not None and address not in shown:
                    shown.add(address)
                    print(item.line, file=sys.stderr, flush=True)
            self._explain_the_slow()

    def _explain_the_slow(self) -> None:
        for item in list(self._items.values()):
            spent = time.monotonic() - item.began
            if item.ended is None and item.verb != _DOING["delete"] and spent > item.patience:
                item.patience *= _AGAIN
                told = self._explain(item.address, spent)
                if told:
                    notify(told)


def notify(message: str) -> None:
    """One sentence in the cell, at once."""
    print(f"• {message}", flush=True)
