"""Reading the engine's answers: what is not set is left out (API 1.52 and later), null or empty."""

from typing import Any


def part(answer: Any, *names: str) -> dict[str, Any]:
    """A part of an answer, by the names that lead to it; made, empty, where there is none."""
    for name in names:
        if not answer.get(name):
            answer[name] = {}
        answer = answer[name]
    found: dict[str, Any] = answer
    return found
