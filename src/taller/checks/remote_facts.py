"""What the servers of remote state saw, read from the logs that nobody but they can write.

Both kinds of server tell it in their own way: ``infra/modules/state_s3`` prints each write as a
line of JSON, PostgreSQL logs each statement. Either becomes the same list of events:
``{"at": seconds, "store": "s3", "what": "lock", "who": …, "operation": …, "state": …}``, where
``what`` is lock, refused (somebody else held it), unlock, write (with the state's summary).
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from taller.checks.state_summary import summary

Json = dict[str, Any]

_LOCK = ".tflock"
_CONFLICT = (409, 412)
_PG_LINE = re.compile(
    r"(?P<at>\d+\.\d+) (?P<session>\d+) \w{5} (?P<level>[A-Z]+): +(?P<text>.*)", re.A
)
_PG_TAKES = re.compile(r".*\bpg_try_advisory_lock\(states\.id\)", re.A)
_PG_FREES = re.compile(r"statement: SELECT pg_advisory_unlock\(\d+\)", re.A)
_PG_WRITES = re.compile(r"execute \S+: INSERT INTO \S+states\b", re.A)
_PG_STATE = re.compile(r"parameters: \$1 = '(?:[^']|'')*', \$2 = '(.*)'\s*", re.A | re.DOTALL)


def events(kind: str, log: str) -> list[Json]:
    """The events in one server's log.

    Args:
        kind: ``s3`` or ``pg``.
        log: what its container printed.
    """
    return list(_s3(log) if kind == "s3" else _pg(log))


def _event(at: float, store: str, what: str, **more: Any) -> Json:
    return {
        "at": at,
        "store": store,
        "what": what,
        "who": "",
        "operation": "",
        "state": None,
    } | more


def _s3(log: str) -> Iterator[Json]:
    for line in log.split("\n"):
        call = _object(line)
        if {"at", "method", "key", "status", "body"} <= set(call):
            yield from _s3_call(call)


def _s3_call(call: Json) -> Iterator[Json]:
    at, done = call["at"], call["status"] < 300  # HTTP's successes
    put = call["method"] == "PUT"
    if not call["key"].endswith(_LOCK):
        if put and done and (state := summary(call["body"])):
            yield _event(at, "s3", "write", state=state)
    elif put and done:
        info = _object(call["body"])
        who, operation = str(info.get("Who", "")), str(info.get("Operation", ""))
        yield _event(at, "s3", "lock", who=who, operation=operation)
    elif put and call["status"] in _CONFLICT:
        yield _event(at, "s3", "refused")
    elif call["method"] == "DELETE" and done:
        yield _event(at, "s3", "unlock")


def _pg(log: str) -> Iterator[Json]:
    """PostgreSQL does not log answers: who holds a lock follows from who asked first."""
    holder, writing = "", False
    for at, session, text in _pg_entries(log):
        if _PG_TAKES.match(text):
            free = holder in ("", session)
            holder = session if free else holder
            yield _event(at, "pg", "lock" if free else "refused")
        elif session == holder and (_PG_FREES.match(text) or text.startswith("disconnection:")):
            holder = ""
            yield _event(at, "pg", "unlock")
        elif writing and (found := _PG_STATE.fullmatch(text)):
            state = summary(found[1].replace("''", "'"))
            if state:
                yield _event(at, "pg", "write", state=state)
        writing = bool(_PG_WRITES.match(text))


def _pg_entries(log: str) -> Iterator[tuple[float, str, str]]:
    """Time, session and text of each entry; its further lines begin with a tab."""
    entry: tuple[float, str, list[str]] | None = None
    for line in log.split("\n"):
        if line.startswith("\t") and entry:
            entry[2].append(line[1:])
        elif found := _PG_LINE.fullmatch(line):
            if entry:
                yield entry[0], entry[1], "\n".join(entry[2])
            entry = (float(found["at"]), found["session"], [found["text"]])
    if entry:
        yield entry[0], entry[1], "\n".join(entry[2])


def _object(text: str) -> Json:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):  # a line of another kind
        return {}
    return found if isinstance(found, dict) else {}
