"""Listeners of every kind in front of the real engine, and the certificates they ask for."""

import datetime
import ipaddress
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from docker_provider.connection import ProviderConfig, connect, explain

DAY = datetime.timedelta(days=1)
ENGINE_SOCKET = Path("/var/run/docker.sock")


# --- Certificates -------------------------------------------------------------------------------


@dataclass
class Authority:
    """A certificate authority that signs certificates for 127.0.0.1."""

    name: x509.Name
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def new(cls, name: str) -> "Authority":
        key, subject = ec.generate_private_key(ec.SECP256R1()), _name(name)
        builder = _builder(subject, subject, key, valid_days=2).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        return cls(subject, key, builder.sign(key, hashes.SHA256()))

    @property
    def pem(self) -> str:
        return _pem(self.certificate)

    def issue(self, folder: Path, name: str, *, valid_days: int = 2) -> Path:
        """Write ca.pem, cert.pem and key.pem; a negative `valid_days` ended that long ago."""
        key = ec.generate_private_key(ec.SECP256R1())
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        certificate = (
            _builder(_name(name), self.name, key, valid_days)
            .add_extension(x509.SubjectAlternativeName([address]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        folder.mkdir()
        (folder / "ca.pem").write_text(self.pem)
        (folder / "cert.pem").write_text(_pem(certificate))
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        (folder / "key.pem").write_bytes(private)
        return folder


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, valid_days: int
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 10 * DAY)
        .not_valid_after(now + valid_days * DAY)
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


# --- Listeners ----------------------------------------------------------------------------------


class _Relay(socketserver.BaseRequestHandler):
    """Hands a TLS connection on to the engine's Unix socket, as dockerd's own listener would."""

    def handle(self) -> None:
        context: ssl.SSLContext = self.server.tls_context  # type: ignore[attr-defined]  # set below
        # A refused handshake ends here; the client has got its alert.
        with (
            suppress(OSError),
            context.wrap_socket(self.request, server_side=True) as client,
            socket.socket(socket.AF_UNIX) as engine,
        ):
            engine.connect(str(ENGINE_SOCKET))
            back = threading.Thread(target=_copy, args=(engine, client), daemon=True)
            back.start()
            _copy(client, engine)
            back.join(5)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):  # either side may hang up first
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


Serve = Callable[..., int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a listener on a free loopback port, in a thread, and return the port."""
    servers: list[socketserver.BaseServer] = []

    def start(handler: type, tls_context: ssl.SSLContext | None = None) -> int:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        server.tls_context = tls_context  # type: ignore[attr-defined]  # for the relay
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        return int(server.server_address[1])

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def authority() -> Authority:
    return Authority.new("engine authority")


@pytest.fixture
def stranger() -> Authority:
    """An authority that neither the engine nor the student knows."""
    return Authority.new("somebody else")


@pytest.fixture
def tls_engine(serve: Serve, authority: Authority, tmp_path: Path) -> Callable[..., str]:
    """Put a TLS listener that demands client certificates in front of the engine."""

    def start(*, valid_days: int = 2) -> str:
        folder = authority.issue(tmp_path / "server", "engine", valid_days=valid_days)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        context.load_verify_locations(folder / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        return f"tcp://127.0.0.1:{serve(_Relay, context)}"

    return start


@pytest.fixture
def failure() -> Callable[[ProviderConfig], tuple[str, str]]:
    """Connect, which must fail, and return what a person is told: summary and detail."""

    def connect_in_vain(config: ProviderConfig) -> tuple[str, str]:
        with pytest.raises(Exception) as caught:  # noqa: PT011  # whatever fails must be explained
            connect(config)
        return explain(caught.value, config)

    return connect_in_vain
