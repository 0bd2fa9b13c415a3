"""One mistake, one box: of the diagnostics that follow from each other, only the root."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from taller.terraform.causes.brackets import first_slip
from taller.terraform.errors import Diagnostic

_SYNTAX = re.compile(
    r"Invalid (?:character|expression|multi-line string|string literal|block definition|"
    r"argument name|single-argument|template|escape|heredoc|number)|Unclosed|Unterminated|"
    r"Missing (?:newline|item|attribute|argument separator|close|closing|expression|key|"
    r"false|equals)|"
    r"Argument or block definition required|Unexpected|Extra characters|Attribute redefined|"
    r"Invalid JSON"
)
_STATIC = re.compile(r"static (?:variable reference|list expression) is required")
"""Said of text that can be read, under a summary that syntax errors have, too."""
_NEAR_ARGUMENT = re.compile(r'is not expected here\. Did you mean "([^"]+)"\?')
_MISSING = re.compile(r'The argument "([^"]+)" is required')
_TELLING = ("Invalid character", "Invalid escape", "Attribute redefined")
"""Of several on one line, these say most."""
_UNCLOSED = ("Unclosed configuration block", "Missing close brace", "Missing closing brace")
"""Said at the outermost block, though it may be an inner one that is not closed."""


def roots(found: Iterable[Diagnostic], read: Callable[[str], str]) -> list[Diagnostic]:
    """The diagnostics to show, in their order.

    Args:
        found: what Terraform said.
        read: the text of a file that a diagnostic names.
    """
    kept = list(dict.fromkeys(found))
    proposed = {m[1] for d in kept if (m := _NEAR_ARGUMENT.search(d.detail))}
    kept = [d for d in kept if _missing(d) not in proposed]
    for file in dict.fromkeys(d.file for d in kept if d.file and _is_syntax(d)):
        kept = _root_of_file(kept, str(file), read)
    return kept


def _missing(diagnostic: Diagnostic) -> str | None:
    """The argument that is missing, when it only has a wrong name."""
    found = _MISSING.search(diagnostic.detail)
    return found[1] if found else None


def _is_syntax(diagnostic: Diagnostic) -> bool:
    return bool(_SYNTAX.match(diagnostic.summary)) and not _STATIC.search(diagnostic.detail)


def _root_of_file(
    found: Sequence[Diagnostic], file: str, read: Callable[[str], str]
) -> list[Diagnostic]:
    """What cannot be read hides the rest of its file: only the first fault of it is one."""
    here = [d for d in found if d.file == file and _is_syntax(d)]
    first = min(d.line or 0 for d in here)
    on_line = [d for d in here if (d.line or 0) == first]
    root = next((d for d in on_line if d.summary.startswith(_TELLING)), on_line[0])
    slip = first_slip(read(file))
    at_the_end = root.summary.startswith(_UNCLOSED)
    if slip and (slip.line <= first or at_the_end) and not root.summary.startswith(_TELLING):
        root = replace(root, summary=slip.summary, detail=slip.advice, line=slip.line)
    shown = found.index(on_line[0])
    others = [d for d in found[:shown] if d.file != file]
    return [*others, root, *(d for d in found[shown:] if d.file != file)]
