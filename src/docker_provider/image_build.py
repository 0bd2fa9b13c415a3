"""Build an image through the Engine API's classic builder, which every engine has.

BuildKit needs a session beside the request (buildx) and is left out: Dockerfiles that depend on it
(``RUN --mount``) fail with the builder's own message.
"""

import json
import socket
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import requests
from docker import utils
from docker.api.build import process_dockerfile
from docker.auth import encode_header
from docker.errors import DockerException

from docker_provider.errors import ProviderError
from docker_provider.registry_auth import credentials_for
from docker_provider.resource import Operation
from docker_provider.schema import Value

SHOWN_LINES = 20
"""How much of a failing step's output goes into the diagnostic."""

# Argument of the build block → query parameter of POST /build (Engine API reference).
_PARAMETERS = {
    "dockerfile": "dockerfile",
    "target": "target",
    "platform": "platform",
    "network_mode": "networkmode",
    "no_cache": "nocache",
    "pull_parent": "pull",
    "remove": "rm",
    "force_remove": "forcerm",
    "memory": "memory",
    "memory_swap": "memswap",
    "shm_size": "shmsize",
    "cpu_shares": "cpushares",
    "cpu_set_cpus": "cpusetcpus",
    "cpu_set_mems": "cpusetmems",
    "cpu_period": "cpuperiod",
    "cpu_quota": "cpuquota",
    "cgroup_parent": "cgroupparent",
    "build_id": "buildid",
    "suppress_output": "q",
}


def build_image(operation: Operation, name: str, block: Mapping[str, Value]) -> None:
    """Build `block` and tag the result `name`; raises ProviderError with the failing step."""
    context, dockerfile = _context(block)
    with context:
        response = operation.client.post(
            f"{operation.client.base_url}/v{operation.client.api_version}/build",
            params={**_parameters(name, block), "dockerfile": dockerfile},
            headers={"Content-Type": "application/tar", **_registry_headers(operation, block)},
            data=context,
            stream=True,
            timeout=None,
        )
    with response, operation.cancellation.calling(lambda: _hang_up(response)):
        try:
            _follow(name, response)
        except requests.RequestException:
            # Hanging up ends the read with an error: then the interruption is what to report.
            operation.cancellation.check()
            raise
    operation.cancellation.check()


def _context(block: Mapping[str, Value]) -> tuple[Any, str]:
    """Pack the build context as a tar, without what .dockerignore excludes."""
    folder = Path(block["context"]).expanduser().absolute()
    if not folder.is_dir():
        raise ProviderError(
            f'The build context "{block["context"]}" is not a folder',
            f"{folder} is no folder. A relative path starts where the provider runs, in "
            f"{Path.cwd()}: write the whole path, for example with abspath(path.module).",
        )
    if not (folder / block["dockerfile"]).is_file():
        raise ProviderError(
            f'The build context has no "{block["dockerfile"]}"',
            f"{folder / block['dockerfile']} does not exist. Correct `context` or `dockerfile`.",
        )
    dockerfile = process_dockerfile(block["dockerfile"], str(folder))
    try:
        packed = utils.tar(folder, exclude=_excluded(folder), dockerfile=dockerfile)
    except (OSError, DockerException) as error:
        raise ProviderError(
            f"The build context {folder} cannot be read",
            f"{error}. Correct the permissions, or name it in .dockerignore.",
        ) from error
    return packed, str(dockerfile[0])


def _excluded(folder: Path) -> list[str]:
    ignore = folder / ".dockerignore"
    if not ignore.is_file():
        return []
    lines = (line.strip() for line in ignore.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _parameters(name: str, block: Mapping[str, Value]) -> dict[str, Any]:
    given = {
        parameter: _text(block[argument])
        for argument, parameter in _PARAMETERS.items()
        if block[argument] not in (None, "")
    }
    documents = {
        "buildargs": block["build_args"],
        "labels": block["labels"],  # as the real provider, which drops `label` without a builder
        "cachefrom": block["cache_from"],
        "ulimits": [
            {"Name": u["name"], "Soft": u["soft"], "Hard": u["hard"]} for u in block["ulimit"] or []
        ],
    }
    given |= {key: json.dumps(value) for key, value in documents.items() if value}
    if block["remove"]:
        given["forcerm"] = "true"  # else a failed step leaves its container behind
    return {**given, "t": [name, *(block["tag"] or [])], "extrahosts": block["extra_hosts"] or []}


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _registry_headers(operation: Operation, block: Mapping[str, Value]) -> dict[str, str]:
    """Credentials for the base images' registries: the block's own, then the configured ones."""
    blocks = operation.config.registry_auth
    known = {auth.address: credentials_for(auth.address, blocks) for auth in blocks}
    entries = {address: found.as_engine_auth() for address, found in known.items() if found}
    entries |= {auth["host_name"]: _engine_auth(auth) for auth in block["auth_config"] or []}
    return {"X-Registry-Config": encode_header(entries).decode()} if entries else {}


# Argument of `auth_config` → field of the engine's AuthConfig (Engine API reference).
_AUTH_FIELDS = {
    "auth": "auth",
    "email": "email",
    "identity_token": "identitytoken",
    "password": "password",
    "registry_token": "registrytoken",
    "server_address": "serveraddress",
    "user_name": "username",
}


def _engine_auth(block: Mapping[str, Value]) -> dict[str, str]:
    return {field: block[name] for name, field in _AUTH_FIELDS.items() if block[name]}


def _hang_up(response: requests.Response) -> None:
    """Break the connection: the engine then stops the build, and our blocked read ends."""
    connection = response.raw.connection
    if connection is not None and connection.sock is not None:
        connection.sock.shutdown(socket.SHUT_RDWR)


def _follow(name: str, response: requests.Response) -> None:
    if not response.ok:
        raise ProviderError(f'The image "{name}" cannot be built', _refusal(response))
    step, output = "", deque[str](maxlen=SHOWN_LINES)
    for event in _events(response):
        if "error" in event:
            raise _failed(name, step, output, event["error"])
        for line in event.get("stream", "").splitlines():
            if line.startswith("Step "):
                step = line
                output.clear()
            elif line.strip() and not line.startswith(" ---> "):
                output.append(line)


def _events(response: requests.Response) -> Iterator[dict[str, Any]]:
    for line in response.iter_lines():
        if line.strip():
            yield json.loads(line)


def _refusal(response: requests.Response) -> str:
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError):
        return response.text.strip()


def _failed(name: str, step: str, output: deque[str], reason: str) -> ProviderError:
    shown = "\n".join(output) or "(the step printed nothing)"
    return ProviderError(
        f'The build of the image "{name}" failed',
        f"{step or 'Before the first step'}\n{shown}\n\n{reason.strip()}",
    )
