"""What a plugin brings along to be judged: its PSP's side of the wire, without network or clock.

One suite certifies every plugin that is found. It asks the questions and plays the faults; the
plugin tells how its PSP would answer, how it signs, and what must never be seen. Beside the code
stand examples in `examples/*.json`, each one exchange or one webhook:

    {"call": "authorize", "amount": "1234", "currency": "JPY", "psp_ref": null,
     "request": {"method": "POST", "path": "/v1/…", "headers": {…}, "body": {…}},
     "answer": {"status": 200, "body": {…}},
     "becomes": {"kind": "approved", …}}
    {"webhook": {…}, "becomes": [{"event_id": "…", "key": "…", …}]}

A body that is no JSON is given as a string. `headers` (names in lower case, the one of the
idempotency key among them) and `becomes` name the members that matter; money reads "50.00 EUR".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from activities.psp.contract import Adapter, Plugin
from workflows.domain.psp import MerchantAccount


class Verdict(StrEnum):
    """What the PSP shall say to a request, in its own dialect."""

    APPROVED = "approved"
    DECLINED = "declined"
    DECLINED_UNMAPPED = "declined_unmapped"
    """With a code that no table knows."""
    PENDING = "pending"
    UNHEARD_OF = "unheard_of"
    """With a status word that the PSP does not have today."""
    MISMATCHED = "mismatched"
    """Approved, but about another reference than the one that was asked."""
    NOT_FOUND = "not_found"
    """To a lookup: no such instruction was ever executed."""


@dataclass(frozen=True)
class Heard:
    """A request as it came over the wire; header names in lower case."""

    method: str
    path: str
    """With its query."""
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Canned:
    """The answer the peer gives."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})


class Certification(Protocol):
    @property
    def account(self) -> MerchantAccount:
        """A merchant account that `connect` has credentials for."""
        ...

    @property
    def secrets(self) -> Sequence[str]:
        """What must appear in no log line and no outcome."""
        ...

    @property
    def examples(self) -> Path:
        """The folder of the examples."""
        ...

    def connect(self, base_url: str) -> Adapter:
        """The adapter with made-up credentials, speaking to `http://127.0.0.1:<port>`."""
        ...

    def answer(self, request: Heard, verdict: Verdict) -> Canned:
        """What the PSP says to this request, with the request's amount, currency and key."""
        ...

    def sign(self, body: bytes, at: int, *, stranger: bool = False) -> Mapping[str, str]:
        """The headers of a webhook sent at Unix second `at`; by a stranger, with another secret."""
        ...


@runtime_checkable
class Certifiable(Plugin, Protocol):
    def certification(self) -> Certification: ...
