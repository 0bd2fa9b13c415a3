"""Which limit ended a build, in the words of who wrote the Dockerfile."""

import json
import re

from docker_guard.policy import Policy

_SIGNS = {
    "processes": re.compile(
        r"Resource temporarily unavailable|can't start new thread|Cannot fork|can't fork"
    ),
    "file": re.compile(r"File too large|File size limit exceeded"),
    "memory": re.compile(r"MemoryError|Cannot allocate memory"),
    "network": re.compile(
        r"Temporary failure in name resolution|Network is unreachable|Could not resolve"
    ),
}
_KILLED = re.compile(r"returned a non-zero code: 137\b")
_FILE_TOO_LARGE = re.compile(r"returned a non-zero code: 153\b")


class Reason:
    """Reads a build's output, and says at its error which limit was the cause.

    Attributes:
        failed: whether the last line was the build's error.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._seen: set[str] = set()
        self.failed = False

    def explained(self, line: str, stopped: str) -> str:
        """A line of the output, as it is; an error with its reason behind it.

        Args:
            line: one JSON object.
            stopped: why the guard stopped the build, if it did.
        """
        self._seen |= {name for name, sign in _SIGNS.items() if sign.search(line)}
        self.failed = False
        if '"errorDetail"' not in line:
            return line
        try:
            answer = json.loads(line)
            message = str(answer["error"])
            detail = dict(answer["errorDetail"])
        except (ValueError, KeyError, TypeError):  # words of a program that look like an error's
            return line
        self.failed = True
        if reason := stopped or self._reason(message):
            message = f"{message}. {reason}"
            answer |= {"error": message, "errorDetail": detail | {"message": message}}
        return json.dumps(answer, ensure_ascii=False)

    def _reason(self, message: str) -> str:
        policy = self._policy
        if "processes" in self._seen:
            return (f"Un paso abrió más de {policy.processes} procesos, que es el tope: usa menos "
                    "a la vez (por ejemplo «make -j2»).")  # fmt: skip
        if "file" in self._seen or _FILE_TOO_LARGE.search(message):
            return (f"Un fichero pasó de {policy.file_mb} MB, que es el tope: pártelo o "
                    "descárgate solo lo que la imagen necesita.")  # fmt: skip
        if "memory" in self._seen or _KILLED.search(message):
            return (f"Un paso necesitó más de {policy.build_memory_mb} MB de memoria, que es el "
                    "tope: hazlo por partes.")  # fmt: skip
        if "network" in self._seen and policy.build_network == "none":
            return ("Las imágenes se construyen sin red: lo que haga falta va en el contexto o en "
                    "la imagen base.")  # fmt: skip
        return ""
