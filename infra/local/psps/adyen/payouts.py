"""Payouts to players: one key submits, another confirms or declines."""

from __future__ import annotations

from infra.local.psps.adyen import amounts
from infra.local.psps.adyen.calls import Call
from infra.local.psps.adyen.errors import invalid, missing, no_such_payment
from infra.local.psps.adyen.models import Payout, new_reference
from infra.local.psps.adyen.notices import Item
from infra.local.psps.adyen.store import Moved, Store
from infra.local.psps.adyen.views import View

SECONDS = 0.2
OK, FAILS = "BANKACCOUNTOK001", "BANKACCOUNTFAIL1"
"""Recurring detail references that are stored with Adyen already."""
_METHOD = "bankTransfer_IBAN"
_SHOPPER = ("shopperEmail", "shopperReference")
_PERSON = ("dateOfBirth", "nationality", "entityType")


def submit(store: Store, call: Call) -> View:
    """Raises AdyenError."""
    detail = call.text("selectedRecurringDetailReference")
    if detail not in (OK, FAILS):
        raise invalid("803", "PaymentDetail not found")
    return _submitted(store, call, fails=detail == FAILS)


def store_and_submit(store: Store, call: Call) -> View:
    """Raises AdyenError. What it says of the bank account and the person is not kept."""
    for name in _PERSON:
        call.text(name)
    if not call.inner("bank") and not call.inner("card"):
        raise missing("bank")
    return _submitted(store, call, fails=False)


def confirm(store: Store, call: Call) -> View:
    """Raises AdyenError. Confirmed twice is paid once."""
    payout, made = _original(store, call), new_reference()
    if payout.state == "submitted":
        payout.state = "confirmed"
        store.context.later.do(SECONDS, lambda: _pay(store, payout, made))
    return {"pspReference": made, "response": "[payout-confirm-received]"}


def decline(store: Store, call: Call) -> View:
    """Raises AdyenError."""
    payout, made = _original(store, call), new_reference()
    if payout.state == "submitted":
        payout.state = "declined"
        store.context.later.do(SECONDS, lambda: end(store, payout, made, "PAYOUT_DECLINE"))
    return {"pspReference": made, "response": "[payout-decline-received]"}


def end(store: Store, payout: Payout, psp_reference: str, event: str, reason: str = "") -> None:
    """Unpaid."""
    _done(store, payout, event)
    # Whether it was a success is asked of what the event says: declined, expired, reversed.
    _tell(store, payout, psp_reference, event, event != "PAYOUT_THIRDPARTY", reason)


def send_back(store: Store, payout: Payout) -> None:
    """The bank returned the money: beside the approved entry stands a declined one."""
    payout.state = "reversed"
    made = new_reference()
    _settle(store, payout, "PaidOutReversed", made)
    end(store, payout, made, "PAIDOUT_REVERSED", "PaidOutReversed")


def _submitted(store: Store, call: Call, *, fails: bool) -> View:
    value, currency = amounts.read(call.body)
    for name in _SHOPPER:
        call.text(name)
    if call.inner("recurring").get("contract") != "PAYOUT":
        raise invalid("800", "Contract not found")
    payout = Payout(call.account, call.text("reference"), value, currency, fails)
    store.payouts[payout.psp_reference] = payout
    return {"pspReference": payout.psp_reference, "resultCode": "[payout-submit-received]"}


def _original(store: Store, call: Call) -> Payout:
    found = store.payouts.get(call.text("originalReference", code="167"))
    if found is None or found.account != call.account:
        raise no_such_payment()
    return found


def _pay(store: Store, payout: Payout, psp_reference: str) -> None:
    if payout.fails:
        payout.state = "failed"
        end(store, payout, psp_reference, "PAYOUT_THIRDPARTY", "Invalid bank account")
        return
    payout.state = "paid"
    _done(store, payout)
    _settle(store, payout, "PaidOut", psp_reference)
    _tell(store, payout, psp_reference, "PAYOUT_THIRDPARTY", True)


def _done(store: Store, payout: Payout, code: str | None = None) -> None:
    store.done(
        "payout",
        payout,
        payout.amount,
        id_=payout.psp_reference,
        reference=payout.reference,
        code=code,
    )


def _settle(store: Store, payout: Payout, kind: str, psp_reference: str) -> None:
    store.moved.append(
        Moved(payout.account, kind, payout, payout.amount, psp_reference, payout.reference)
    )


def _tell(
    store: Store, payout: Payout, psp_reference: str, event: str, success: bool, reason: str = ""
) -> None:
    store.notices.tell(
        Item(
            payout.account,
            event,
            psp_reference,
            payout.reference,
            payout.amount,
            payout.currency,
            success,
            original=payout.psp_reference,
            method=_METHOD,
            reason=reason,
        )
    )
