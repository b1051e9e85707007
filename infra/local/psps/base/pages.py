"""The hosted page: no script, nothing from elsewhere, everything escaped; three buttons `action`.

Where the PSP lets the payer choose on its page (how to pay …) the form has a radio button for each.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from types import MappingProxyType
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from infra.local.psps.base.money import written

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
ACTIONS = ("approve", "decline", "cancel")
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Brand:
    """Whose page it is, and what everybody must know of it."""

    name: str
    note: str


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    does: str = ""


LOOKALIKE = Brand("A lookalike for tests", "No real money, no real PSP")


def question(
    title: str,
    amount: int,
    currency: str,
    *,
    brand: Brand = LOOKALIKE,
    details: Mapping[str, str] = _NOTHING,
    field: str = "",
    choices: Iterable[str | Choice] = (),
    legend: str = "",
    approve: str = "Approve",
    advice: str = "",
) -> HTMLResponse:
    """`amount` in ISO minor units; of the `choices` for `field` the first is made beforehand."""
    known = [Choice(each, each) if isinstance(each, str) else each for each in choices]
    return page(
        title,
        f"<h1>{escape(title)}</h1>{summary(amount, currency, details)}"
        f'<form method="post">{_radios(field, known, legend)}'
        f'<button class="first" name="action" value="approve">{escape(approve)}</button>'
        '<button name="action" value="decline">Decline</button>'
        '<button class="plain" name="action" value="cancel">Cancel and go back</button>'
        f'</form><p class="advice">{escape(advice)}</p>',
        brand=brand,
    )


def notice(title: str, text: str, status: int = 200, *, brand: Brand = LOOKALIKE) -> HTMLResponse:
    return page(title, f"<h1>{escape(title)}</h1><p>{escape(text)}</p>", status, brand=brand)


async def chosen(
    request: Request, field: str = "action", among: Collection[str] = ACTIONS
) -> str | None:
    """The button that was pressed, or the choice that was made; None for anything else."""
    choice = sent(await request.body(), field)
    return choice if choice in among else None


def sent(body: bytes, field: str, otherwise: str = "") -> str:
    """What a form says in this field."""
    return parse_qs(body.decode(errors="replace")).get(field, [otherwise])[0]


def address_back(return_url: str, **parameters: str) -> str:
    """To the merchant, with what the PSP adds behind whatever the query already says."""
    parts = urlsplit(return_url)
    query = "&".join(filter(None, [parts.query, urlencode(parameters)]))
    return parts._replace(query=query).geturl()


def back_to(return_url: str, **parameters: str) -> RedirectResponse:
    return RedirectResponse(address_back(return_url, **parameters), 303)


def summary(amount: int, currency: str, details: Mapping[str, str] = _NOTHING) -> str:
    """As HTML."""
    value, _, name = written(amount, currency).partition(" ")
    lines = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in details.items())
    return f'<p class="amount">{value} <small>{escape(name)}</small></p><dl>{lines}</dl>'


def page(title: str, content: str, status: int = 200, *, brand: Brand = LOOKALIKE) -> HTMLResponse:
    """`content` is HTML."""
    html = Template(_PAGE).substitute(
        title=escape(title), content=content, brand=escape(brand.name), note=escape(brand.note)
    )
    return HTMLResponse(html, status, _HEADERS)


def _radios(field: str, choices: list[Choice], legend: str) -> str:
    radios = "".join(
        f'<label><input type="radio" name="{escape(field)}" value="{escape(choice.value)}"'
        f"{'' if number else ' checked'}>"
        f"<span>{escape(choice.label)}<small>{escape(choice.does)}</small></span></label>"
        for number, choice in enumerate(choices)
    )
    named = f"<legend>{escape(legend)}</legend>" if legend else ""
    return f"<fieldset>{named}{radios}</fieldset>" if choices else ""
