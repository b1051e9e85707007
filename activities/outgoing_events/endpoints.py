"""What may be given as a receiver of events: where it is, and what it is signed with."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlsplit


def several(value: Any) -> Any:
    """One is a list of one."""
    return [value] if isinstance(value, str) else value


def is_endpoint(url: str) -> bool:
    """https, or http to this machine (which the production profile refuses in turn)."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    near = parts.scheme == "http" and host == "127.0.0.1"
    plain = "@" not in parts.netloc and not parts.fragment and url.isascii() and url.isprintable()
    return bool(host) and (parts.scheme == "https" or near) and plain and " " not in url


def is_signing_secret(text: str) -> bool:
    """`whsec_` and the base64 of 24 bytes or more."""
    try:
        key = base64.b64decode(text.removeprefix("whsec_") + "==")
    except ValueError:
        return False
    return text.startswith("whsec_") and len(key) >= 24
