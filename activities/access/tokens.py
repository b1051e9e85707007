"""Tokens: their prefix, which is no secret, and their hash."""

from __future__ import annotations

import hashlib
import re
import secrets

_TOKEN = re.compile(r"ps_([0-9a-f]{12})_[A-Za-z0-9_-]{20,100}", re.ASCII)


def hash_of(token: str) -> str:
    # The token has 256 random bits: a slow hash would add nothing.
    return hashlib.sha256(token.encode()).hexdigest()


def prefix_of(token: str) -> str | None:
    """None: it is no token of ours, whoever made it."""
    found = _TOKEN.fullmatch(token)
    return found.group(1) if found else None


def new_token() -> str:
    return f"ps_{secrets.token_hex(6)}_{secrets.token_urlsafe(32)}"
