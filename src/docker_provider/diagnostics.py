"""Errors as Terraform shows them."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from tf.gen import tfplugin_pb2 as pb

from docker_provider.errors import ProviderError
from docker_provider.on_demand import docker_errors
from docker_provider.planning import Path
from docker_provider.resource import InvalidArgumentError

log = logging.getLogger(__name__)


def attribute_path(path: Path) -> pb.AttributePath:
    """Translate ``("ports", 0, "external")`` to the protocol's message."""
    steps = [
        pb.AttributePath.Step(element_key_int=step)
        if isinstance(step, int)
        else pb.AttributePath.Step(attribute_name=step)
        for step in path
    ]
    return pb.AttributePath(steps=steps)


def error(problem: ProviderError) -> pb.Diagnostic:
    """A diagnostic that points at the argument when the problem is one's."""
    path = problem.path if isinstance(problem, InvalidArgumentError) else ()
    return pb.Diagnostic(
        severity=pb.Diagnostic.ERROR,
        summary=problem.summary,
        detail=problem.detail,
        attribute=attribute_path(path) if path else None,
    )


def refusal(answer: docker_errors.APIError) -> pb.Diagnostic:
    """A diagnostic for an engine that answered, but said no."""
    explanation = str(answer.explanation or answer)
    return pb.Diagnostic(
        severity=pb.Diagnostic.ERROR,
        summary="The Docker Engine refused the request",
        detail=f"{explanation} (HTTP status {answer.status_code}).",
    )


def warnings(messages: Iterable[tuple[str, str]]) -> list[pb.Diagnostic]:
    """Diagnostics that stop nothing."""
    return [
        pb.Diagnostic(severity=pb.Diagnostic.WARNING, summary=summary, detail=detail)
        for summary, detail in messages
    ]


def unexpected(failure: Exception, request: str) -> pb.Diagnostic:
    """A diagnostic for what nobody foresaw; the log gets the traceback."""
    log.exception("%s failed", request)
    return pb.Diagnostic(
        severity=pb.Diagnostic.ERROR,
        summary=f"The embedded Docker provider failed: {type(failure).__name__}",
        detail=f"{failure}\n\nThis is a fault of the provider, not of the configuration "
        f"(request {request}). The provider's log has the details.",
    )
