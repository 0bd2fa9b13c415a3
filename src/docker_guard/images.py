"""Images: the tenant's own, and the base images, which may be used but not changed."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from docker_guard.answers import part
from docker_guard.call import Call, Relay, Reply
from docker_guard.engine import Request
from docker_guard.filters import own_filters, parse_filters
from docker_guard.names import asked_name, shown, without_namespace
from docker_guard.ownership import asked_labels, owned, pick
from docker_guard.references import parse_reference, real_tag
from docker_guard.refusal import Refused

_FILTERS = frozenset({"reference", "dangling", "before", "since"})
_ID = re.compile(r"(sha256:)?([0-9a-f]{1,64})", re.ASCII)
_ARGUMENTS = re.compile(r"\A\|[0-9]+ .*?(?=/bin/sh -c )", re.DOTALL)
"""Build arguments, as the history shows them before the command of a RUN step."""
_AUTH = re.compile(r"[A-Za-z0-9+/=_-]{0,8192}", re.ASCII)


@dataclass(frozen=True)
class Found:
    """An image that the tenant may use.

    Attributes:
        name: what the engine is to be asked for: a tag when the tenant gave one, else the id.
        own: whether the tenant may also change and delete it.
    """

    identifier: str
    name: str
    own: bool


async def own(call: Call, filters: str = "") -> list[Any]:
    """The tenant's images, with the names that it gave them."""
    asked = parse_filters(filters, _FILTERS | {"label"})
    patterns = asked.pop("reference", [])
    for name in {"before", "since"} & asked.keys():
        asked[name] = [(await find(call, ref)).identifier for ref in asked[name]]
    query = {"filters": own_filters(json.dumps(asked), call.tenant, _FILTERS)}
    listed = await call.fetch("/images/json", query)
    mine = [i for i in listed if owned(i.get("Labels"), call.tenant)] + await _pulled(call)
    named = [_shown(call, image) for image in mine]
    return [i for i in named if not patterns or _matches(patterns, i["RepoTags"])]


async def _pulled(call: Call) -> list[Any]:
    """Images that the tenant pulled from its part of an allowed registry: they lack the label."""
    patterns = [f"{host}/{call.tenant.namespace}*" for host in call.policy.registries]
    if not patterns:
        return []
    query = {"filters": json.dumps({"reference": patterns})}
    listed = await call.fetch("/images/json", query)
    return [i for i in listed if not owned(i.get("Labels"), call.tenant)]


def _shown(call: Call, image: dict[str, Any]) -> dict[str, Any]:
    """An image of the tenant's without the names that others gave it."""
    answer: dict[str, Any] = shown(image, call.tenant)
    for field in ("RepoTags", "RepoDigests"):
        names = image.get(field) or []
        answer[field] = [asked_name(n, call.tenant) for n in names if _is_named(call, n)]
    if "Labels" in answer:
        answer["Labels"] = asked_labels(image.get("Labels"))
    return answer


def _is_named(call: Call, name: str) -> bool:
    """Whether the tenant gave an image this name."""
    reference = parse_reference(name)
    return reference is not None and reference.path.startswith(call.tenant.namespace)


def _matches(patterns: list[str], names: list[str]) -> bool:
    """Whether one of the patterns means one of the names, with or without its tag."""
    forms = {form for name in names for form in (name, name.rpartition(":")[0])}
    return any(_matches_parts(p.split("/"), f.split("/")) for p in patterns for f in forms)


def _matches_parts(pattern: list[str], name: list[str]) -> bool:
    return len(pattern) == len(name) and all(map(fnmatchcase, name, pattern))


async def _bases(call: Call) -> list[Any]:
    """The base images that the engine has, under no other names than the policy's."""
    query = {"filters": json.dumps({"reference": list(call.policy.images)})}
    listed = await call.fetch("/images/json", query) if call.policy.images else []
    for image in listed:
        image["RepoTags"] = [t for t in image.get("RepoTags") or [] if t in call.policy.images]
    return [image for image in listed if image["RepoTags"]]


async def find(call: Call, ref: str) -> Found:
    """The image that a name, a digest, an id or the beginning of an id means to the tenant.

    Raises:
        Refused: as the engine answers when there is none.
    """
    mine, bases = await own(call), await _bases(call)
    reference = parse_reference(ref)
    image_id = _ID.fullmatch(ref)
    listed = [{**i, "Id": i["Id"].removeprefix("sha256:")} for i in [*mine, *bases]]
    distinct = {i["Id"]: i for i in reversed(listed)}.values()
    wanted = str(reference) if reference else ref
    try:
        image = pick(wanted, distinct, _names, "image")
    except Refused:
        image = pick(image_id[2] if image_id else ref, distinct, _no_names, "image")
        reference = None
    is_own = any(i["Id"][7:] == image["Id"] for i in mine)
    name = f"sha256:{image['Id']}"
    if reference is not None:
        namespace = call.tenant.namespace if is_own else ""
        name = str(replace(reference, path=namespace + reference.path))
    return Found(f"sha256:{image['Id']}", name, is_own)


def _names(image: dict[str, Any]) -> list[str]:
    return [*(image.get("RepoTags") or []), *(image.get("RepoDigests") or [])]


def _no_names(_image: dict[str, Any]) -> list[str]:
    return []


async def _find_own(call: Call) -> Found:
    found = await find(call, call.ref)
    if not found.own:
        raise Refused(f"La imagen base «{call.ref}» es de todos: no se cambia ni se borra.")
    return found


