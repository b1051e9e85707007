"""Seals: what proves to a run that a message was made by our API or inbox, for it alone.

Anybody who reaches Temporal can send any message to any run. What needs a person or moves money
carries a seal, made under a key that no run ever holds, over all that it says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, Protocol

VERSION = "paysaga-seal-1"
FACT = "psp_event"
"""The message that tells a verified fact."""
NOT_SEALED = "NotSealed"
"""The type of the error by which a command is refused that has no seal of ours."""

_BY_THE_WAY = frozenset({"first", "rebuilt"})
"""What is no part of what was ordered: how a run began, and that it takes over a payment."""


@dataclass(frozen=True, kw_only=True)
class Seal:
    """Carried by a message beside its content."""

    by: str
    """The person or program that ordered it; of a fact, whoever heard it."""
    mac: str
    """Hex."""
    row: int | None = None
    """Of a fact: the inbox row that has it."""


@dataclass(frozen=True, kw_only=True)
class Presented:
    """A message as it reached a run."""

    subject: str
    """The id of the payment or case whose run it reached."""
    message: str
    content: str
    """By `canonical`; empty where it could not be read."""
    seal: Seal | None
    psp: str = ""
    event_id: str = ""


@dataclass(frozen=True)
class Checked:
    """`why` it is not genuine, if it is not: `no_seal`, `wrong_seal` or `not_in_inbox`."""

    genuine: bool
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Vouched:
    """A fact that a person has told by resolving a case, as its run is about to pass it on."""

    payment_id: str
    case_id: str
    by: str
    content: str


class Seals(Protocol):
    """Whoever holds the keys."""

    def seal(
        self, subject: str, message: str, content: object, *, by: str, row: int | None = None
    ) -> Seal: ...


def sealed_text(subject: str, message: str, content: str, by: str, row: int | None) -> str:
    """All that a seal is about: no part can be taken for another."""
    return json.dumps([VERSION, subject, message, by, row, content], separators=(",", ":"))


def canonical(content: object) -> str:
    """The same text for the same content, as a value or as JSON, in whatever order.

    What is empty is absent: a field that is added later and not used changes nothing. Raises
    ValueError, TypeError or RecursionError for what is no JSON.
    """
    return json.dumps(_plain(content), sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_of(order: object) -> str:
    """Of what a payment was opened with, by which its runs show that they have just that."""
    known = _plain(order)
    terms = {name: each for name, each in known.items() if name not in _BY_THE_WAY}
    return hashlib.sha256(canonical(terms).encode()).hexdigest()[:32]


def _plain(value: object) -> Any:
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        each = {str(name): _plain(inner) for name, inner in value.items()}
        return {name: inner for name, inner in each.items() if not _is_empty(inner)}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    return value


def _is_empty(value: object) -> bool:
    return value is None or value is False or value in ("", [], {})
