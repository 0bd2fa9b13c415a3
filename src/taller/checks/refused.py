"""What Terraform said of code that it refuses, as a student reads it in a check's message."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from taller.terraform import Diagnostic, TerraformError
from taller.terraform.causes import likely_cause, roots, source_at


def said(error: TerraformError, files: Mapping[str, str]) -> str:
    """Each mistake once: the file and the line, Terraform's words, the likely cause.

    Args:
        error: what Terraform said.
        files: path in the workspace to text.
    """
    errors = (d for d in error.diagnostics if d.severity == "error")
    found = roots(errors, lambda file: files.get(file, ""))
    return "\n".join(dict.fromkeys(_said(diagnostic, files) for diagnostic in found))


def _said(diagnostic: Diagnostic, files: Mapping[str, str]) -> str:
    source = source_at(files.get(diagnostic.file or "", ""), diagnostic.line)
    cause = likely_cause(diagnostic, source, lambda folder: _texts(files, folder))
    place = f"{diagnostic.file}, línea {diagnostic.line}: " if diagnostic.line else ""
    line = source.splitlines()[1].strip() if source else ""
    words = f"{diagnostic.summary}. {diagnostic.detail}".strip()
    return "\n".join(filter(None, (place + line, words, cause and f"Causa probable: {cause}")))


def _texts(files: Mapping[str, str], folder: PurePosixPath) -> list[str]:
    return [text for name, text in sorted(files.items()) if PurePosixPath(name).parent == folder]