async def list_own(call: Call) -> Reply:
    """GET /images/json"""
    filters = call.query.text("filters")
    for name in ("all", "digests", "shared-size", "manifests"):
        call.query.flag(name)
    call.query.finish()
    images = await own(call, filters)
    asked = {k: v for k, v in parse_filters(filters, _FILTERS | {"label"}).items() if v}
    if not asked.keys() - {"reference"}:
        patterns = asked.get("reference", [])
        images += [i for i in await _bases(call) if not patterns or _matches(patterns, _names(i))]
    return Reply(200, images)


async def inspect(call: Call) -> Reply:
    """GET /images/{name}/json"""
    call.query.text("platform")
    call.query.flag("manifests")
    call.query.finish()
    found = await find(call, call.ref)
    image = await call.fetch(f"/images/{found.identifier}/json")
    image.pop("ContainerConfig", None)  # of the step that made it: one of the guard's labels
    if not found.own:
        image["RepoTags"] = [t for t in image.get("RepoTags") or [] if t in call.policy.images]
        return Reply(200, image)
    config = part(image, "Config")
    config["Labels"] = asked_labels(config.get("Labels")) or None
    return Reply(200, _shown(call, image))


async def history(call: Call) -> Reply:
    """GET /images/{name}/history, without build arguments: some are the policy's own."""
    call.query.finish()
    found = await find(call, call.ref)
    layers = await call.fetch(f"/images/{found.identifier}/history")
    mine = f"taller.prefix={call.tenant.namespace}"
    kept = [layer for layer in layers if mine not in (layer.get("CreatedBy") or "")]
    for layer in kept:
        layer["CreatedBy"] = _ARGUMENTS.sub("", layer.get("CreatedBy") or "", count=1)
        layer["Tags"] = [asked_name(t, call.tenant) for t in layer.get("Tags") or []] or None
    return Reply(200, kept)


async def tag(call: Call) -> Reply:
    """POST /images/{name}/tag"""
    repository, version = call.query.text("repo"), call.query.text("tag")
    call.query.flag("force")
    call.query.finish()
    target = real_tag(_with_tag(repository, version), call.tenant, call.policy)
    found = await _find_own(call)
    call.history.check()
    keep = await watch_names(call)
    query = {"repo": str(target).removesuffix(f":{target.tag}"), "tag": target.tag}
    status, answer = await call.ask("POST", f"/images/{found.identifier}/tag", query)
    await keep()
    return Reply(status, answer)


async def delete(call: Call) -> Reply:
    """DELETE /images/{name}"""
    query = {name: "1" for name in ("force", "noprune") if call.query.flag(name)}
    call.query.finish()
    found = await _find_own(call)
    keep = await watch_names(call)
    status, answer = await call.ask("DELETE", f"/images/{found.name}", query)
    await keep()
    return Reply(status, shown(answer, call.tenant))


async def watch_names(call: Call) -> Callable[[], Awaitable[None]]:
    """What to call after a change, to keep which images' names came and went with it."""
    before = await _named(call)

    async def keep() -> None:
        after = await _named(call)
        for name, image in before.items() - after.items():
            if name not in after:
                call.saw("remove", "image", name, image)
        for name, image in after.items() - before.items():
            call.saw("create", "image", name, image)
        before.clear()
        before.update(after)

    return keep


async def _named(call: Call) -> dict[str, str]:
    """The names of the tenant's images, and the image of each."""
    return {name: image["Id"] for image in await own(call) for name in image["RepoTags"] or []}


async def pull(call: Call) -> Reply | Relay:
    """POST /images/create: from an allowed registry; a base image is there already."""
    name = _with_tag(call.query.text("fromImage"), call.query.text("tag"))
    call.query.text("platform")
    call.query.finish()
    reference = parse_reference(name)
    if str(reference) in call.policy.images:
        await find(call, str(reference))
        return Reply(200, {"status": f"{reference}: la imagen ya está en este equipo."})
    if reference is None or reference.host not in call.policy.registries:
        raise Refused(
            f"Descargar «{name}» no está permitido. Usa una de estas imágenes: "
            f"{', '.join(call.policy.images)}."
        )
    real = real_tag(f"{reference.host}/{reference.path}:{reference.tag}", call.tenant, call.policy)
    query = {"fromImage": f"{real.host}/{real.path}", "tag": reference.digest or real.tag}
    return _with_names(call, _with_auth(call, "/images/create", query))


def _with_names(call: Call, request: Request) -> Relay:
    """A request whose answer, line by line, goes out with the tenant's names."""

    def named(line: bytes) -> bytes:
        return without_namespace(line.decode("utf-8", "replace"), call.tenant).encode()

    return Relay(request, line_filter=named)


async def push(call: Call) -> Relay:
    """POST /images/{name}/push"""
    version = call.query.text("tag")
    call.query.text("platform")
    call.query.finish()
    reference = real_tag(_with_tag(call.ref, version), call.tenant, call.policy)
    if not reference.host:
        raise Refused(
            "Publicar en Docker Hub no está permitido: pon delante un registro permitido."
        )
    await find(call, _with_tag(call.ref, version))
    path = f"/images/{reference.host}/{reference.path}/push"
    return _with_names(call, _with_auth(call, path, {"tag": reference.tag}))


def _with_auth(call: Call, path: str, query: dict[str, str]) -> Request:
    """A request with the client's credentials for a registry, which are the client's own."""
    auth = call.headers.get("x-registry-auth", "")
    if not _AUTH.fullmatch(auth):
        raise Refused("X-Registry-Auth no es correcto.", 400)
    headers = {"X-Registry-Auth": auth} if auth else {}
    return Request("POST", call.version + path, query, headers=headers)


def _with_tag(name: str, version: str) -> str:
    if not version:
        return name
    return f"{name}@{version}" if version.startswith("sha256:") else f"{name}:{version}"
