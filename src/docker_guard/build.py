"""POST /build: the classic builder, on a context and a Dockerfile that were written anew."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

from docker_guard import images
from docker_guard.archive import clean_path, read_member, rebuild_tar
from docker_guard.build_limits import Reason
from docker_guard.call import Call, Relay
from docker_guard.dockerfile import rewrite
from docker_guard.engine import Request
from docker_guard.model import decode
from docker_guard.names import without_namespace
from docker_guard.policy import MEGABYTE
from docker_guard.references import real_tag
from docker_guard.refusal import Refused

_DOCKERFILE_BYTES = 64 * 1024
_CLASSIC = ("", "1")
_DROPPED = ("shmsize", "cpushares", "cpusetcpus", "cpusetmems", "cpuperiod", "cpuquota", "memory",
            "memswap", "networkmode", "platform", "cgroupparent", "extrahosts",
            "ulimits", "cachefrom", "pull")  # fmt: skip
"""Parameters for which the policy decides, or that a build without downloads does not need."""


async def build(call: Call) -> Relay:
    """POST /build"""
    tags = [real_tag(text, call.tenant, call.policy) for text in call.query.texts("t")]
    path = clean_path(call.query.text("dockerfile") or "Dockerfile")
    arguments = _strings(call, "buildargs")
    labels = _strings(call, "labels")
    query = _query(call)
    source = await _source(call, path)
    arguments |= await asyncio.to_thread(call.policy.build_arguments, source)
    target = call.query.text("target").lower()
    call.query.finish()
    dockerfile = await _rewritten(call, source, arguments, target)
    context = await rebuild_tar(call.upload, *_limits(call), {path: dockerfile}, owner=0)
    keep = await images.watch_names(call)
    own_labels = {k: v for k, v in labels.items() if not k.startswith("taller.")}
    query |= {"dockerfile": path, "buildargs": json.dumps(arguments)}
    query |= {"labels": json.dumps(own_labels), **({"target": target} if target else {})}
    return Relay(
        Request(
            "POST", f"{call.version}/build", query, context,
            {"Content-Type": "application/x-tar"}, [("t", str(tag)) for tag in tags],
        ),
        seconds=call.policy.build_seconds,
        last_words=_time_is_up(call.policy.build_seconds),
        place=_place(call),
        afterwards=keep,
        line_filter=partial(_shown, call, Reason(call.policy), Output(call.policy.output_mb)),
    )  # fmt: skip


@asynccontextmanager
async def _place(call: Call) -> AsyncIterator[None]:
    """One build at a time, none beyond the quota, and none that nobody watches."""
    place = call.quota.place("imágenes", call.policy.images_owned, lambda: images.own(call))
    async with place, call.disk.during_build():
        yield


def _shown(call: Call, reason: Reason, output: "Output", line: bytes) -> bytes | None:
    """A line of the build's output with the tenant's names, and without the guard's labels.

    Raises:
        Refused: there is too much of it.
    """
    tenant = call.tenant
    output.add(len(line))
    text = reason.explained(line.decode("utf-8", "replace"), call.disk.stopped)
    call.disk.failed_builds += reason.failed
    if tenant.namespace in text and '"taller.prefix' in text.replace("\\", ""):
        return None
    return without_namespace(text, tenant).encode()


class Output:
    """How much a build has written to its client."""

    def __init__(self, megabytes: int) -> None:
        self._left = megabytes * MEGABYTE
        self._limit = megabytes

    def add(self, size: int) -> None:
        """Count so many bytes more.

        Raises:
            Refused: there is too much of it.
        """
        self._left -= size
        if self._left < 0:
            raise Refused(
                f"La construcción escribió más de {self._limit} MB en pantalla, que es el tope: "
                "quita las opciones que cuentan cada paso (-v, set -x).",
                413,
            )


def _query(call: Call) -> dict[str, str]:
    if call.query.text("version") not in _CLASSIC:
        raise Refused("BuildKit no está permitido. Construye con DOCKER_BUILDKIT=0.")
    for name in _DROPPED:
        call.query.texts(name)
    query = {name: "1" for name in ("nocache", "q") if call.query.flag(name)}
    for name in ("rm", "forcerm"):
        call.query.flag(name)
    memory = call.policy.build_memory_mb * MEGABYTE
    size = call.policy.file_mb * MEGABYTE
    return query | {
        "rm": "1",
        "forcerm": "1",  # also the containers of a build that failed: they have no owner's name
        "version": "1",
        "networkmode": call.policy.build_network,
        "memory": str(memory),
        "memswap": str(memory),
        "cpuperiod": "100000",
        "cpuquota": str(int(100_000 * call.policy.cpus)),
        "ulimits": json.dumps([{"Name": "fsize", "Hard": size, "Soft": size}]),
    }


def _strings(call: Call, name: str) -> dict[str, str]:
    values = decode(call.query.text(name).encode())
    given = {key: value for key, value in values.items() if value is not None}
    if not all(isinstance(value, str) for value in given.values()):
        raise Refused(f"«{name}» debe ser un objeto de textos.", 400)
    return given


def _limits(call: Call) -> tuple[int, int]:
    return call.policy.context_mb * MEGABYTE, call.policy.context_files


async def _source(call: Call, path: str) -> bytes:
    source = await read_member(call.upload, *_limits(call), path)
    if source is None:
        raise Refused(f"El contexto no tiene un fichero «{path}».", 400)
    if len(source) > _DOCKERFILE_BYTES:
        raise Refused(f"El Dockerfile pasa de {_DOCKERFILE_BYTES // 1024} KB, que es el tope.", 413)
    return source


async def _rewritten(call: Call, source: bytes, arguments: Mapping[str, str], target: str) -> bytes:
    async def resolve(image: str) -> str:
        return (await images.find(call, image)).name

    return await rewrite(
        source, arguments, call.tenant.labels, resolve,
        target=target, recipes=call.policy.recipes,
    )  # fmt: skip


def _time_is_up(seconds: float) -> bytes:
    message = (
        f"La construcción pasó de {seconds:g} s, que es el tope: mira qué paso no termina, o "
        "hazla más corta."
    )
    return json.dumps({"errorDetail": {"message": message}, "error": message}).encode() + b"\n"
