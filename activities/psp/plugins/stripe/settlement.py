"""Balance transactions of one day: every movement of what Stripe owes us, with its fee.

Amounts are in the currency that Stripe settles in, which need not be that of the payment.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from activities.psp.wire import InDoubt, NeverSent
from workflows.domain.identity import key_of, payment_of
from workflows.domain.money import Money
from workflows.domain.psp import MerchantAccount, Operation
from workflows.domain.settlement import Movement, SettlementLine, SettlementPage, SettlementQuery

from .amounts import money_of
from .client import Client, an_id, place
from .errors import refusal
from .messages import KEY, Id, Message, Metadata

PER_PAGE = 100

MOVEMENTS: dict[str, Movement] = {
    "charge": Movement.CAPTURE,
    "payment": Movement.CAPTURE,
    "refund": Movement.REFUND,
    "payment_refund": Movement.REFUND,
    "refund_failure": Movement.RETURN,
    "payment_failure_refund": Movement.RETURN,
    "payment_reversal": Movement.CHARGEBACK,
    "payout": Movement.TRANSFER,
    "payout_cancel": Movement.TRANSFER,
    "payout_failure": Movement.TRANSFER,
    "topup": Movement.TRANSFER,
    "topup_reversal": Movement.TRANSFER,
    "transfer": Movement.TRANSFER,
    "transfer_cancel": Movement.TRANSFER,
    "transfer_failure": Movement.TRANSFER,
    "transfer_refund": Movement.TRANSFER,
    "application_fee": Movement.FEE,
    "application_fee_refund": Movement.FEE,
    "stripe_fee": Movement.FEE,
    "stripe_fx_fee": Movement.FEE,
    "tax_fee": Movement.FEE,
}
"""By `type`; an adjustment by its reporting category, and every other type is OTHER."""

ADJUSTMENTS = {
    "dispute": Movement.CHARGEBACK,
    "dispute_reversal": Movement.CHARGEBACK_REVERSED,
    "fee": Movement.FEE,
    "refund_failure": Movement.RETURN,
}


class Source(Message):
    """What moved the money: a charge, a refund, a dispute, a payout …"""

    id: Id
    object: str
    metadata: Metadata | None = None
    payment_intent: Id | None = None


class Transaction(Message):
    """docs.stripe.com/reports/balance-transaction-types. Amounts are in the smallest unit of the
    currency that Stripe settles in."""

    id: Id
    object: Literal["balance_transaction"]
    amount: int
    """Negative where Stripe takes."""
    fee: int
    """Negative where Stripe gives a fee back."""
    currency: str
    created: Annotated[int, Field(ge=0, lt=2**33)]
    type: str
    reporting_category: str
    source: Id | Source | None = None

    @property
    def movement(self) -> Movement:
        """An adjustment says by its category what it adjusts; what no table has is OTHER."""
        if self.type == "adjustment":
            return ADJUSTMENTS.get(self.reporting_category, Movement.OTHER)
        return MOVEMENTS.get(self.type, Movement.OTHER)


class Transactions(Message):
    """A page, the youngest first; the last id is the next one's cursor."""

    object: Literal["list"]
    data: list[Transaction]
    has_more: bool


class Statement:
    """Needs the permission to read the balance."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def page(self, query: SettlementQuery) -> SettlementPage:
        """Raises NeverSent or InDoubt."""
        begins = _day(query.day)
        params = {
            "created[gte]": str(int(begins.timestamp())),
            "created[lt]": str(int((begins + timedelta(days=1)).timestamp())),
            "limit": str(PER_PAGE),
            "expand[]": "data.source",
        }
        if query.cursor is not None:
            params["starting_after"] = an_id(query.cursor)
        answer = await self._client.get(query.account.id, place("balance_transactions"), params)
        if answer.status != 200:
            refusal(answer)
            raise InDoubt(f"HTTP {answer.status}")
        told_page = answer.read(Transactions)
        lines = (line for each in told_page.data for line in _lines(each, query.account))
        more = told_page.has_more and told_page.data
        return SettlementPage(
            lines=tuple(lines), next_cursor=told_page.data[-1].id if more else None
        )


def _lines(of: Transaction, account: MerchantAccount) -> list[SettlementLine]:
    source = of.source if isinstance(of.source, Source) else None
    refs = {"psp_ref": _psp_ref(of, source), "key": _key(of, source)}
    line = SettlementLine(
        account=account,
        line_id=of.id,
        movement=of.movement,
        amount=money_of(abs(of.amount), of.currency),
        credit=of.amount >= 0,
        fee=_fee(of),
        occurred_at=datetime.fromtimestamp(of.created, UTC).isoformat(),
        raw_type=of.type,
        **refs,
    )
    if of.fee >= 0:
        return [line]
    given_back = SettlementLine(
        account=account,
        line_id=f"{of.id}:fee",
        movement=Movement.FEE,
        amount=money_of(-of.fee, of.currency),
        credit=True,
        fee=None,
        occurred_at=line.occurred_at,
        raw_type=of.type,
        **refs,
    )
    return [line, given_back]


def _fee(of: Transaction) -> Money | None:
    return money_of(of.fee, of.currency) if of.fee > 0 else None


def _psp_ref(of: Transaction, source: Source | None) -> str | None:
    """As our instructions know it: the payment intent of a capture, the refund itself."""
    if source is None:
        return of.source if isinstance(of.source, str) else None
    if source.object == "refund":
        return source.id
    return source.payment_intent or source.id


def _key(of: Transaction, source: Source | None) -> str | None:
    key = ((source and source.metadata) or {}).get(KEY)
    if key is None or source is None or of.movement is Movement.FEE:
        return None
    # A charge has the key of its authorization.
    return key_of(payment_of(key), Operation.CAPTURE) if source.object == "charge" else key


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise NeverSent("the day is none") from None
