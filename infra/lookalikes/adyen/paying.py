"""A payment: the shopper may have to answer first, then the issuer is asked."""

from __future__ import annotations

from infra.lookalikes.adyen import amounts, cards, views
from infra.lookalikes.adyen.books import Books
from infra.lookalikes.adyen.calls import Call
from infra.lookalikes.adyen.cards import CARDS, Card, Refusal
from infra.lookalikes.adyen.errors import invalid
from infra.lookalikes.adyen.things import Modification, Payment, ThreeDS

_LATER_SECONDS = 0.3


def pay(books: Books, call: Call) -> views.View:
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
    )
    books.payments[payment.psp_reference] = payment
    secure = call.inner("authenticationData").get("attemptAuthentication")
    absent = call.optional("shopperInteraction") in ("ContAuth", "Moto")
    if payment.card.later:
        payment.result = "Received"
        books.ground.later.do(_LATER_SECONDS, lambda: decide(books, payment))
    elif payment.card.challenge and (absent or secure == "never"):
        refuse(books, payment, cards.AUTHENTICATION_REQUIRED)
    elif not payment.card.challenge:
        # One that asks the shopper nothing.
        payment.three_ds = ThreeDS() if secure == "always" else None
        decide(books, payment)
    return views.payment(payment, books.page_url(payment))


def details(books: Books, call: Call) -> views.View:
    """The shopper is back: authorise, or say again what came of it. Raises AdyenError."""
    given = call.inner("details").get("redirectResult")
    for payment in books.payments.values():
        if payment.account == call.account and payment.redirect_result == given and payment.pressed:
            break
    else:
        raise invalid("14_018", "Invalid payload provided")
    if payment.result == "RedirectShopper":
        match payment.pressed:
            case "approve":
                payment.three_ds = ThreeDS()
                decide(books, payment)
            case "decline":
                refuse(books, payment, cards.NOT_AUTHENTICATED)
            case _:
                refuse(books, payment, cards.SHOPPER_CANCELLED)
    return views.payment(payment)


def on_page(books: Books, payment: Payment, action: str) -> None:
    """All of it happens on Adyen's own page, where the shopper is authenticated too."""
    books.payments[payment.psp_reference] = payment
    if action == "decline":
        refuse(books, payment, cards.DO_NOT_HONOR)
    else:
        payment.three_ds = ThreeDS()
        decide(books, payment)


def decide(books: Books, payment: Payment) -> None:
    """Ask the issuer, journal it, tell it."""
    verdict = payment.card.verdict(payment.account)
    if verdict is not None:
        refuse(books, payment, verdict)
        return
    payment.result, payment.held = "Authorised", payment.amount
    _done(books, payment)
    books.tell_authorisation(payment)
    if payment.captures_at_once:
        _capture(books, payment)


def refuse(books: Books, payment: Payment, why: Refusal) -> None:
    payment.result, payment.refusal = why.result, why
    _done(books, payment, why.raw or why.reason)
    books.tell_authorisation(payment)


def _done(books: Books, payment: Payment, code: str | None = None) -> None:
    books.done(
        "authorization",
        payment,
        payment.amount,
        id_=payment.psp_reference,
        reference=payment.reference,
        code=code,
    )


def _capture(books: Books, payment: Payment) -> None:
    """By the delay that was asked for; no webhook tells it."""
    by = Modification(payment, payment.amount, payment.reference, "")
    payment.held, payment.captured = 0, payment.amount
    books.modified("capture", by)
    books.settles("Settled", by)


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
