"""What a workspace's run has seen happen in Docker: the lab's answer to what graders ask a guard.

It looks at the run's objects before and after each call of Terraform, and whenever it is asked:
what is new was created meanwhile, what is gone was removed. During a call that was Terraform; at
any other time it was Terraform too if the state agrees, for somebody may work in a terminal.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taller.checks.state_summary import summary
from taller.errors import TallerError
from taller.lab.files import replace_text

if TYPE_CHECKING:
    from taller.lab.own import OwnObjects

Json = dict[str, Any]
Seen = dict[str, dict[str, str]]
"""Kind to name to what only the engine knows: an id, or the moment of creation."""

_CHANGES = ("apply", "destroy", "plan", "import", "state")
"""The commands of Terraform around which it is worth looking."""


class Journal:
    """The record of one workspace.

    Args:
        folder: the workspace.
        own: connects to the engine and narrows it to the run.
    """

    def __init__(self, folder: Path, own: Callable[[], "OwnObjects"]) -> None:
        self._state = folder / "terraform.tfstate"
        self._path = folder / ".taller" / "history.json"
        self._own = own

    def begin(self) -> None:
        """A run begins with what there is now; what came before is forgotten."""
        text = self._state.read_text("utf-8", "replace") if self._state.is_file() else ""
        origin = {"at": time.time(), "state": summary(text)}
        self._write({"origin": origin, "seen": self._look(), "events": []})

    def facts(self) -> Json:
        """``origin`` and ``history``, as checks ask for them; nothing before ``begin``."""
        if not self._path.is_file():
            return {}
        self._note("")
        found = self._read()
        return {"origin": found["origin"], "history": found["events"]}

    @contextmanager
    def around(self, operation: str) -> Iterator[None]:
        """Look before and after a call of Terraform, whose doing the difference is."""
        if not self._path.is_file() or not operation.startswith(_CHANGES):
            yield
            return
        self._note("")
        try:
            yield
        finally:
            self._note("terraform")

    def _note(self, by: str) -> None:
        try:
            now = self._look()
        except TallerError:  # no engine: the call itself says so, and the next look sees all
            return
        found = self._read()
        events = differences(found["seen"], now, by, self._recorded())
        self._write({**found, "seen": now, "events": [*found["events"], *events]})

    def _look(self) -> Seen:
        own = self._own()
        return {
            "volume": {v.name: f"{v.name} {v.created}" for v in own.volumes()},
            "network": {n.name: n.id for n in own.networks()},
            "container": {c.name: c.id for c in own.containers()},
        }

    def _recorded(self) -> set[str]:
        from taller.lab.own import recorded_names

        return recorded_names(self._state.parent)

    def _read(self) -> Json:
        found: Json = json.loads(self._path.read_text("utf-8"))
        return found

    def _write(self, found: Json) -> None:
        replace_text(self._path, json.dumps(found, ensure_ascii=False, indent=2) + "\n")


def differences(
    before: Mapping[str, Mapping[str, str]],
    now: Mapping[str, Mapping[str, str]],
    by: str,
    recorded: set[str],
) -> Iterator[Json]:
    at = time.time()
    for kind in now:
        for name, id_ in before.get(kind, {}).items():
            if now[kind].get(name) != id_:
                forgotten = not {name, id_} & recorded
                who = by or ("terraform" if forgotten else "other")
                yield _event(at, "remove", kind, name, id_, who)
        for name, id_ in now[kind].items():
            if before.get(kind, {}).get(name) != id_:
                known = bool({name, id_} & recorded)
                who = by or ("terraform" if known else "other")
                yield _event(at, "create", kind, name, id_, who)


def _event(at: float, action: str, kind: str, name: str, id_: str, by: str) -> Json:
    return {"at": at, "action": action, "kind": kind, "name": name, "id": id_, "by": by}
