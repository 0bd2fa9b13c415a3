"""TLS towards the Docker Engine: client certificates and what they say about themselves."""

import socket
import ssl
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from docker_provider.errors import ConfigurationError

_PROBE_TIMEOUT = 3.0  # seconds


@dataclass(frozen=True)
class TlsMaterial:
    """PEM texts for one engine; `origin` tells a person where they came from."""

    ca: str | None
    certificate: str | None
    key: str | None = field(repr=False)
    origin: str
    verify: bool = True

    @classmethod
    def from_folder(cls, folder: Path, *, verify: bool = True) -> "TlsMaterial":
        """Read ``ca.pem``, ``cert.pem`` and ``key.pem``; ConfigurationError when one is missing."""
        return cls(
            ca=_read_pem(folder / "ca.pem"),
            certificate=_read_pem(folder / "cert.pem"),
            key=_read_pem(folder / "key.pem"),
            origin=str(folder),
            verify=verify,
        )

    @classmethod
    def system_authorities(cls) -> "TlsMaterial":
        """No client certificate; the engine must be signed by an authority this machine trusts."""
        return cls(ca=None, certificate=None, key=None, origin="this machine's authorities")

    def certificate_validity(self) -> tuple[datetime, datetime] | None:
        """The client certificate's first and last moment (UTC); None when there is none."""
        if not self.certificate:
            return None
        from cryptography import x509

        parsed = x509.load_pem_x509_certificate(self.certificate.encode())
        return parsed.not_valid_before_utc, parsed.not_valid_after_utc

    def expired(self) -> datetime | None:
        """The moment the client certificate expired, or None while it is valid."""
        validity = self.certificate_validity()
        return validity[1] if validity and validity[1] < datetime.now(UTC) else None

    def context(self) -> ssl.SSLContext:
        """Build the client's TLS context; raises ConfigurationError for unusable PEM."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        self._load_authority(context)
        if self.certificate and self.key:
            self._load_client_certificate(context)
        return context

    def refusal(self, host: str, port: int) -> OSError | None:
        """Shake hands once more and wait for the server's complaint; None when it has none.

        In TLS 1.3 a server refuses a client certificate after the client's handshake is done.
        If a request is on its way by then, closing can reset the connection before the alert
        is read; without a request the alert always arrives.
        """
        try:
            with (
                socket.create_connection((host, port), _PROBE_TIMEOUT) as plain,
                self.context().wrap_socket(plain, server_hostname=host) as encrypted,
            ):
                encrypted.recv(1)
        except TimeoutError:
            return None
        except OSError as error:
            return error
        return None

    def _load_authority(self, context: ssl.SSLContext) -> None:
        if not self.ca:
            context.load_default_certs()
            return
        try:
            context.load_verify_locations(cadata=self.ca)
        except (ssl.SSLError, ValueError) as error:
            raise self._unusable("the CA certificate", error) from error

    def _load_client_certificate(self, context: ssl.SSLContext) -> None:
        # OpenSSL's Python interface takes a client certificate from files only: they exist for
        # this one call, in a folder that nobody else can enter (mkdtemp makes it mode 0700).
        with tempfile.TemporaryDirectory(prefix="docker-provider-tls-") as name:
            certificate, key = Path(name, "cert.pem"), Path(name, "key.pem")
            certificate.write_text(self.certificate or "", encoding="ascii", errors="replace")
            key.write_text(self.key or "", encoding="ascii", errors="replace")
            try:
                # An empty password instead of the default: OpenSSL would ask at the terminal.
                context.load_cert_chain(certificate, key, password="")
            except (ssl.SSLError, ValueError) as error:
                raise self._unusable("the client certificate and its key", error) from error

    def _unusable(self, part: str, error: Exception) -> ConfigurationError:
        mismatch = "KEY_VALUES_MISMATCH" in str(error)
        reason = "the key does not belong to the certificate" if mismatch else f"no PEM: {error}"
        return ConfigurationError(
            "The TLS material for the Docker Engine cannot be used",
            f"{part[0].upper()}{part[1:]} from {self.origin}: {reason}.",
        )


def _read_pem(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "The TLS material for the Docker Engine cannot be read",
            f"{path}: {error}. The folder must hold ca.pem, cert.pem and key.pem.",
        ) from error
