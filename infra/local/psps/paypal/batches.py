"""What PayPal keeps of payouts: batches and their items. Amounts in ISO minor units."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from infra.local.psps.paypal.models import new_id
from infra.local.psps.paypal.receivers import Ending


@dataclass
class Item:
    batch: Batch
    amount: int
    currency: str
    fee: int
    receiver: str
    recipient_type: str
    sender_item_id: str
    note: str
    ending: Ending
    id: str = field(default_factory=lambda: new_id(13))
    status: str = "PENDING"
    error: str | None = None
    transaction_id: str = ""
    processed: float | None = None
    cancelled: bool = False

    @property
    def reference(self) -> str:
        """The merchant's own for it."""
        return self.sender_item_id or self.batch.sender_batch_id


@dataclass
class Batch:
    account: str
    sender_batch_id: str
    recipient_type: str
    email_subject: str
    email_message: str
    id: str = field(default_factory=lambda: new_id(13))
    status: str = "PENDING"
    created: float = field(default_factory=time.time)
    completed: float | None = None
    items: list[Item] = field(default_factory=list)
