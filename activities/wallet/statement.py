"""What a player has, and the movements behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from activities.wallet.tables import AccountRow, EntryRow, TransferRow


@dataclass(frozen=True, kw_only=True)
class Balance:
    """Minor units of one currency. `held` is set aside for payouts and refunds on their way."""

    brand: str
    currency: str
    available: int
    held: int


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One movement of a player's available or held money; `amount_minor` is signed."""

    id: int
    brand: str
    payment_id: str
    kind: str
    account: str
    currency: str
    amount_minor: int
    balance_after: int
    at: datetime


def entry_of(entry: EntryRow, account: AccountRow, transfer: TransferRow) -> Entry:
    return Entry(
        id=entry.id or 0,
        brand=account.brand or "",
        payment_id=transfer.payment_id or "",
        kind=transfer.kind,
        account=account.purpose,
        currency=account.currency,
        amount_minor=entry.amount_minor,
        balance_after=entry.balance_after or 0,
        at=entry.recorded_at,
    )
