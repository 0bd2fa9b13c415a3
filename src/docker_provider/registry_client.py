"""The part of the registry's HTTP API that the provider needs.

Protocol: the Docker Registry HTTP API V2 (the OCI distribution specification), and its token
authentication; https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

from __future__ import annotations

import hashlib
from typing import Any

from docker_provider.errors import ProviderError
from docker_provider.image_name import DOCKER_HUB, ImageName
from docker_provider.on_demand import requests
from docker_provider.registry_auth import Credentials, is_loopback

TIMEOUT = 30
"""Seconds the registry has to answer."""

_WRONG_VERSION = "WRONG_VERSION_NUMBER"
"""How OpenSSL says that what answered was no TLS."""

_DOCKER_HUB_API = "registry-1.docker.io"
_MANIFEST_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


class ImageNotFoundError(ProviderError):
    """The registry answers, but has no such image."""


class RegistryClient:
    """One registry, with the credentials for it."""

    def __init__(
        self,
        registry: str,
        credentials: Credentials,
        *,
        scheme: str = "https",
        insecure_skip_verify: bool = False,
    ) -> None:
        host = _DOCKER_HUB_API if registry == DOCKER_HUB else registry
        self._registry = registry
        self._base = f"{scheme}://{host}/v2"
        self._credentials = credentials
        self._session = requests.Session()
        self._verify = not insecure_skip_verify
        # A proxy is for the web, never for this machine.
        self._session.trust_env = not is_loopback(registry)

    def digest(self, image: ImageName) -> str:
        """The digest (``sha256:…``) that the registry has under the image's name.

        Raises ImageNotFoundError, or ProviderError when the registry cannot be asked.
        """
        answer = self._manifest("HEAD", image)
        digest = answer.headers.get("Docker-Content-Digest")
        if digest:
            return str(digest)
        # The header is optional; the digest of a manifest is defined as that of its bytes.
        content = self._manifest("GET", image).content
        return f"sha256:{hashlib.sha256(content).hexdigest()}"

    def delete(self, image: ImageName) -> None:
        """Remove the manifest that the image's digest names; raises as `digest` does."""
        self._manifest("DELETE", image)

    def _manifest(self, method: str, image: ImageName) -> requests.Response:
        url = f"{self._base}/{image.repository}/manifests/{image.reference}"
        answer = self._send(method, url)
        if answer.status_code == requests.codes.unauthorized:
            challenge = answer.headers.get("WWW-Authenticate", "")
            answer = self._send(method, url, self._answer(challenge, image, method))
        if not answer.ok:
            raise self._refusal(answer, image)
        return answer

    def _send(self, method: str, url: str, auth: Any = None, **options: Any) -> requests.Response:
        headers = {"Accept": ", ".join(_MANIFEST_TYPES)}
        try:
            return self._session.request(
                method,
                url,
                headers=headers,
                auth=auth or _no_auth,
                timeout=TIMEOUT,
                verify=self._verify,
                **options,
            )
        except requests.RequestException as error:
            raise self._unreachable(error) from error

    def _answer(self, challenge: str, image: ImageName, method: str) -> Any:
        """What the registry's WWW-Authenticate header asks for, as a requests auth."""
        kind, _, fields = challenge.partition(" ")
        if kind.lower() == "bearer":
            wanted = requests.utils.parse_dict_header(fields)  # type: ignore[no-untyped-call]  # in requests itself
            return _Bearer(self._token(wanted, image, method))
        if not self._credentials.username:
            raise self._needs_credentials()
        return self._basic()

    def _token(self, challenge: dict[str, str], image: ImageName, method: str) -> str:
        actions = "delete,pull" if method == "DELETE" else "pull"
        scope = challenge.get("scope") or f"repository:{image.repository}:{actions}"
        fields = {"service": challenge.get("service", ""), "scope": scope}
        realm = challenge.get("realm", "")
        if self._credentials.identity_token:
            refresh = {"grant_type": "refresh_token", "client_id": "docker-provider"}
            refresh["refresh_token"] = self._credentials.identity_token
            answer = self._send("POST", realm, data={**fields, **refresh})
        else:
            auth = self._basic() if self._credentials else None
            answer = self._send("GET", realm, auth, params=fields)
        if not answer.ok:
            raise self._refusal(answer, image)
        content = answer.json()
        return str(content.get("token") or content.get("access_token", ""))

    def _basic(self) -> requests.auth.HTTPBasicAuth:
        # As bytes, because requests would encode text as Latin-1, and registries read UTF-8.
        username, password = self._credentials.username, self._credentials.password
        return requests.auth.HTTPBasicAuth(username.encode(), password.encode())

    def _refusal(self, answer: requests.Response, image: ImageName) -> ProviderError:
        status = answer.status_code
        if status == requests.codes.unauthorized and not self._credentials:
            return self._needs_credentials()
        if status in (requests.codes.unauthorized, requests.codes.forbidden):
            return wrong_credentials(self._registry, self._credentials)
        if status == requests.codes.not_found:
            return ImageNotFoundError(
                f"There is no image {image} in the registry",
                f"{self._registry} answers, but does not have it. Check repository and tag, or "
                "push it first.",
            )
        if status == requests.codes.method_not_allowed:
            return ProviderError(
                f"The registry {self._registry} does not delete images",
                "Set `keep_remotely = true`, or allow it in the registry's configuration "
                "(storage.delete.enabled).",
            )
        return ProviderError(
            f"The registry {self._registry} answered with HTTP status {status}",
            f"{image}: {answer.text[:500] or answer.reason}",
        )

    def _needs_credentials(self) -> ProviderError:
        return needs_credentials(self._registry)

    def _unreachable(self, error: requests.RequestException) -> ProviderError:
        if _WRONG_VERSION in str(error):
            advice = (
                "It speaks plain HTTP: write `address = "
                f'"http://{self._registry}"` in the provider\'s registry_auth block.'
            )
        elif isinstance(error, requests.exceptions.SSLError):
            advice = (
                "If its certificate is signed by an authority of your own, add that to this "
                "machine's trusted ones (REQUESTS_CA_BUNDLE); `insecure_skip_verify = true` "
                "gives up checking."
            )
        else:
            advice = "Check the address and the port, and that the registry is running."
        return ProviderError(
            f"Cannot reach the registry {self._registry}", f"{self._base}/: {error}. {advice}"
        )


class _Bearer:
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep requests from sending what it finds in ~/.netrc."""
    return request


def needs_credentials(registry: str) -> ProviderError:
    """The registry lets nobody in without credentials, and there are none."""
    return ProviderError(
        f"The registry {registry} requires credentials",
        f'There are none for it. Add a `registry_auth` block with `address = "{registry}"`, '
        "`username` and `password` to the provider, or run "
        f"`docker login {registry}`.",
    )


def wrong_credentials(registry: str, credentials: Credentials) -> ProviderError:
    """The registry does not accept the credentials, or not for this repository."""
    who = f"the user {credentials.username}" if credentials.username else "the identity token"
    return ProviderError(
        f"The registry {registry} refused the credentials",
        f"It did not accept {who}. Check user name, password and the right to this repository: "
        "the resource's `auth_config` or the provider's `registry_auth` block, or "
        f"`docker login {registry}`.",
    )
