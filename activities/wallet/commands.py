"""The wallet's commands as its SQL functions take them."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from workflows.domain.psp import MerchantAccount
from workflows.domain.wallet import (
    CaptureHold,
    ClawBack,
    Credit,
    Release,
    Restore,
)


def as_closing(command: Credit | CaptureHold | Release | ClawBack | Restore) -> dict[str, Any]:
    """As `payment_close` takes it."""
    named: dict[str, Any] = {"kind": command.kind, "key": command.key, "hash": hash_of(command)}
    match command:
        case CaptureHold():
            return named | {
                "hold_key": command.hold_key,
                "destination": clearing_account(command.destination),
            }
        case Release():
            return named | {
                "hold_key": command.hold_key,
                "if_held": command.if_held,
            }
        case Credit() | ClawBack() | Restore():
            return named | {
                "brand": command.player.brand,
                "player": command.player.id,
                "source": clearing_account(command.source),
                "amount": command.amount.minor_units,
                "currency": command.amount.currency,
            }


def clearing_account(at: MerchantAccount) -> str:
    """The account of what a PSP has of ours."""
    return f"psp:{at.psp}:{at.id}"


def hash_of(command: object) -> str:
    name = type(command).__name__.encode()
    return hashlib.sha256(name + orjson.dumps(command)).hexdigest()
