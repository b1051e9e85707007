"""Certificates and keys in files: one that cannot be used is a sentence at the start."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import AfterValidator


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"the file cannot be read: {error.strerror}") from None


def _certificates(path: Path) -> Path:
    try:
        x509.load_pem_x509_certificates(_bytes(path))
    except ValueError as error:
        why = str(error) if "cannot be read" in str(error) else "the file holds no PEM certificate"
        raise ValueError(why) from None
    return path


def _key(path: Path) -> Path:
    pem = _bytes(path)
    try:
        load_pem_private_key(pem, password=None)
    except TypeError:
        raise ValueError("the key in the file is encrypted; give one that is not") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("the file holds no PEM private key") from None
    return path


def belong_together(certificate: Path, key: Path) -> bool:
    """Whether the key is the one of the (first) certificate; both can be read."""
    public = x509.load_pem_x509_certificates(certificate.read_bytes())[0].public_key()
    return load_pem_private_key(key.read_bytes(), password=None).public_key() == public


Certificates = Annotated[Path, AfterValidator(_certificates)]
PrivateKey = Annotated[Path, AfterValidator(_key)]
