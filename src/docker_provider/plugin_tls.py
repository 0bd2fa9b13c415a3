"""go-plugin's automatic TLS: a certificate made for one process, sent in the handshake.

Terraform pins that certificate. Its own client certificate is on the P-521 curve, which gRPC's
BoringSSL does not verify, so the client is not asked for one: the socket's folder, which only this
user may enter, keeps others out.
"""

from datetime import UTC, datetime, timedelta

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=30)
_NAME = "localhost"


def server_credentials() -> tuple[grpc.ServerCredentials, bytes]:
    """Return the server's credentials, and the certificate (DER) for the handshake."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(key)
    credentials = grpc.ssl_server_credentials(
        [
            (
                key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                ),
                certificate.public_bytes(serialization.Encoding.PEM),
            )
        ]
    )
    return credentials, certificate.public_bytes(serialization.Encoding.DER)


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    now = datetime.now(UTC)
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + LIFETIME)
        # Terraform takes the certificate itself as the authority that signed it.
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(_NAME)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .sign(key, hashes.SHA256())
    )
