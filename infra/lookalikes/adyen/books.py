"""The books of the lookalike: what it keeps, and how each effect is journalled and told."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from infra.lookalikes.adyen import amounts, views
from infra.lookalikes.adyen.errors import no_such_payment
from infra.lookalikes.adyen.notices import Item, Notices
from infra.lookalikes.adyen.things import Link, Modification, Payment, Payout, Session
from infra.lookalikes.ground import Ground
from infra.lookalikes.journal import Done, Operation


@dataclass(frozen=True)
class Moved:
    """A line of the settlement report; `amount` in Adyen's units, positive."""

    account: str
    type: str
    original: Payment | Payout
    amount: int
    psp_reference: str
    reference: str
    at: float = field(default_factory=time.time)


class Books:
    def __init__(self, ground: Ground) -> None:
        self.ground, self.notices = ground, Notices(ground)
        self.payments: dict[str, Payment] = {}
        self.refunds: list[Modification] = []
        """Those that came through."""
        self.payouts: dict[str, Payout] = {}
        self.links: dict[str, Link] = {}
        self.sessions: dict[str, Session] = {}
        self.moved: list[Moved] = []
        self.reports: dict[tuple[str, str], bytes] = {}
        """By the Adyen name of the account and the file's name."""

    def merchant_account(self, account: str) -> str:
        return self.ground.credentials[account]["merchant_account"]

    def payment(self, account: str, psp_reference: str) -> Payment:
        """Raises AdyenError: what another account has is not there."""
        found = self.payments.get(psp_reference)
        if found is None or found.account != account:
            raise no_such_payment()
        return found

    def page_url(self, payment: Payment) -> str:
        where = f"{payment.psp_reference}/{payment.page_secret}"
        return f"{self.ground.url}/checkoutshopper/threeDS/redirect/{where}"

    def done(
        self,
        operation: Operation,
        of: Payment | Payout,
        amount: int,
        *,
        id_: str,
        reference: str,
        code: str | None = None,
    ) -> None:
        """Into the journal; `amount` in Adyen's units."""
        minor = amounts.iso_minor_units(amount, of.currency)
        self.ground.journal.enter(
            Done(operation, id_, reference, of.account, minor, of.currency, code)
        )

    def modified(self, operation: Operation, by: Modification, code: str | None = None) -> None:
        """Into the journal, under the modification's own reference."""
        self.done(
            operation,
            by.payment,
            by.amount,
            id_=by.psp_reference,
            reference=by.journal_reference,
            code=code,
        )

    def settles(self, kind: str, by: Modification) -> None:
        self.moved.append(
            Moved(by.payment.account, kind, by.payment, by.amount, by.psp_reference, by.reference)
        )

    def tell_authorisation(self, payment: Payment) -> None:
        approved = payment.refusal is None
        self.notices.tell(
            Item(
                payment.account,
                "AUTHORISATION",
                payment.psp_reference,
                payment.reference,
                payment.amount,
                payment.currency,
                approved,
                method=payment.card.brand,
                reason=views.reason(payment),
                data=views.additional_data(payment),
                operations=("CANCEL", "CAPTURE", "REFUND") if approved else (),
            )
        )

    def tell(
        self, event: str, by: Modification, *, refused: str = "", data: dict[str, str] | None = None
    ) -> None:
        """Of a modification; `refused` is the reason where it did not succeed."""
        self.notices.tell(
            Item(
                by.payment.account,
                event,
                by.psp_reference,
                by.merchant_reference,
                by.amount,
                by.payment.currency,
                not refused,
                original=by.payment.psp_reference,
                method=by.payment.card.brand,
                reason=refused,
                data=data or {},
            )
        )
