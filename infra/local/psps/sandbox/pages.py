"""What the hosted page says."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse

from infra.local.psps.base import pages
from infra.local.psps.base.money import written
from infra.local.psps.base.pages import Brand, Choice
from infra.local.psps.sandbox import cards
from infra.local.psps.sandbox.operations import Operation

_BRAND = Brand("Sandbox PSP", "Test mode, no real money")
_RESULTS = {
    "approved": ("Payment approved", "The merchant has been told."),
    "declined": ("Payment declined", "No money was moved. The merchant has been told."),
    "cancelled": ("Payment cancelled", "No money was moved. The merchant has been told."),
}
_CLOSING = (
    "You may also just close this tab: nothing happens then, and the payment stays open "
    "until the merchant voids it."
)
_CHOICES = [Choice(card, number, does) for card, (number, does) in cards.CHOICES.items()]


def question(asked: Operation) -> HTMLResponse:
    """The challenge; without a payment token the player chooses a card first."""
    pays = asked.payment_token is None
    currency = asked.currency or ""
    return pages.question(
        "Choose a card to pay with" if pays else "Is this payment yours?",
        asked.amount,
        currency,
        brand=_BRAND,
        details=_details(asked),
        field="card",
        choices=_CHOICES if pays else (),
        legend="Test cards",
        approve=f"Pay {written(asked.amount, currency)}" if pays else "Approve",
        advice=_CLOSING,
    )


def result(answered: Operation, outcome: str, back: str) -> HTMLResponse:
    title, text = _RESULTS[outcome]
    why = f" Reason: {cards.MESSAGES[answered.code]}." if answered.code else ""
    summary = pages.summary(answered.amount, answered.currency or "", _details(answered))
    return pages.page(
        title,
        f'<h1 class="result {outcome}">{title}</h1>{summary}<p>{text}{escape(why)}</p>'
        f'<a class="button" href="{escape(back)}">Back to the merchant</a>',
        brand=_BRAND,
    )


def notice(title: str, text: str, status: int) -> HTMLResponse:
    return pages.notice(title, text, status, brand=_BRAND)


def _details(operation: Operation) -> dict[str, str]:
    return {
        "Merchant": f"Demo casino ({operation.merchant_account})",
        "Reference": operation.reference,
    }
