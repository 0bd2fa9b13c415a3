"""A remote engine is reached with client certificates; what TLS refuses is told exactly."""

import datetime
import http.server
import ipaddress
import socket
import socketserver
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from docker_provider.connection import ProviderConfig, connect, explain
from docker_provider.endpoint import resolve_endpoint

pytestmark = pytest.mark.engine

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


def failure(config: ProviderConfig) -> tuple[str, str]:
    """Connect, which must fail, and return what a person is told."""
    with pytest.raises(Exception) as caught:  # noqa: PT011  # whatever fails must be explained
        connect(config)
    return explain(caught.value, config)


# --- Tests ---


def test_a_context_of_the_docker_command_line_names_the_engine(
    tls_engine: Callable[..., str],
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "configuration"))
    folder = authority.issue(tmp_path / "client", "student")
    pem = ",".join(f"{part}={folder / part}.pem" for part in ("ca", "cert", "key"))
    subprocess.run(
        ["docker", "context", "create", "far", "--docker", f"host={tls_engine()},{pem}"],
        check=True,
        capture_output=True,
    )
    with closing(connect(ProviderConfig(context="far"))) as client:
        assert client.ping()
    subprocess.run(["docker", "context", "use", "far"], check=True, capture_output=True)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    assert '"far"' in str(resolve_endpoint(ProviderConfig()))


def test_a_client_certificate_opens_a_remote_engine_by_folder_or_by_material(
    tls_engine: Callable[..., str],
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    host, folder = tls_engine(), authority.issue(tmp_path / "client", "student")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    material = {
        f"{part}_material": (folder / f"{part}.pem").read_text() for part in ("ca", "cert", "key")
    }
    for config in (
        ProviderConfig(host=host, cert_path=str(folder)),
        ProviderConfig(host=host, **material),
    ):
        with closing(connect(config)) as client:
            assert client.info()["ServerVersion"]
        assert not list(temporary.iterdir()), "no key stays on disk"


def test_a_client_certificate_of_another_authority_is_refused_by_the_engine(
    tls_engine: Callable[..., str], authority: Authority, tmp_path: Path
) -> None:
    folder = Authority.new("somebody else").issue(tmp_path / "client", "stranger")
    (folder / "ca.pem").write_text(authority.pem)
    summary, detail = failure(ProviderConfig(host=tls_engine(), cert_path=str(folder)))
    assert "the engine refused the client certificate" in summary
    assert str(folder) in detail


def test_an_expired_client_certificate_is_told_with_its_date(
    tls_engine: Callable[..., str], authority: Authority, tmp_path: Path
) -> None:
    folder = authority.issue(tmp_path / "client", "student", valid_days=-1)
    summary, detail = failure(ProviderConfig(host=tls_engine(), cert_path=str(folder)))
    assert "the client certificate has expired" in summary
    yesterday = datetime.datetime.now(datetime.UTC) - DAY
    assert f"valid until {yesterday:%Y-%m-%d}" in detail


def test_an_engine_that_wants_a_certificate_says_so_when_there_is_none(
    tls_engine: Callable[..., str], authority: Authority
) -> None:
    summary, detail = failure(ProviderConfig(host=tls_engine(), ca_material=authority.pem))
    assert "the engine requires a client certificate" in summary
    assert "cert_path" in detail


def test_an_engine_signed_by_an_unknown_authority_is_not_trusted(
    tls_engine: Callable[..., str],
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    folder = authority.issue(tmp_path / "client", "student")
    (folder / "ca.pem").write_text(Authority.new("somebody else").pem)
    # requests would trust this bundle in place of ca.pem.
    (tmp_path / "bundle.pem").write_text(authority.pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "bundle.pem"))
    summary, detail = failure(ProviderConfig(host=tls_engine(), cert_path=str(folder)))
    assert "signed by an unknown CA" in summary
    assert "ca_material" in detail


def test_an_engine_whose_certificate_expired_is_told_apart(
    tls_engine: Callable[..., str], authority: Authority, tmp_path: Path
) -> None:
    folder = authority.issue(tmp_path / "client", "student")
    host = tls_engine(valid_days=-1)
    summary, _ = failure(ProviderConfig(host=host, cert_path=str(folder)))
    assert "the engine's certificate has expired" in summary


def test_an_engine_known_by_another_name_is_told_apart(
    tls_engine: Callable[..., str], authority: Authority, tmp_path: Path
) -> None:
    folder = authority.issue(tmp_path / "client", "student")
    host = tls_engine().replace("127.0.0.1", "localhost")
    summary, detail = failure(ProviderConfig(host=host, cert_path=str(folder)))
    assert "certificate is for another host" in summary
    assert "subjectAltName" in detail


def test_a_listener_without_tls_is_told_apart(
    serve: Serve, authority: Authority, tmp_path: Path
) -> None:
    folder = authority.issue(tmp_path / "client", "student")
    host = f"tcp://127.0.0.1:{serve(http.server.SimpleHTTPRequestHandler)}"
    summary, detail = failure(ProviderConfig(host=host, cert_path=str(folder)))
    assert "it does not speak TLS" in summary
    assert "2375" in detail
