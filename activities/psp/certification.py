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

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from activities.psp.contract import Adapter, Plugin
from workflows.domain.money import Money
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
    OTHER_AMOUNT = "other_amount"
    """Approved, but half of the amount that was asked."""
    OTHER_CURRENCY = "other_currency"
    """Approved, but the same number in another currency."""
    BUSY = "busy"
    """Too busy, or asked too often, and nothing was done: its 429."""
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


@dataclass(frozen=True)
class Signed:
    """A webhook as it is sent: some PSPs sign in a header, some in the body."""

    headers: Mapping[str, str]
    """Names in lower case; those alone without which, or with another value, it is refused."""
    body: bytes


@dataclass(frozen=True)
class Counted:
    """An amount of a currency whose units at the PSP are worth a look, as a request has it."""

    amount: Money
    written: str | int | None
    """The value of the member of the body, of its type (text, where the body is a form); None for
    what the PSP cannot be asked for: nothing is sent then."""


class Certification(Protocol):
    """The PSP in the suite's hands: made-up credentials, its answers, its signatures."""

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

    def answers(self, operation: str) -> Collection[Verdict]:
        """What the PSP can say at once to an instruction; all else comes by webhook, if at all.

        `operation` is an Operation, SALE or COMPLETE.
        """
        ...

    def answer(self, request: Heard, verdict: Verdict) -> Canned:
        """What the PSP says to this request, with the request's amount, currency and key."""
        ...

    def before(self, request: Heard) -> Canned | None:
        """The answer to what moves no money and comes first, such as asking for a token; None for
        every other request."""
        ...

    def idempotency_key(self, request: Heard) -> str | None:
        """Under which the PSP executes this request once, read where the PSP reads it: a header or
        a member of the body. None where there is none."""
        ...

    @property
    def timestamped(self) -> bool:
        """Whether webhooks carry a time that is signed, so that a stale one is refused."""
        ...

    def sign(self, body: bytes, at: int, *, stranger: bool = False) -> Signed:
        """A webhook sent at Unix second `at`; by a stranger, with another secret."""
        ...

    def tampered(self, signed: Signed) -> Sequence[Signed]:
        """The same with one thing altered, each time another, that the signature covers."""
        ...


@runtime_checkable
class RepeatsLate(Protocol):
    """A PSP that sends a webhook again for longer than clocks disagree, and signs no new time."""

    @property
    def repeats_for(self) -> int:
        """Seconds after the signed time until which it is still heard."""
        ...


@runtime_checkable
class SignsAPart(Protocol):
    """A PSP that does not sign every byte of a webhook: a few members, or a checksum.

    The suite itself alters every member that is there. What else can be altered without a trace,
    such as a member that is added, or another body of the same checksum, is told here.
    """

    def unsigned(self, signed: Signed) -> Sequence[Signed]:
        """The same with one thing altered, each time another, that the signature does not cover."""
        ...


@runtime_checkable
class CountsInItsWay(Protocol):
    """A PSP whose units of a currency are not everywhere those of ISO 4217, or may seem not to."""

    @property
    def counted(self) -> Sequence[Counted]:
        """At least one amount of each such currency, and one that cannot be said."""
        ...


@runtime_checkable
class NamesItsAccounts(Protocol):
    """A PSP whose webhooks name the merchant account, or the brand, that they are about."""

    def addressed_elsewhere(self, body: bytes) -> bytes | None:
        """The webhook as it would be about an account that is none of ours; None for one that
        names no account. It is signed afterwards."""
        ...


@runtime_checkable
class Certifiable(Plugin, Protocol):
    """A plugin without it is never certified, and so never connected in production."""

    def certification(self) -> Certification:
        """Imported when it is asked for: production has no use for it."""
        ...
