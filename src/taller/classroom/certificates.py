"""A private authority and the certificates that it signs: who a client is, and who we are.

A client of the Engine API cannot send a token, but docker, its SDKs and Terraform all show a
certificate when DOCKER_CERT_PATH names one: that is what a student without a user of the system is
known by. The authority stays from run to run, so certificates that were handed out go on.
"""

import ipaddress
import socket
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from taller.classroom.seats import CERTIFICATES, PRIVATE, Seat, write_private
from taller.errors import TallerError

_YEAR = timedelta(days=365)
_SKEW = timedelta(hours=1)
_SOON = timedelta(days=30)
_AUTHORITY, _AUTHORITY_KEY = "authority.pem", "authority-key.pem"


class Authority:
    """Signs certificates; its own and its key are kept in the classroom's private folder.

    Args:
        folder: the classroom's.

    Raises:
        TallerError: what is kept there is no certificate and key.
    """

    def __init__(self, folder: Path) -> None:
        self._private = folder / PRIVATE
        certificate, key = self._private / _AUTHORITY, self._private / _AUTHORITY_KEY
        if not (certificate.exists() and key.exists() and _lasts(certificate.read_bytes())):
            made = _key()
            write_private(certificate, _pem(_signed("taller classroom", made, made, None)))
            write_private(key, _key_pem(made))
        try:
            self._certificate = x509.load_pem_x509_certificate(certificate.read_bytes())
            loaded = serialization.load_pem_private_key(key.read_bytes(), None)
        except ValueError as error:
            raise TallerError(f"{certificate} no es un certificado con su clave.",
                              "Bórralos los dos: se hacen otros.") from error  # fmt: skip
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise TallerError(f"{key} no es una clave de las que hace el taller.")
        self._key = loaded

    def equip(self, seat: Seat) -> None:
        """Write a student's certificate and key into its folder, unless they are there."""
        ca, cert, key = (seat.folder / name for name in CERTIFICATES)
        mine = _pem(self._certificate)
        known = all(path.is_file() for path in (ca, cert, key)) and ca.read_bytes() == mine
        if known and self._signed_for(cert.read_bytes(), seat.student):
            return
        made = _key()
        usage = ExtendedKeyUsageOID.CLIENT_AUTH
        write_private(ca, mine)
        write_private(cert, _pem(self._sign(seat.student, made, usage, [])))
        write_private(key, _key_pem(made))

    def context(self, host: str) -> ssl.SSLContext:
        """How we prove who we are, and ask clients the same.

        Args:
            host: where we listen.
        """
        made = _key()
        names = [_general_name(name) for name in sorted(_names_of(host))]
        certificate = self._sign(host, made, ExtendedKeyUsageOID.SERVER_AUTH, names)
        chain = self._private / "server.pem"
        write_private(chain, _pem(certificate) + _key_pem(made))
        context = ssl.create_default_context(
            ssl.Purpose.CLIENT_AUTH, cadata=_pem(self._certificate).decode()
        )
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(chain)
        return context

    def _sign(
        self, name: str, key: ec.EllipticCurvePrivateKey, usage: x509.ObjectIdentifier,
        names: list[x509.GeneralName],
    ) -> x509.Certificate:  # fmt: skip
        return _signed(name, key, self._key, self._certificate, usage, names)

    def _signed_for(self, pem: bytes, student: str) -> bool:
        """Whether a certificate is ours, the student's, and lasts for some time."""
        try:
            certificate = x509.load_pem_x509_certificate(pem)
            certificate.verify_directly_issued_by(self._certificate)
        except Exception:  # noqa: BLE001 - whatever is wrong with it, another one is made
            return False
        (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return name.value == student and _lasts(pem)


def student_of(peer: dict[str, object] | None) -> str:
    """Whose a client's certificate is, as the ssl module describes it; empty without one."""
    subject = peer.get("subject", ()) if peer else ()
    pairs = dict(pair for rdn in subject for pair in rdn)  # type: ignore[attr-defined]  # ssl's own
    return str(pairs.get("commonName", ""))


def _names_of(host: str) -> set[str]:
    """By what names and addresses clients may call us."""
    names = {"localhost", "127.0.0.1", "::1", socket.gethostname(), socket.getfqdn(), host}
    for addresses in psutil.net_if_addrs().values():
        names |= {one.address.partition("%")[0] for one in addresses if one.family in _IP}
    return {name for name in names if name}


_IP = (socket.AF_INET, socket.AF_INET6)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _signed(
    name: str, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None, usage: x509.ObjectIdentifier | None = None,
    names: Iterable[x509.GeneralName] = (),
) -> x509.Certificate:  # fmt: skip
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + (_YEAR if issuer else 10 * _YEAR))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False
        )
        .add_extension(_key_usage(signs=issuer is None), critical=True)
    )
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if others := list(names):
        builder = builder.add_extension(x509.SubjectAlternativeName(others), critical=False)
    return builder.sign(by, hashes.SHA256())


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, key_cert_sign=signs, crl_sign=signs, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _lasts(pem: bytes) -> bool:
    certificate = x509.load_pem_x509_certificate(pem)
    return certificate.not_valid_after_utc > datetime.now(UTC) + _SOON


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )  # fmt: skip
