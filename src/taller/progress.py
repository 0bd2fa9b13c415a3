"""Says what is being done while it is done: a spinner in a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

Update = Callable[[str], None]
"""Tell what a step is at now; the last word is shown."""

_HEARTBEAT_SECONDS = 10.0
_WIDTH = 72


class Progress:
    """Steps with their times, on standard error, so that standard output stays for results."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, float, bool]] = []
        """Each step so far: title, seconds, whether it succeeded."""

    def say(self, text: str) -> None:
        """One line."""
        print(text, file=sys.stderr, flush=True)

    @contextmanager
    def step(self, title: str) -> Iterator[Update]:
        """Do something that may take more than two seconds."""
        began = time.monotonic()
        succeeded = False
        try:
            with _shown(title) as update:
                yield update
            succeeded = True
        finally:
            seconds = time.monotonic() - began
            self.steps.append((title, seconds, succeeded))
            self.say(f"{'✓' if succeeded else '✗'} {title} ({seconds:.1f} s)")


@contextmanager
def _shown(title: str) -> Iterator[Update]:
    with _in_terminal(title) if sys.stderr.isatty() else _in_log(title) as update:
        yield update


@contextmanager
def _in_terminal(title: str) -> Iterator[Update]:
    from rich.console import Console  # 50 ms that only a terminal needs

    with Console(stderr=True).status(title) as status:
        yield lambda text: status.update(f"{title} · {text.strip()[:_WIDTH]}")


@contextmanager
def _in_log(title: str) -> Iterator[Update]:
    """A line at the start, then one now and then with the latest news."""
    latest = ""
    done = Event()

    def update(text: str) -> None:
        nonlocal latest
        latest = text.strip()[:_WIDTH] or latest

    def beat() -> None:
        began = time.monotonic()
        while not done.wait(_HEARTBEAT_SECONDS):
            passed = time.monotonic() - began
            print(f"  … {passed:.0f} s {latest}", file=sys.stderr, flush=True)

    print(f"• {title}", file=sys.stderr, flush=True)
    thread = Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield update
    finally:
        done.set()
        thread.join()
