"""Answers kept under the caller's key, per merchant account."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

from pydantic import BaseModel

from infra.sandbox_psp.modes import Modes
from infra.sandbox_psp.rules import Call
from infra.sandbox_psp.store import Store
from infra.sandbox_psp.wire import Refused


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    is_first: bool = True


def fingerprint(path: str, body: BaseModel) -> bytes:
    """Equal for bodies that say the same, whatever their spaces and the order of their fields."""
    return hashlib.sha256(f"{path}\n{body.model_dump_json()}".encode()).digest()


def recall(store: Store, call: Call, request: bytes) -> Answer | None:
    """The answer kept for this key. Raises Refused (409) if it was another request's."""
    row = store.row(
        "SELECT * FROM answers WHERE merchant_account = ? AND idempotency_key = ?",
        call.merchant_account,
        call.key,
    )
    if row is None or not _counts(row["at"], call.modes):
        return None
    if row["request"] != request and call.modes.idempotency != "ignores_body":
        raise Refused(
            409, "idempotency_key_reused", "this idempotency key belongs to another request"
        )
    return Answer(row["status"], row["body"], is_first=False)


def keep(store: Store, call: Call, request: bytes, answer: Answer) -> None:
    """Kept in every mode, so that the mode may change between two tries."""
    store.run(
        "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)",
        call.merchant_account,
        call.key,
        request,
        answer.status,
        answer.body,
        time.time(),
    )


def _counts(at: float, modes: Modes) -> bool:
    if modes.idempotency == "forgetful":
        return time.time() - at < modes.forget_seconds
    return modes.idempotency != "off"
