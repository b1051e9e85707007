"""The store of the lookalike: what it keeps, and how each effect is journalled and told."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from infra.local.psps.adyen import amounts, views
from infra.local.psps.adyen.errors import AdyenError, no_such_payment
from infra.local.psps.adyen.models import (
    Dispute,
    Link,
    Modification,
    Payment,
    Payout,
    Session,
    Transfer,
)
from infra.local.psps.adyen.notices import Item, Notices
from infra.local.psps.base.context import Context
from infra.local.psps.base.journal import Done, Operation


@dataclass(frozen=True)
class Moved:
    """A line of the settlement report; `amount` in Adyen's units, positive."""

    account: str
    type: str
    original: Payment | Payout | Transfer
    amount: int
    psp_reference: str
    reference: str
    at: float = field(default_factory=time.time)


@dataclass(frozen=True)
class Refusal:
    """`kind`: configuration, validation, security, internal."""

    path: str
    status: int
    code: str
    kind: str


class Store:
    def __init__(self, context: Context) -> None:
        self.context, self.notices = context, Notices(context)
        self.payments: dict[str, Payment] = {}
        self.refunds: list[Modification] = []
        """Those that came through."""
        self.payouts: dict[str, Payout] = {}
        self.links: dict[str, Link] = {}
        self.sessions: dict[str, Session] = {}
        self.moved: list[Moved] = []
        self.reports: dict[tuple[str, str], bytes] = {}
        """By the Adyen name of the account and the file's name."""

        self.disputes: dict[str, Dispute] = {}
        """By the payment's pspReference."""
        self.transfers: dict[str, Transfer] = {}
        self.refusals: list[Refusal] = []
        """Ordered for the next matching requests, the oldest first."""

    def refuse(self, method: str, path: str) -> None:
        """Raises AdyenError, unexecuted, where that was ordered."""
        for each in self.refusals:
            if method == "POST" and each.path in path:
                self.refusals.remove(each)
                raise AdyenError(each.status, each.code, "Ordered", each.kind)

    def merchant_account(self, account: str) -> str:
        return self.context.credentials[account]["merchant_account"]

    def payment(self, account: str, psp_reference: str) -> Payment:
        """Raises AdyenError: what another account has is not there."""
        found = self.payments.get(psp_reference)
        if found is None or found.account != account:
            raise no_such_payment()
        return found

    def page_url(self, payment: Payment) -> str:
        where = f"{payment.psp_reference}/{payment.page_secret}"
        return f"{self.context.url}/checkoutshopper/threeDS/redirect/{where}"

    def done(
        self,
        operation: Operation,
        of: Payment | Payout | Transfer,
        amount: int,
        *,
        id_: str,
        reference: str,
        code: str | None = None,
    ) -> None:
        """Into the journal; `amount` in Adyen's units."""
        minor = amounts.iso_minor_units(amount, of.currency)
        self.context.journal.enter(
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
                method=payment.named,
                reason=views.reason(payment),
                additional=views.additional_data(payment),
                operations=_operations(payment) if approved else (),
            )
        )

    def tell(
        self,
        event: str,
        by: Modification,
        *,
        refused: str = "",
        additional: dict[str, str] | None = None,
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
                method=by.payment.named,
                reason=refused,
                additional=additional or {},
            )
        )


def _operations(payment: Payment) -> tuple[str, ...]:
    return ("REFUND",) if payment.is_sale else ("CANCEL", "CAPTURE", "REFUND")
