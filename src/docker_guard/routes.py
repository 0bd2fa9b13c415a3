"""Every call that passes; a call that is not here is refused."""

import re
from dataclasses import dataclass

from docker_guard import build, containers, images, networks, system, volumes
from docker_guard.call import Handler
from docker_guard.container_create import create as create_container
from docker_guard.network_create import create as create_network
from docker_guard.policy import MEGABYTE, Policy
from docker_guard.refusal import Refused

JSON_LIMIT = MEGABYTE


@dataclass(frozen=True)
class Route:
    """A kind of call.

    Attributes:
        path: regular expression; its group, if any, is the name or id of an object.
        limit: name of the policy's limit of the body, in MiB; a small JSON body when empty.
    """

    method: str
    path: str
    handler: Handler
    limit: str = ""

    def body_limit(self, policy: Policy) -> int:
        """Bytes of the largest body that is read."""
        return int(getattr(policy, self.limit)) * MEGABYTE if self.limit else JSON_LIMIT


_ROUTES = (
    Route("GET", "/_ping", system.ping),
    Route("HEAD", "/_ping", system.ping),
    Route("GET", "/version", system.version),
    Route("GET", "/info", system.info),
    Route("GET", "/events", system.events),
    Route("POST", "/volumes/create", volumes.create),
    Route("GET", "/volumes", volumes.list_own),
    Route("GET", "/volumes/([^/]+)", volumes.inspect),
    Route("DELETE", "/volumes/([^/]+)", volumes.delete),
    Route("POST", "/networks/create", create_network),
    Route("GET", "/networks", networks.list_own),
    Route("GET", "/networks/([^/]+)", networks.inspect),
    Route("DELETE", "/networks/([^/]+)", networks.delete),
    Route("POST", "/networks/([^/]+)/connect", containers.connect),
    Route("POST", "/networks/([^/]+)/disconnect", containers.disconnect),
    Route("POST", "/containers/create", create_container),
    Route("GET", "/containers/json", containers.list_own),
    Route("GET", "/containers/([^/]+)/json", containers.inspect),
    Route("GET", "/containers/([^/]+)/logs", containers.logs),
    Route("POST", "/containers/([^/]+)/start", containers.start),
    Route("POST", "/containers/([^/]+)/stop", containers.stop),
    Route("POST", "/containers/([^/]+)/restart", containers.restart),
    Route("POST", "/containers/([^/]+)/kill", containers.kill),
    Route("POST", "/containers/([^/]+)/wait", containers.wait),
    Route("POST", "/containers/([^/]+)/update", containers.update),
    Route("DELETE", "/containers/([^/]+)", containers.delete),
    Route("GET", "/containers/([^/]+)/archive", containers.read_archive),
    Route("HEAD", "/containers/([^/]+)/archive", containers.read_archive),
    Route("PUT", "/containers/([^/]+)/archive", containers.write_archive, limit="upload_mb"),
    Route("POST", "/build", build.build, limit="context_mb"),
    Route("GET", "/images/json", images.list_own),
    Route("POST", "/images/create", images.pull),
    Route("GET", "/images/(.+)/json", images.inspect),
    Route("GET", "/images/(.+)/history", images.history),
    Route("POST", "/images/(.+)/tag", images.tag),
    Route("POST", "/images/(.+)/push", images.push),
    Route("DELETE", "/images/(.+)", images.delete),
)

_REASONS = (
    (r"/containers/[^/]+/exec|/exec/.*", "ejecutar programas dentro de un contenedor"),
    (r"/containers/[^/]+/attach.*", "conectarse a un contenedor; usa «docker logs»"),
    (r"/(swarm|nodes|services|tasks|secrets|configs)(/.*)?", "Swarm"),
    (r"/plugins(/.*)?", "los plugins"),
    (r"/(session|grpc)", "BuildKit; construye con DOCKER_BUILDKIT=0"),
    (r"/.*/prune", "borrar en bloque; borra tus objetos uno a uno o con «terraform destroy»"),
    (r"/commit|/images/load|/images/get|/.*/export|/.*/get", "copiar imágenes enteras"),
)


def find_route(method: str, path: str) -> tuple[Route, str]:
    """The route of a call, and the name or id in its path.

    Raises:
        Refused: the guard does not let this call through.
    """
    for route in _ROUTES:
        match = re.fullmatch(route.path, path) if route.method == method else None
        if match:
            return route, match[1] if match.lastindex else ""
    for pattern, what in _REASONS:
        if re.fullmatch(pattern, path):
            raise Refused(f"El guardián del taller no permite {what}.")
    raise Refused(
        f"El guardián del taller no permite «{method} {path}»: los ejercicios no lo necesitan."
    )
