"""docker_registry_image: an image that was pushed to a registry."""

from collections.abc import Iterable, Mapping
from typing import Any

from docker_provider.errors import ProviderError
from docker_provider.image_name import ImageName
from docker_provider.planning import State
from docker_provider.registry_auth import Credentials, credentials_for, has_block, scheme_for
from docker_provider.registry_client import (
    ImageNotFoundError,
    RegistryClient,
    needs_credentials,
    wrong_credentials,
)
from docker_provider.resource import InvalidArgumentError, Operation, Resource
from docker_provider.resources.build_schema import BUILD
from docker_provider.resources.timeouts import invalid_timeouts, limit
from docker_provider.schema import (
    BOOL,
    IDENTIFIER,
    STRING_MAP,
    TIMEOUTS,
    Attribute,
    Block,
    Nested,
    Schema,
    Value,
    computed,
    optional,
    required,
)

_AUTH_CONFIG = Block(
    (
        required("address"),
        required("username"),
        Attribute("password", "string", required=True, sensitive=True),
    )
)
_BUILD_ELSEWHERE = "Build the image with a docker_image resource, and refer to its name here."
# How engine and registry word a push that lacks the right credentials.
_ABSENCES = ("does not exist locally", "tag does not exist")
_DENIALS = ("unauthorized", "denied", "no basic auth credentials", "authentication required")


class RegistryImage(Resource):
    """A pushed image; its identifier is its digest in the registry."""

    name = "docker_registry_image"
    schema = Schema(
        Block(
            (
                IDENTIFIER,
                required("name", force_new=True),
                optional("keep_remotely", BOOL, default=False),
                optional("insecure_skip_verify", BOOL, default=False),
                optional("triggers", STRING_MAP, force_new=True),
                computed("sha256_digest"),
            ),
            (
                Nested("auth_config", _AUTH_CONFIG, nesting="list", max_items=1),
                Nested("build", BUILD, max_items=1, unserved=_BUILD_ELSEWHERE),
                TIMEOUTS,
            ),
        )
    )

    def validate(self, config: Mapping[str, Value]) -> Iterable[InvalidArgumentError]:
        """Time limits must be durations."""
        return invalid_timeouts(config)

    def create(self, operation: Operation, planned: State) -> State:
        """Push the image of that name from the engine."""
        image = ImageName.parse(planned["name"])
        _require_credentials(operation, planned, image)
        with operation.cancellation.limited(limit(planned, "create")):
            _push(operation, image, _credentials(operation, planned, image))
        # Not every engine names the digest in the push's progress.
        digest = registry_client(operation, planned, image).digest(image)
        return {**planned, "id": digest, "sha256_digest": digest}

    def read(self, operation: Operation, state: State) -> State | None:
        """Ask the registry for the digest it has now.

        Differs from kreuzwerker/docker, which takes a registry that does not answer for an image
        that is gone, and would push again: here that is an error.
        """
        image = ImageName.parse(state["name"])
        try:
            digest = registry_client(operation, state, image).digest(image)
        except ImageNotFoundError:
            return None
        return {**state, "sha256_digest": digest}

    def update(self, operation: Operation, prior: State, planned: State) -> State:
        """Only settings of this resource can change in place: nothing is pushed."""
        return {**planned, "sha256_digest": prior["sha256_digest"]}

    def delete(self, operation: Operation, state: State) -> None:
        """Remove the image from the registry by its digest, unless it is to be kept there."""
        if state["keep_remotely"]:
            return
        named = ImageName.parse(state["name"])
        pushed = ImageName(named.registry, named.repository, state["sha256_digest"])
        try:
            registry_client(operation, state, named).delete(pushed)
        except ImageNotFoundError:
            return


def registry_client(
    operation: Operation, state: Mapping[str, Any], image: ImageName
) -> RegistryClient:
    """The image's registry, with the credentials that the resource or the provider names."""
    return RegistryClient(
        image.registry,
        _credentials(operation, state, image),
        scheme=scheme_for(image.registry, _addresses(operation, state)),
        insecure_skip_verify=bool(state["insecure_skip_verify"]),
    )


def _addresses(operation: Operation, state: Mapping[str, Any]) -> list[str]:
    """The registries' addresses as they are written: the resource's own come first."""
    blocks = [block["address"] for block in state.get("auth_config") or ()]
    return [*blocks, *(block.address for block in operation.config.registry_auth)]


def _require_credentials(operation: Operation, state: State, image: ImageName) -> None:
    """As the real provider: who pushes says as whom, even where a registry asks nobody."""
    if not state["auth_config"] and not has_block(image.registry, operation.config.registry_auth):
        raise needs_credentials(image.registry)


def _credentials(operation: Operation, state: Mapping[str, Any], image: ImageName) -> Credentials:
    for block in state.get("auth_config") or ():
        return Credentials(block["username"], block["password"])
    return credentials_for(image.registry, operation.config.registry_auth)


def _push(operation: Operation, image: ImageName, credentials: Credentials) -> None:
    progress = operation.client.push(
        f"{image.registry}/{image.repository}",
        tag=image.reference,
        stream=True,
        decode=True,
        auth_config=credentials.as_engine_auth(),
    )
    for line in progress:
        operation.cancellation.check()
        if "error" in line:
            raise _push_failure(line["error"], image, credentials)


def _push_failure(message: str, image: ImageName, credentials: Credentials) -> ProviderError:
    if any(denial in message.lower() for denial in _DENIALS):
        if credentials:
            return wrong_credentials(image.registry, credentials)
        return needs_credentials(image.registry)
    if any(absence in message for absence in _ABSENCES):
        return ProviderError(
            f"There is no image {image} to push",
            f"{message}. Build or tag it first: a docker_image or docker_tag resource whose name "
            f"is the same, and `depends_on` or a reference to it.",
        )
    return ProviderError(f"The image {image} was not pushed", message)
