"""A made-up authority and signing certificate of PayPal's shape, made once per process."""

from __future__ import annotations

import base64
import tempfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CERT_URL = "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-90ab12cd"
SUBJECT = "messageverificationcerts.sandbox.paypal.com"
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
"""The suite hears webhooks years from here: the chain is valid as long as that takes."""


@dataclass(frozen=True)
class Issued:
    certificate: x509.Certificate
    key: RSAPrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def authority(name: str) -> Issued:
    key = new_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = _builder(key, subject, subject, SINCE, SINCE + timedelta(days=7300))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = made.add_extension(_usage(signs_certificates=True), critical=True)
    return Issued(made.sign(key, SHA256()), key)


def leaf(
    issuer: Issued,
    subject: str = SUBJECT,
    since: datetime = SINCE,
    until: datetime = SINCE + timedelta(days=3650),
    key: RSAPrivateKey | None = None,
) -> Issued:
    key = key or new_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    made = _builder(key, name, issuer.certificate.subject, since, until)
    made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    made = made.add_extension(_usage(signs_certificates=False), critical=True)
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
    made = made.add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
    )
    made = made.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False
    )
    return Issued(made.sign(issuer.key, SHA256()), key)


def new_key(bits: int = 2048) -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=bits)


def sign(key: RSAPrivateKey, sent_id: str, sent_at: str, webhook_id: str, body: bytes) -> str:
    text = f"{sent_id}|{sent_at}|{webhook_id}|{zlib.crc32(body)}".encode()
    return base64.b64encode(key.sign(text, PKCS1v15(), SHA256())).decode()


@cache
def _authority() -> Issued:
    return authority("Certified Authority")


@cache
def _leaf() -> Issued:
    return leaf(_authority())


@cache
def _stranger() -> RSAPrivateKey:
    return new_key()


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="paysaga-certified-")


@cache
def authorities() -> Path:
    """PEM of the made-up authority, for the settings; gone with the process."""
    path = Path(_folder().name) / "authorities.pem"
    path.write_bytes(_authority().pem)
    return path


def chain() -> bytes:
    return _leaf().pem + _authority().pem


def signature(
    sent_id: str, sent_at: str, webhook_id: str, body: bytes, *, stranger: bool = False
) -> str:
    key = _stranger() if stranger else _leaf().key
    return sign(key, sent_id, sent_at, webhook_id, body)


def _builder(
    key: RSAPrivateKey, subject: x509.Name, issuer: x509.Name, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
