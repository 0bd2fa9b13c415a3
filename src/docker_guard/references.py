"""Image names: ``[host/]path[:tag][@digest]`` (the OCI distribution reference grammar)."""

import re
from dataclasses import dataclass, replace

from docker_guard.policy import Policy, Tenant
from docker_guard.refusal import Refused

_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?:(?P<host>(?:[a-zA-Z0-9-]+\.)+[a-zA-Z0-9-]+(?::[0-9]+)?|[a-zA-Z0-9-]+:[0-9]+|localhost)/)?"
    rf"(?P<path>{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?",
    re.ASCII,
)
_HUB = ("docker.io", "index.docker.io")
_MAX = 255


@dataclass(frozen=True)
class Reference:
    """An image's name in its parts; ``host`` is empty for Docker Hub and local images."""

    host: str
    path: str
    tag: str
    digest: str = ""

    def __str__(self) -> str:
        host = f"{self.host}/" if self.host else ""
        return f"{host}{self.path}" + (f"@{self.digest}" if self.digest else f":{self.tag}")


def parse_reference(text: str) -> Reference | None:
    """Parse an image's name, in its familiar form; None when it is not one."""
    match = _REFERENCE.fullmatch(text) if len(text) <= _MAX else None
    if match is None:
        return None
    host, path = match["host"] or "", match["path"]
    if host in _HUB:
        host, path = "", path.removeprefix("library/")
    return Reference(host, path, match["tag"] or "latest", match["digest"] or "")


def real_tag(text: str, tenant: Tenant, policy: Policy) -> Reference:
    """The engine's name of the tenant's new image or tag.

    Raises:
        Refused: it is no name, a base image's, or of a registry outside the policy.
    """
    reference = parse_reference(text)
    if reference is None or reference.digest:
        raise Refused(f"«{text}» no es un nombre de imagen: nombre:etiqueta, en minúsculas.", 400)
    if reference.host and reference.host not in policy.registries:
        raise Refused(f"El registro «{reference.host}» no está permitido.")
    if str(reference) in policy.images:
        raise Refused(f"«{text}» es una imagen base, de todos. Ponle otro nombre a la tuya.")
    return replace(reference, path=tenant.namespace + reference.path)
