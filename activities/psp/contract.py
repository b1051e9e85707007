"""What a PSP plugin is: one folder, one value, and as many capabilities as the PSP has.

A plugin's methods raise nothing for what the PSP said: they return a Reply. What went wrong on
the wire is an exception from `wire.py` (NeverSent, InDoubt), which `calls.py` turns into NotSent
or Unknown; no plugin decides that a payment failed because the network did.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from workflows.domain.events import PspEvent
from workflows.domain.psp import (
    AuthorizeInstruction,
    CaptureInstruction,
    CompleteInstruction,
    Finding,
    Lookup,
    PayoutInstruction,
    RefundInstruction,
    Reply,
    SellInstruction,
    VoidInstruction,
)
from workflows.domain.settlement import SettlementPage, SettlementQuery


@runtime_checkable
class Authorizes(Protocol):
    """The PSP holds a player's money; by a method that knows no hold it takes it."""

    async def authorize(self, instruction: AuthorizeInstruction) -> Reply:
        """Approved: the amount is held, or taken if it says `captured`. Pending with an address:
        the player acts there. A soft Declined lets another account be asked. Raises NeverSent or
        InDoubt, as every call below."""
        ...


@runtime_checkable
class Sells(Protocol):
    """The PSP authorizes a player's money and takes it, in one call, by methods that it could hold
    as well. Without it they are held, and captured afterwards."""

    async def sell(self, instruction: SellInstruction) -> Reply:
        """As `authorize`. Approved says `captured`, with the `psp_ref` that a refund names; where
        the PSP only held it after all, it does not, and the hold is captured. `void` gives back
        what was sold (`sale`)."""
        ...


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

    async def complete(self, instruction: CompleteInstruction) -> Reply:
        """Has no other `parameters` than those. A proof that is missing or refused is Pending as
        before: whoever writes an address can write one."""
        ...


@runtime_checkable
class Captures(Protocol):
    """What is held can be taken."""

    async def capture(self, instruction: CaptureInstruction) -> Reply:
        """Once, in whole or in part, by the authorization's `psp_ref`. A no is hard: no other
        account can capture what this one holds."""
        ...


@runtime_checkable
class Voids(Protocol):
    """What is held can be let go, and a sale be given back."""

    async def void(self, instruction: VoidInstruction) -> Reply:
        """Without `psp_ref` by our reference, `authorize_key`; NeverSent where the PSP knows
        neither. Approved with what was released, which may be 0. With `after_capture` only the rest
        of a hold is meant, which many PSPs release by themselves."""
        ...


@runtime_checkable
class Refunds(Protocol):
    """Captured money can go back where it came from."""

    async def refund(self, instruction: RefundInstruction) -> Reply:
        """A part or all of a capture. Refunds of one are told apart by their keys alone."""
        ...


@runtime_checkable
class PaysOut(Protocol):
    """The PSP pays players, to a destination that it keeps itself."""

    async def payout(self, instruction: PayoutInstruction) -> Reply:
        """Often a promise: Pending, until a webhook or a look tells. A soft Declined lets another
        account be asked; what may have been paid is in doubt."""
        ...


@runtime_checkable
class Resolves(Protocol):
    """The PSP can be asked what became of an instruction."""

    async def look_up(self, lookup: Lookup) -> Finding:
        """Moves no money and may always be repeated. The reply as if it came now, Ready, NotFound
        or NoStatus; raises NeverSent or InDoubt where nothing was found out."""
        ...


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
    sent_as: str | None = field(default=None, compare=False)
    """The PSP's name of this sending, where its signature does not cover the whole body: the first
    body under it counts, and another one is refused as forged."""


@dataclass(frozen=True)
class Acknowledgement:
    """What a PSP wants to read before it counts a webhook as delivered."""

    body: bytes
    media_type: str = "text/plain"


@runtime_checkable
class HearsWebhooks(Protocol):
    """The PSP tells by itself what became of things."""

    async def hear(self, request: WebhookRequest) -> Delivery:
        """Verify over the raw bytes, then translate. Raises WebhookRefused."""
        ...


@runtime_checkable
class AcknowledgesInItsWay(Protocol):
    """A webhook counts as delivered only when the PSP reads its own words in the answer."""

    @property
    def acknowledgement(self) -> Acknowledgement: ...


@runtime_checkable
class ReportsSettlement(Protocol):
    """The PSP can be asked which money it moved on a day, line by line."""

    async def settlement(self, query: SettlementQuery) -> SettlementPage:
        """One page. Raises NeverSent or InDoubt; it may always be asked again."""
        ...


class Takes(StrEnum):
    """How a PSP takes a player's money by one method."""

    HOLD = "hold"
    """It is held first, and captured or voided later."""
    SALE = "sale"
    """It is taken at once: the method knows no hold."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """What one PSP does by one method of payment. None: it sets no bound that we know of."""

    takes: Takes | None
    """None: it takes no deposits by it."""
    refunds: bool = True
    pays_out: bool = False
    countries: Collection[str] | None = None
    """ISO 3166-1 alpha-2, of the player."""
    currencies: Collection[str] | None = None
    minimum: Mapping[str, int] = field(default_factory=dict)
    """Minor units by currency, below which the PSP refuses a deposit."""


@runtime_checkable
class ListsMethods(Protocol):
    """The PSP's methods are known: what the table does not have is refused before it is sent."""

    @property
    def methods(self) -> Mapping[str, Method]:
        """By the name of the method in our API (`card`, `ideal`, …)."""
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


@runtime_checkable
class Listens(Protocol):
    """Its webhooks are verified without what calls to the PSP need, so that the API holds no such
    key. Without it the API connects it as the workers do, keys and all, and says so."""

    def listen(self) -> Adapter:
        """As `connect`, from settings without what only calls need; it is asked for no call."""
        ...
