"""What a Postgres URL must look like, so that a wrong one is a sentence at the start."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

_FORM = "must be postgresql://user:password@host:port/database"
_ESCAPED = f"{_FORM}; in user and password / ? # @ : and % are written as %2F %3F %23 %40 %3A %25"
_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")


def checked(url: SecretStr) -> SecretStr:
    """The URL itself. Raises ValueError, with no part of it in the message."""
    try:
        parts = urlsplit(url.get_secret_value())
        _ = parts.port
    except ValueError:
        raise ValueError(_ESCAPED) from None
    query = parse_qs(parts.query)
    if parts.scheme != "postgresql":
        raise ValueError(_FORM)
    if parts.fragment or not parts.username or len(parts.path) < 2:
        raise ValueError(_ESCAPED)
    if not parts.hostname and "host" not in query:
        raise ValueError(_FORM)
    if not set(query.get("sslmode", [])) <= set(_MODES):
        raise ValueError(f"its sslmode must be one of {', '.join(_MODES)}")
    for name in _FILES:
        for path in query.get(name, []):
            _readable(name, path)
    return url


def _readable(name: str, path: str) -> None:
    try:
        Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"the file of its {name} cannot be read: {error.strerror}") from None
