"""One merchant account at Adyen: its connections, and what every exchange with it has in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from activities.psp.wire import Answer, InDoubt, Limits, NeverSent, Wire
from workflows.domain.money import Money, MoneyError

from . import amounts
from .keys import idempotency_key
from .messages import AmountMessage
from .settings import AdyenAccount

REPORT_LIMITS = Limits(deadline=60.0, body=32_000_000, connections=4)


@dataclass(frozen=True)
class Connection:
    """An account's wires: a user and a key of their own for each of Adyen's interfaces. None where
    the account has no settings for it."""

    account: AdyenAccount
    checkout: Wire
    payouts: Wire | None = None
    reports: Wire | None = None
    transfers: Wire | None = None
    _wires: tuple[Wire, ...] = field(default=(), repr=False)

    @classmethod
    def open(cls, account: AdyenAccount) -> Connection:
        """Connects to nothing yet. Reports may be larger and slower than answers."""
        tls = account.tls
        checkout = Wire(account.url, tls=tls)
        payouts = Wire(account.payout_url, tls=tls) if account.payout_url else None
        transfers = Wire(account.transfer_url, tls=tls) if account.transfer_url else None
        reports = None
        if account.report_url:
            reports = Wire(account.report_url, tls=tls, limits=REPORT_LIMITS)
        wires = tuple(w for w in (checkout, payouts, reports, transfers) if w is not None)
        return cls(account, checkout, payouts, reports, transfers, wires)

    @property
    def name(self) -> str:
        """As Adyen calls it, which need not be our id of it."""
        return self.account.merchant_account

    async def ask(
        self,
        method: str,
        path: str,
        *,
        trace_id: str,
        key: str | None = None,
        json: Any = None,
    ) -> Answer:
        """One exchange with Checkout."""
        headers = _headers(self.account.api_key, trace_id, key)
        return await self.checkout.exchange(method, path, headers=headers, json=json)

    async def ask_for_payout(
        self, path: str, api_key: SecretStr, *, trace_id: str, key: str, json: Any
    ) -> Answer:
        """One exchange with Payout v68, by the user who submits or the one who confirms. Raises
        NeverSent where the account pays nobody."""
        if self.payouts is None:
            raise NeverSent(f"{self.name} has no settings for payouts")
        headers = _headers(api_key, trace_id, key)
        return await self.payouts.exchange("POST", path, headers=headers, json=json)

    async def ask_for_transfer(
        self, method: str, path: str, *, trace_id: str, key: str | None = None, json: Any = None
    ) -> Answer:
        """One exchange with Transfers v4. Raises NeverSent where the account pays nobody."""
        if self.transfers is None or self.account.transfer_key is None:
            raise NeverSent(f"{self.name} has no settings for payouts")
        headers = _headers(self.account.transfer_key, trace_id, key)
        return await self.transfers.exchange(method, path, headers=headers, json=json)

    async def aclose(self) -> None:
        for wire in self._wires:
            await wire.aclose()


def _headers(api_key: SecretStr, trace_id: str, key: str | None) -> dict[str, str]:
    headers = {"X-API-Key": api_key.get_secret_value(), "X-Trace-Id": trace_id}
    return headers if key is None else {**headers, "Idempotency-Key": idempotency_key(key)}


def same(what: str, answered: object, asked: object) -> None:
    """The answer is to this question, or it is none. Raises InDoubt."""
    if answered != asked:
        raise InDoubt(f"the answer is about another {what}")


def money_of(amount: AmountMessage) -> Money:
    """Raises InDoubt for what is no amount of ours."""
    try:
        return amounts.read(amount.value, amount.currency)
    except MoneyError:
        raise InDoubt("the answer has an amount that is none") from None
