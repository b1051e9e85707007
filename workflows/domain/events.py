"""Facts from outside: what a PSP tells, by webhook or report, asked or not."""

from __future__ import annotations

from dataclasses import dataclass

from .identity import payment_of
from .money import Money
from .psp import Declined, Fact, Operation


@dataclass(frozen=True)
class PspEvent:
    """A verified webhook or report line: a fact, not a command."""

    psp: str
    event_id: str
    key: str
    """The key of the instruction it is about (our reference at the PSP)."""
    operation: Operation
    reply: Fact
    amount: Money
    occurred_at: str = ""
    """RFC 3339, the PSP's clock."""
    raw_type: str = ""
    account: str | None = None
    """The merchant account it names, where the PSP tells it."""
    unasked: bool = False
    """Somebody else did it at the PSP (its dashboard, the payer's bank, time): no instruction of
    ours. `operation` says what was done, `reply` (approved) names it by the PSP's own id, and `key`
    is that of the authorization whose money it changed, or empty where only `about` tells."""
    about: tuple[str, ...] = ()
    """The PSP's ids of the payment, authorization, charge or capture that it is about, by which it
    is found where it has no reference of ours, and looked up where it is hearsay."""
    unsigned: tuple[str, ...] = ()
    """The members (`reply.reason`) that the PSP does not sign: with others it is the same event,
    and they decide nothing. `operation`: a void or a refund, by what we know of the payment."""
    hearsay: bool = False
    """Its signature does not cover what it says: it decides nothing before the PSP, asked, says so
    too."""

    @property
    def name(self) -> str:
        """Of this fact alone."""
        return f"{self.psp}:{self.event_id}"

    @property
    def payment_id(self) -> str:
        return payment_of(self.key)

    @property
    def names(self) -> str | None:
        """The PSP's id by which it is asked whether it is so, where the fact has one."""
        if self.about:
            return self.about[0]
        return None if isinstance(self.reply, Declined) else self.reply.psp_ref or None

    def is_after(self, moment: str) -> bool:
        """Whether it may have been after `moment` (RFC 3339): a date that nobody signed rules
        nothing out."""
        return "occurred_at" in self.unsigned or self.occurred_at > moment
