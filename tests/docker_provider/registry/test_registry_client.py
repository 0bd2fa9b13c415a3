"""The registry's HTTP API, spoken to real registries: with passwords, tokens and TLS."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import docker
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from docker_provider.errors import ProviderError
from docker_provider.image_name import ImageName
from docker_provider.registry_auth import ANONYMOUS, Credentials
from docker_provider.registry_client import ImageNotFoundError, RegistryClient

from .signer import Signer

pytestmark = pytest.mark.engine

RIGHT = Credentials("alumna", "contraseña-1")


class TokenServer(BaseHTTPRequestHandler):
    """Gives tokens to RIGHT alone, as the token authentication specification says."""

    signer: ClassVar[Signer]
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        self.asked.append(query["scope"][0])
        wanted = base64.b64encode(f"{RIGHT.username}:{RIGHT.password}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {wanted}":
            self.send_error(401)
            return
        kind, name, actions = query["scope"][0].split(":")
        body = json.dumps({"token": self.token(kind, name, actions)}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def token(self, kind: str, name: str, actions: str) -> str:
        """Sign who may do what, for one minute."""
        now = int(time.time())
        claims = {"iss": "clase", "aud": "registro", "sub": RIGHT.username, "jti": str(now)}
        claims |= {"exp": now + 60, "nbf": now - 60, "iat": now}  # type: ignore[dict-item]  # numbers
        claims["access"] = [{"type": kind, "name": name, "actions": actions.split(",")}]  # type: ignore[assignment]  # claims differ in type
        header = {"alg": "ES256", "x5c": [base64.b64encode(self.signer.der).decode()]}
        return jwt.encode(header, claims, ECKey.import_key(self.signer.key.read_bytes()))

    def log_message(self, format: str, *arguments: Any) -> None:  # inherited name
        """Keep quiet."""


@pytest.fixture(scope="module")
def token_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    TokenServer.signer = Signer(tmp_path_factory.mktemp("tokens"))
    with ThreadingHTTPServer(("127.0.0.1", 0), TokenServer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/token"
        server.shutdown()


def push(engine: docker.DockerClient, image: str, credentials: Credentials) -> None:
    """Push as the Docker command line would."""
    auth = credentials.as_engine_auth()
    for line in engine.api.push(image, stream=True, decode=True, auth_config=auth):
        assert "error" not in line


def test_a_password_registry_tells_the_digest_and_deletes_by_it(
    engine: docker.DockerClient, registry: Any, image: str
) -> None:
    for line in engine.api.push(
        image, stream=True, decode=True, auth_config=RIGHT.as_engine_auth()
    ):
        assert "error" not in line
    name = ImageName.parse(image)
    client = RegistryClient(name.registry, RIGHT, scheme="http")
    digest = client.digest(name)
    pinned = ImageName(name.registry, name.repository, digest)
    assert client.digest(pinned) == digest
    client.delete(pinned)
    with pytest.raises(ImageNotFoundError):
        client.digest(name)


def test_a_token_registry_is_answered_with_a_token_for_just_what_is_done(
    engine: docker.DockerClient,
    start_registry: Callable[..., str],
    token_server: str,
    registry: Any,
    image: str,
    prefix: str,
) -> None:
    bundle = str(TokenServer.signer.certificate)
    token = {"realm": token_server, "service": "registro", "issuer": "clase"}
    address = start_registry(auth={"token": {**token, "rootcertbundle": bundle}})
    name = ImageName.parse(f"{address}/{prefix}/app:1")
    engine.api.tag(image, f"{address}/{prefix}/app", "1")
    pushed = engine.api.push(
        str(name), stream=True, decode=True, auth_config=RIGHT.as_engine_auth()
    )
    assert not [line["error"] for line in pushed if "error" in line]
    engine.images.remove(str(name))

    client = RegistryClient(address, RIGHT, scheme="http")
    digest = client.digest(name)
    assert TokenServer.asked[-1] == f"repository:{prefix}/app:pull"
    client.delete(ImageName(name.registry, name.repository, digest))
    assert "delete" in TokenServer.asked[-1]
    with pytest.raises(ImageNotFoundError):
        client.digest(name)
    for credentials, told in (
        (Credentials(RIGHT.username, "not-hers"), "refused the credentials"),
        (ANONYMOUS, "requires credentials"),
    ):
        with pytest.raises(ProviderError, match=told):
            RegistryClient(address, credentials, scheme="http").digest(name)


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")  # on purpose
def test_a_certificate_of_an_unknown_authority_is_refused_unless_told_otherwise(
    start_registry: Callable[..., str], tmp_path: Path
) -> None:
    signer = Signer(tmp_path)
    tls = {"certificate": str(signer.certificate), "key": str(signer.key)}
    address = start_registry(http={"tls": tls})
    name = ImageName.parse(f"{address}/none:1")
    with pytest.raises(ProviderError, match="insecure_skip_verify"):
        RegistryClient(address, ANONYMOUS).digest(name)
    with pytest.raises(ImageNotFoundError):
        RegistryClient(address, ANONYMOUS, insecure_skip_verify=True).digest(name)


def test_a_registry_that_deletes_nothing_says_what_to_set(
    engine: docker.DockerClient, start_registry: Callable[..., str], image: str, prefix: str
) -> None:
    address = start_registry(storage={"inmemory": {}})
    name = ImageName.parse(f"{address}/{prefix}/app:1")
    engine.api.tag(image, f"{address}/{prefix}/app", "1")
    push(engine, str(name), ANONYMOUS)
    engine.images.remove(str(name))
    client = RegistryClient(address, ANONYMOUS, scheme="http")
    pinned = ImageName(name.registry, name.repository, client.digest(name))
    with pytest.raises(ProviderError, match="keep_remotely"):
        client.delete(pinned)
