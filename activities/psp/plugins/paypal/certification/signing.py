"""A made-up authority and signing certificate of PayPal's shape, made once per process."""

from __future__ import annotations

import base64
import json
import tempfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

CERT_URL = "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-90ab12cd"
SUBJECT = "messageverificationcerts.sandbox.paypal.com"
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
"""The suite hears webhooks years from here: the chain is valid as long as that takes."""


@dataclass(frozen=True)
class Issued:
    """A certificate and the key that it speaks for."""

    certificate: x509.Certificate
    key: RSAPrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def authority(name: str) -> Issued:
    """It signs itself, and may sign others."""
    key = new_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = _builder(key, subject, subject, SINCE, SINCE + timedelta(days=7300))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = made.add_extension(_usage(signs_certificates=True), critical=True)
    return Issued(made.sign(key, SHA256()), key)


def intermediate(issuer: Issued, name: str) -> Issued:
    """An authority that another one signed."""
    key = new_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    until = SINCE + timedelta(days=5000)
    made = _builder(key, subject, issuer.certificate.subject, SINCE, until)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    made = made.add_extension(_usage(signs_certificates=True), critical=True)
    made = made.add_extension(_signed_by(issuer), critical=False)
    return Issued(made.sign(issuer.key, SHA256()), key)


def leaf(
    issuer: Issued,
    subject: str = SUBJECT,
    since: datetime = SINCE,
    until: datetime = SINCE + timedelta(days=3650),
    key: RSAPrivateKey | None = None,
    issuer_url: str | None = None,
) -> Issued:
    """`issuer_url`: where it says that its issuer's own certificate is found."""
    key = key or new_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    made = _builder(key, name, issuer.certificate.subject, since, until)
    made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    made = made.add_extension(_usage(signs_certificates=False), critical=True)
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
    made = made.add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
    )
    made = made.add_extension(_signed_by(issuer), critical=False)
    if issuer_url is not None:
        place = x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(issuer_url)
        )
        made = made.add_extension(x509.AuthorityInformationAccess([place]), critical=False)
    return Issued(made.sign(issuer.key, SHA256()), key)


def new_key(bits: int = 2048) -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=bits)


def sign(key: RSAPrivateKey, sent_id: str, sent_at: str, webhook_id: str, body: bytes) -> str:
    """As PayPal does: over the CRC-32 of the body, and not the body."""
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
    """What the address of a webhook's certificate serves here."""
    return _leaf().pem + _authority().pem


def signature(
    sent_id: str, sent_at: str, webhook_id: str, body: bytes, *, stranger: bool = False
) -> str:
    """By the made-up PayPal; by a stranger, with a key that no chain leads to."""
    key = _stranger() if stranger else _leaf().key
    return sign(key, sent_id, sent_at, webhook_id, body)


def of_one_checksum(genuine: bytes, forged: dict[str, Any]) -> bytes:
    """Another body under the CRC-32 of the genuine one: which of some letters are small makes up
    for all else. A CRC is affine, so that it takes the solution of linear equations."""
    head, letters, tail = json.dumps(forged)[:-1].encode() + b', "x": "', b"A" * 64, b'"}'
    plain = head + letters + tail
    missing = zlib.crc32(plain) ^ zlib.crc32(genuine)
    solved: dict[int, tuple[int, int]] = {}
    for place in range(len(letters)):
        small = head + letters[:place] + b"a" + letters[place + 1 :] + tail
        effect, choice = _reduced(zlib.crc32(plain) ^ zlib.crc32(small), 1 << place, solved)
        if effect:
            solved[effect.bit_length()] = effect, choice
    rest, choice = _reduced(missing, 0, solved)
    if rest:
        raise AssertionError("some letters more would do")
    return head + bytes(97 if choice >> n & 1 else 65 for n in range(len(letters))) + tail


def _reduced(effect: int, choice: int, solved: dict[int, tuple[int, int]]) -> tuple[int, int]:
    while effect and (known := solved.get(effect.bit_length())):
        effect, choice = effect ^ known[0], choice ^ known[1]
    return effect, choice


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


def _signed_by(issuer: Issued) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())


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
