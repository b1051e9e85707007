"""The hosted page as HTML: no script, nothing from elsewhere, everything escaped."""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape
from pathlib import Path
from string import Template

from starlette.responses import HTMLResponse

from infra.sandbox_psp import cards
from infra.sandbox_psp.bodies import EXPONENTS
from infra.sandbox_psp.operations import Operation

_PAGE = Path(__file__).with_name("page.html").read_text()
_STYLE = re.findall(r"<style>(.*?)</style>", _PAGE, re.DOTALL)[0]
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    # No form-action: browsers hold it against the redirect back to the merchant, too.
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_RESULTS = {
    "approved": ("Payment approved", "The merchant has been told."),
    "declined": ("Payment declined", "No money was moved. The merchant has been told."),
    "cancelled": ("Payment cancelled", "No money was moved. The merchant has been told."),
}
_CLOSING = (
    "You may also just close this tab: nothing happens then, and the payment stays open "
    "until the merchant voids it."
)


def question(asked: Operation) -> HTMLResponse:
    """The challenge; without a payment token the player chooses a card first."""
    pays = asked.payment_token is None
    title = "Choose a card to pay with" if pays else "Is this payment yours?"
    first = f"Pay {money(asked)}" if pays else "Approve"
    return _page(
        title,
        f"<h1>{title}</h1>{_summary(asked)}"
        f'<form method="post">{_choices() if pays else ""}'
        f'<button class="first" name="action" value="approve">{escape(first)}</button>'
        '<button name="action" value="decline">Decline</button>'
        '<button class="plain" name="action" value="cancel">Cancel and go back</button>'
        f'</form><p class="advice">{_CLOSING}</p>',
    )


def result(answered: Operation, outcome: str, back: str) -> HTMLResponse:
    title, told = _RESULTS[outcome]
    why = f" Reason: {cards.MESSAGES[answered.code]}." if answered.code else ""
    return _page(
        title,
        f'<h1 class="result {outcome}">{title}</h1>{_summary(answered)}<p>{told}{escape(why)}</p>'
        f'<a class="button" href="{escape(back)}">Back to the merchant</a>',
    )


def notice(status: int, title: str, told: str) -> HTMLResponse:
    return _page(title, f"<h1>{escape(title)}</h1><p>{escape(told)}</p>", status)


def money(operation: Operation) -> str:
    """Minor units as people write them: `50.00 EUR`, `50 JPY`."""
    currency = operation.currency or ""
    places = EXPONENTS.get(currency) or 0
    digits = str(operation.amount).rjust(places + 1, "0")
    whole, fraction = digits[: len(digits) - places], digits[len(digits) - places :]
    return f"{int(whole):,}{'.' if places else ''}{fraction} {currency}"


def _summary(operation: Operation) -> str:
    amount, _, currency = money(operation).partition(" ")
    rows = {"Merchant": f"Demo casino ({operation.merchant_account})"}
    rows["Reference"] = operation.reference
    told = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in rows.items())
    return (
        f'<p class="amount">{escape(amount)} <small>{escape(currency)}</small></p><dl>{told}</dl>'
    )


def _choices() -> str:
    options = "".join(
        f'<label><input type="radio" name="card" value="{card}"{" checked" * (card == "ok")}>'
        f"<span>{escape(number)}<small>{escape(does)}</small></span></label>"
        for card, (number, does) in cards.CHOICES.items()
    )
    return f"<fieldset><legend>Test cards</legend>{options}</fieldset>"


def _page(title: str, content: str, status: int = 200) -> HTMLResponse:
    html = Template(_PAGE).substitute(title=escape(title), content=content)
    return HTMLResponse(html, status, _HEADERS)
