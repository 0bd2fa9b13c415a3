"""What the guard refused stands in the message of the check that failed because of it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from docker_guard.refusal import Refusal
from taller.result import CheckResult, Result

_MOST = 2
_KINDS = {
    "containers": r"contenedor|container|logs?\b|entrenamiento|servicio|etl",
    "volumes": r"vol[uú]men|volume",
    "networks": r"\bred(es)?\b|network|aislad|interna",
    "images": r"imagen|image|tag|etiqueta",
    "build": r"imagen|image|tag|etiqueta|constru",
}
"""What a path of the API is about, as the texts of checks speak of it."""
_WHOLE = re.compile(r"plan|apply|state|docker|no encuentro|lo que hay ahora", re.IGNORECASE)


def told(result: Result, refusals: Sequence[Refusal]) -> Result:
    """A verdict whose failed checks say what the guard refused while the notebook ran.

    A check that speaks of the refused object, or of its kind, says so; where none does, those that
    look at the run at all.
    """
    said = [one for one in refusals if one.target]
    if not said or result.status not in ("graded", "timeout"):
        return result
    failed = [check for check in result.checks if not check.passed]
    reasons = {check.id: _about(check, said) for check in failed}
    if not any(reasons.values()):
        reasons = {check.id: said for check in failed if _WHOLE.search(_text(check))}
    checks = tuple(_with(check, reasons.get(check.id, [])) for check in result.checks)
    return replace(result, checks=checks)


def _about(check: CheckResult, refusals: Sequence[Refusal]) -> list[Refusal]:
    text = _text(check)
    return [one for one in refusals if _is_about(text, one)]


def _is_about(text: str, refusal: Refusal) -> bool:
    url = urlsplit(refusal.target)
    names = [name for key in ("name", "t") for name in parse_qs(url.query).get(key, [])]
    if any(name in text for name in names):
        return True
    return any(
        f"/{kind}" in url.path and re.search(words, text, re.IGNORECASE)
        for kind, words in _KINDS.items()
    )


def _text(check: CheckResult) -> str:
    return f"{check.id} {check.title} {check.message}"


def _with(check: CheckResult, refusals: Sequence[Refusal]) -> CheckResult:
    reasons = list(dict.fromkeys(one.message for one in refusals))
    if not reasons:
        return check
    said = " ".join(reasons[:_MOST])
    more = f" (y {len(reasons) - _MOST} motivos más)" if len(reasons) > _MOST else ""
    text = f"{check.message} El guardián del taller no lo permitió: {said}{more}"
    return replace(check, message=text.strip())
