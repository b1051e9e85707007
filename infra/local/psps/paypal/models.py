"""What PayPal keeps: orders, authorizations, captures, refunds. Amounts in ISO minor units."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

from infra.local.psps.paypal.funding import Funding

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_id(length: int = 17) -> str:
    """Never of digits alone."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length - 1)) + "X"


@dataclass
class Order:
    account: str
    amount: int
    currency: str
    reference_id: str
    custom_id: str
    """The merchant's own key for the payment; empty without one."""
    invoice_id: str
    description: str
    takes: bool
    """Its intent is CAPTURE: what is approved is taken, and nothing held before."""
    wallet: bool
    """Made with a payment source: it begins by asking for the payer's action."""
    return_url: str
    cancel_url: str
    status: str
    id: str = field(default_factory=new_id)
    created: float = field(default_factory=time.time)
    payer_id: str = ""
    """Who approved it."""
    funding: Funding = field(default_factory=Funding)
    declined: bool = False
    """The last attempt to authorize was: the payer may choose again."""
    authorizations: list[Authorization] = field(default_factory=list)

    @property
    def shown(self) -> list[Authorization]:
        return [each for each in self.authorizations if not each.sold]

    @property
    def waits_for_payer(self) -> bool:
        return self.declined or self.status in ("CREATED", "PAYER_ACTION_REQUIRED")


@dataclass
class Authorization:
    order: Order
    amount: int
    key: str
    """The merchant's reference."""
    denied: str | None = None
    """The processor's code, where it was."""
    voided: bool = False
    closed: bool = False
    """A capture was said to be the final one."""
    sold: bool = False
    """No authorization to anybody: what the capture of an order that takes at once stands on."""
    parent: Authorization | None = None
    """The one that this renews: both stand for the same hold."""
    renewed: bool = False
    id: str = field(default_factory=new_id)
    created: float = field(default_factory=time.time)
    captures: list[Capture] = field(default_factory=list)

    @property
    def root(self) -> Authorization:
        return self.parent or self

    @property
    def captured(self) -> int:
        return sum(each.amount for each in self.root.captures if each.state != "DECLINED")

    @property
    def left(self) -> int:
        """What can still be captured."""
        root = self.root
        if root.denied or root.voided or root.closed:
            return 0
        return root.amount - self.captured

    @property
    def status(self) -> str:
        if self.root.denied:
            return "DENIED"
        if self.root.voided:
            return "VOIDED"
        if not self.captured:
            return "CREATED"
        return "PARTIALLY_CAPTURED" if self.left else "CAPTURED"


@dataclass
class Capture:
    authorization: Authorization
    amount: int
    key: str
    """The PayPal-Request-Id."""
    final: bool
    state: str
    """COMPLETED, DECLINED or PENDING; `status` knows of refunds as well."""
    invoice_id: str
    denied: str | None = None
    """The processor's code, of what was to be taken at once."""
    id: str = field(default_factory=new_id)
    created: float = field(default_factory=time.time)
    refunds: list[Refund] = field(default_factory=list)

    @property
    def order(self) -> Order:
        return self.authorization.order

    @property
    def refunded(self) -> int:
        return sum(each.amount for each in self.refunds if each.status != "FAILED")

    @property
    def status(self) -> str:
        if self.state != "COMPLETED" or not self.refunded:
            return self.state
        return "REFUNDED" if self.refunded == self.amount else "PARTIALLY_REFUNDED"


@dataclass
class Refund:
    capture: Capture
    amount: int
    key: str
    status: str
    custom_id: str
    invoice_id: str
    note: str
    id: str = field(default_factory=new_id)
    created: float = field(default_factory=time.time)


@dataclass
class Dispute:
    """A chargeback: the money is taken when it is opened."""

    capture: Capture
    amount: int
    outcome: str | None = None
    id: str = field(default_factory=lambda: f"PP-D-{new_id(8)}")
    created: float = field(default_factory=time.time)
    resolved: float | None = None

    @property
    def came_back(self) -> bool:
        return self.outcome == "RESOLVED_SELLER_FAVOUR"


@dataclass(frozen=True)
class Transaction:
    """A line of the report; `amount` and `fee` with the sign they have in the balance."""

    account: str
    id: str
    event_code: str
    about: str
    """The order or the transaction that it belongs to."""
    amount: int
    fee: int
    currency: str
    custom: str = ""
    invoice_id: str = ""
    at: float = field(default_factory=time.time)
