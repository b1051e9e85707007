"""Secrets of the local stack: random, made once, readable by their owner only."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.local.stack.ports import LocalError
from infra.local.stack.processes import run
from infra.local.stack.record import write_private

_ROLES = ("platform", "operator", "approver")
_TOKEN = re.compile(r"ps_[0-9a-f]{12}_")
"""Tokens of before had no prefix, and have ended."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Bearer tokens for every brand, one per role."""

    platform: str = field(repr=False)
    operator: str = field(repr=False)
    approver: str = field(repr=False)


def sandbox_keys(path: Path) -> dict[str, str]:
    """What the sandbox PSP and its plugin share, by name of the environment variable."""
    if kept := _kept(path):
        return kept
    signing = Ed25519PrivateKey.generate()
    made = {
        "PAYSAGA_SANDBOX_PSP_KEY_PRIMARY": f"sk_sandbox_{secrets.token_hex(20)}",
        "PAYSAGA_SANDBOX_PSP_KEY_SECONDARY": f"sk_sandbox_{secrets.token_hex(20)}",
        "PAYSAGA_SANDBOX_PSP_WEBHOOK_SECRET": _text("whsec", secrets.token_bytes(32)),
        "PAYSAGA_SANDBOX_PSP_WEBHOOK_SIGNING_KEY": _text("whsk", signing.private_bytes_raw()),
        "PAYSAGA_SANDBOX_PSP_WEBHOOK_PUBLIC_KEY": _text(
            "whpk", signing.public_key().public_bytes_raw()
        ),
    }
    write_private(path, json.dumps(made, indent=2))
    return made


def seal_keys(path: Path) -> dict[str, str]:
    """What API and worker share, by name of the environment variable."""
    if kept := _kept(path):
        return kept
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    made = {"PAYSAGA_SEALS_KEYS": json.dumps([key])}
    write_private(path, json.dumps(made, indent=2))
    return made


async def tokens(path: Path, environment: Mapping[str, str]) -> Tokens:
    """Issued once, as the database's owner, and kept beside it. Raises LocalError."""
    kept = _kept(path)
    missing = [role for role in _ROLES if not _TOKEN.match(kept.get(role, ""))]
    made = await asyncio.gather(*(issue(f"local-{role}", [role], environment) for role in missing))
    if missing:
        kept |= dict(zip(missing, made, strict=True))
        write_private(path, json.dumps(kept, indent=2))
    return Tokens(**kept)


def _text(kind: str, key: bytes) -> str:
    return f"{kind}_{base64.b64encode(key).decode()}"


def _kept(path: Path) -> dict[str, str]:
    with contextlib.suppress(FileNotFoundError):
        kept: dict[str, str] = json.loads(path.read_text())
        return kept
    return {}


async def issue(name: str, roles: Sequence[str], environment: Mapping[str, str]) -> str:
    """A token for every brand, issued as the database's owner. Raises LocalError."""
    command = [sys.executable, "-m", "api.credentials", "issue", "--name", name, "--brand", "*"]
    asked = [word for role in roles for word in ("--role", role)]
    code, output = await run([*command, *asked], environment=environment)
    lines = output.split()
    if code != 0 or not lines:
        raise LocalError(f"no token could be issued to {name}:\n{output.strip()}")
    return lines[-1]
