"""What a PSP plugin is: one folder, one value, and as many capabilities as the PSP has.

A plugin's methods raise nothing for what the PSP said: they return a Reply. What went wrong on
the wire is an exception from `wire.py` (NeverSent, InDoubt), which `calls.py` turns into NotSent
or Unknown; no plugin decides that a payment failed because the network did.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from workflows.domain.psp import (
    AuthorizeInstruction,
    CaptureInstruction,
    CompleteInstruction,
    Finding,
    Lookup,
    PayoutInstruction,
    PspEvent,
    RefundInstruction,
    Reply,
    VoidInstruction,
)
from workflows.domain.settlement import SettlementPage, SettlementQuery


@runtime_checkable
class Authorizes(Protocol):
    async def authorize(self, instruction: AuthorizeInstruction) -> Reply: ...


@runtime_checkable
class Completes(Protocol):
    """An authorization takes a second call, once the player has done their part at the PSP.

    Without it a player who comes back makes us look what became of the authorization.
    """

    @property
    def parameters(self) -> Collection[str]:
        """Of the query that the player brings back, the names that it needs. No other is taken in:
        some PSPs put secrets there."""
        ...

    async def complete(self, instruction: CompleteInstruction) -> Reply: ...


@runtime_checkable
class Captures(Protocol):
    async def capture(self, instruction: CaptureInstruction) -> Reply: ...


@runtime_checkable
class Voids(Protocol):
    async def void(self, instruction: VoidInstruction) -> Reply: ...


@runtime_checkable
class Refunds(Protocol):
    async def refund(self, instruction: RefundInstruction) -> Reply: ...


@runtime_checkable
class PaysOut(Protocol):
    async def payout(self, instruction: PayoutInstruction) -> Reply: ...


@runtime_checkable
class Resolves(Protocol):
    """The PSP can be asked what became of an instruction."""

    async def look_up(self, lookup: Lookup) -> Finding: ...


@dataclass(frozen=True)
class WebhookRequest:
    """A webhook as it came: raw bytes, header names in lower case."""

    headers: Mapping[str, str]
    body: bytes
    received_at: float
    """Unix seconds, our clock."""


class WebhookRefused(Exception):
    """Forged, stale or malformed. The message names the rule that was broken, never the content."""

    def __init__(self, rule: str, status: int = 401) -> None:
        super().__init__(rule)
        self.rule = rule
        self.status = status


@dataclass(frozen=True)
class Delivery:
    """What one webhook told. Every event type of it is in one of the three."""

    events: Sequence[PspEvent] = ()
    ignored: Sequence[str] = ()
    """Types of the PSP's that mean nothing to a payment of ours: known, and passed over."""
    unknown: Sequence[str] = ()
    """Types that the plugin's table does not have. They never fail the delivery."""


@dataclass(frozen=True)
class Acknowledgement:
    """What a PSP wants to read before it counts a webhook as delivered."""

    body: bytes
    media_type: str = "text/plain"


@runtime_checkable
class HearsWebhooks(Protocol):
    async def hear(self, request: WebhookRequest) -> Delivery:
        """Verify over the raw bytes, then translate. Raises WebhookRefused."""
        ...


@runtime_checkable
class AcknowledgesInItsWay(Protocol):
    @property
    def acknowledgement(self) -> Acknowledgement: ...


@runtime_checkable
class ReportsSettlement(Protocol):
    """The PSP can be asked which money it moved on a day, line by line."""

    async def settlement(self, query: SettlementQuery) -> SettlementPage:
        """One page. Raises NeverSent or InDoubt; it may always be asked again."""
        ...


class Adapter(Protocol):
    """An adapter speaks for every merchant account of its PSP; closed when the worker ends."""

    async def aclose(self) -> None: ...


@runtime_checkable
class Plugin(Protocol):
    """`PLUGIN` in the folder's `__init__.py`: a value without side effect."""

    @property
    def name(self) -> str:
        """The PSP's name in settings, queues, routes and `/webhooks/<name>`: as
        discovery.py has it."""
        ...

    def connect(self) -> Adapter:
        """Read the plugin's own settings and open its HTTP client.

        Raises SettingsError naming the environment variables that are missing.
        """
        ...
