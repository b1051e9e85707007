"""Webhooks signed as PayPal does: an RSA key and its certificate, made at start."""

from __future__ import annotations

import base64
import binascii
import secrets
import time
import uuid
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

_NAME = "messageverificationcerts.paypal.com"
ALGORITHM = "SHA256withRSA"


@dataclass(frozen=True)
class Transmission:
    """What the headers of a webhook say."""

    id: str
    time: str
    signature: str
    cert_url: str
    algorithm: str


class Seal:
    def __init__(self, base_url: str) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.cert_id = f"CERT-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
        self.cert_url = f"{base_url}/v1/notifications/certs/{self.cert_id}"
        self.certificate = _certificate(self._key)
        """PEM."""

    def headers(self, webhook_id: str, body: bytes) -> dict[str, str]:
        id_ = str(uuid.uuid4())
        at = datetime.fromtimestamp(int(time.time()), UTC).isoformat()[:-6] + "Z"
        made = self._key.sign(
            _signed(id_, at, webhook_id, body), padding.PKCS1v15(), hashes.SHA256()
        )
        return {
            "Paypal-Transmission-Id": id_,
            "Paypal-Transmission-Time": at,
            "Paypal-Transmission-Sig": base64.b64encode(made).decode(),
            "Paypal-Cert-Url": self.cert_url,
            "Paypal-Auth-Algo": ALGORITHM,
            "Paypal-Auth-Version": "v2",
        }

    def holds(self, transmission: Transmission, webhook_id: str, body: bytes) -> bool:
        if (transmission.cert_url, transmission.algorithm) != (self.cert_url, ALGORITHM):
            return False
        try:
            signature = base64.b64decode(transmission.signature, validate=True)
            self._key.public_key().verify(
                signature,
                _signed(transmission.id, transmission.time, webhook_id, body),
                padding.PKCS1v15(),
                hashes.SHA256(),
            )
        except (InvalidSignature, binascii.Error):
            return False
        return True


def _signed(id_: str, at: str, webhook_id: str, body: bytes) -> bytes:
    return f"{id_}|{at}|{webhook_id}|{zlib.crc32(body)}".encode()


def _certificate(key: rsa.RSAPrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(_NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)
