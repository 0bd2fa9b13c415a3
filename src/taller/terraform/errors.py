"""Terraform's diagnostics as data, and the errors that carry them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from taller.errors import TallerError
from taller.terraform.locks import LockInfo


@dataclass(frozen=True)
class Diagnostic:
    """One finding of Terraform, as its ``-json`` output gives it.

    Attributes:
        severity: ``error`` or ``warning``.
        summary: one line; ``detail``: the rest of the explanation, possibly empty.
        file: path relative to the configuration's folder, or None.
        line: 1-based line of the start of the range; ``column`` likewise.
        address: the resource it is about, or None.
        snippet: the source code of the range, or None.
    """

    severity: str
    summary: str
    detail: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None
    address: str | None = None
    snippet: str | None = None

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Diagnostic":
        """Read a diagnostic object of Terraform's machine-readable output."""
        place = raw.get("range") or {}
        start = place.get("start") or {}
        return cls(
            severity=raw["severity"],
            summary=raw["summary"],
            detail=raw.get("detail", ""),
            file=place.get("filename"),
            line=start.get("line"),
            column=start.get("column"),
            address=raw.get("address"),
            snippet=(raw.get("snippet") or {}).get("code"),
        )

    def __str__(self) -> str:
        place = f" ({self.file}:{self.line})" if self.file else ""
        about = f" [{self.address}]" if self.address else ""
        detail = f"\n  {self.detail.strip()}" if self.detail else ""
        return f"{self.summary}{place}{about}{detail}"


_PREAMBLE = re.compile(
    r"Terraform encountered problems during initiali[sz]ation|"
    r"There are some problems with the configuration, described below|"
    r"The Terraform configuration must be valid before initiali[sz]ation"
)
"""What init says, in words of each version, around what is wrong with the configuration."""


def without_preamble(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The diagnostics but for init's announcement of them, which may stand first or last."""
    every = tuple(found)
    told = tuple(d for d in every if d.file or not _PREAMBLE.match(f"{d.summary}{d.detail}"))
    return told if any(d.severity == "error" for d in told) else every


class TerraformError(TallerError):
    """Terraform refused or failed; ``diagnostics`` says why."""

    def __init__(
        self, command: str, diagnostics: Sequence[Diagnostic], suggestion: str = ""
    ) -> None:
        self.command = command
        self.diagnostics = tuple(diagnostics)
        reasons = "\n".join(f"- {d}" for d in diagnostics if d.severity == "error")
        super().__init__(f"«terraform {command}» no pudo terminar:\n{reasons}", suggestion)


class TerraformTimeout(TallerError):
    """Terraform did not end within the time limit; it was interrupted and the state saved."""


class StateLocked(TerraformError):
    """Another process holds the state's lock; ``lock`` says which."""

    def __init__(self, command: str, diagnostics: Sequence[Diagnostic], lock: LockInfo) -> None:
        super().__init__(command, diagnostics, _lock_advice(lock))
        self.lock = lock
        self.message = (
            f"El state está bloqueado: {lock.who} ejecuta «{lock.operation}» desde {lock.created} "
            f"(lock {lock.id})."
        )


def _lock_advice(lock: LockInfo) -> str:
    return (
        "Espera a que termine y repite. Si sabes que ese proceso ya no existe: "
        f"terraform force-unlock {lock.id}"
    )
