"""A payment: the shopper may have to answer first, then the issuer is asked."""

from __future__ import annotations

from infra.local.psps.adyen import amounts, cards, views
from infra.local.psps.adyen.calls import Call
from infra.local.psps.adyen.cards import CARDS, Card, CardRefusal
from infra.local.psps.adyen.errors import invalid
from infra.local.psps.adyen.models import SALES, Modification, Payment, ThreeDS
from infra.local.psps.adyen.store import Store

_LATER_SECONDS = 0.3


def pay(store: Store, call: Call) -> views.View:
    """Raises AdyenError."""
    value, currency = amounts.read(call.body)
    payment = Payment(
        call.account,
        call.text("reference"),
        value,
        currency,
        _card(call),
        call.text("returnUrl", code="14_030", message="Return URL is missing."),
        captures_at_once=call.body.get("captureDelayHours") == 0,
        method=_method(call),
    )
    store.payments[payment.psp_reference] = payment
    secure = call.inner("authenticationData").get("attemptAuthentication")
    absent = call.optional("shopperInteraction") == "Moto" or (
        call.optional("recurringProcessingModel") in ("Subscription", "UnscheduledCardOnFile")
    )
    if payment.card.later:
        payment.result = "Received"
        store.context.later.do(_LATER_SECONDS, lambda: decide(store, payment))
    elif call.inner("mpiData").get("cavv"):
        # The shopper was authenticated elsewhere: nothing is asked of them.
        payment.three_ds = ThreeDS()
        decide(store, payment)
    elif payment.card.challenge and (absent or secure == "never"):
        refuse(store, payment, cards.AUTHENTICATION_REQUIRED)
    elif not payment.card.challenge:
        # One that asks the shopper nothing.
        payment.three_ds = ThreeDS() if secure == "always" else None
        decide(store, payment)
    return views.payment(payment, store.page_url(payment))


def details(store: Store, call: Call) -> views.View:
    """The shopper is back: authorise, or say again what came of it. Raises AdyenError."""
    given = call.inner("details").get("redirectResult")
    for payment in store.payments.values():
        if payment.account == call.account and payment.redirect_result == given and payment.pressed:
            break
    else:
        raise invalid("14_018", "Invalid payload provided")
    if payment.result == "RedirectShopper":
        match payment.pressed:
            case "approve":
                payment.three_ds = ThreeDS()
                decide(store, payment)
            case "decline":
                refuse(store, payment, cards.NOT_AUTHENTICATED)
            case _:
                refuse(store, payment, cards.SHOPPER_CANCELLED)
    return views.payment(payment)


def on_page(store: Store, payment: Payment, action: str) -> None:
    """All of it happens on Adyen's own page, where the shopper is authenticated too."""
    store.payments[payment.psp_reference] = payment
    if action == "decline":
        refuse(store, payment, cards.DO_NOT_HONOR)
    else:
        payment.three_ds = ThreeDS()
        decide(store, payment)


def decide(store: Store, payment: Payment) -> None:
    """Ask the issuer, journal it, tell it."""
    verdict = payment.card.verdict(payment.account)
    if verdict is not None:
        refuse(store, payment, verdict)
        return
    payment.result, payment.held = "Authorised", payment.amount
    _done(store, payment)
    store.tell_authorisation(payment)
    if payment.captures_at_once or payment.is_sale:
        _capture(store, payment)


def refuse(store: Store, payment: Payment, why: CardRefusal) -> None:
    payment.result, payment.refusal = why.result, why
    _done(store, payment, why.raw or why.reason)
    store.tell_authorisation(payment)


def _done(store: Store, payment: Payment, code: str | None = None) -> None:
    store.done(
        "authorization",
        payment,
        payment.amount,
        id_=payment.psp_reference,
        reference=payment.reference,
        code=code,
    )


def _capture(store: Store, payment: Payment) -> None:
    """By the delay that was asked for; no webhook tells it."""
    by = Modification(payment, payment.amount, payment.reference, "")
    payment.held, payment.captured = 0, payment.amount
    store.modified("capture", by)
    store.settles("Settled", by)


def _method(call: Call) -> str:
    """Raises AdyenError for a sale that is asked to be captured later."""
    method = call.inner("paymentMethod").get("type")
    named = method if isinstance(method, str) and method else "scheme"
    if named in SALES and "manualCapture" in call.inner("additionalData"):
        raise invalid("14_012", "Manual capture is not supported by this payment method")
    return named


def _card(call: Call) -> Card:
    method = call.inner("paymentMethod")
    if not method:
        raise invalid("14_004", "Missing payment method details")
    token = method.get("storedPaymentMethodId")
    if not isinstance(token, str):
        raise invalid("14_004", "Missing payment method details: storedPaymentMethodId")
    call.text("shopperReference")
    if token not in CARDS:
        raise invalid("803", "PaymentDetail not found")
    return CARDS[token]
