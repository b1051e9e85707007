"""The hosted page: no script, nothing from elsewhere; three buttons named `action`.

Where the PSP lets the payer choose on its page (how to pay …) the form has a radio button for each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from infra.lookalikes.money import decimal

_PAGE = Path(__file__).with_name("page.html").read_text()
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
ACTIONS = ("approve", "decline", "cancel")


def question(
    title: str, amount: int, currency: str, *, field: str = "", choices: Iterable[str] = ()
) -> HTMLResponse:
    """`amount` in ISO minor units; of the `choices` for `field` the first is made beforehand."""
    radios = "".join(
        f'<p><label><input type="radio" name="{escape(field)}" value="{escape(choice)}"'
        f"{'' if number else ' checked'}> {escape(choice)}</label></p>"
        for number, choice in enumerate(choices)
    )
    buttons = "".join(
        f'<button name="action" value="{action}">{action.capitalize()}</button>'
        for action in ACTIONS
    )
    return _page(
        title,
        f'<h1>{escape(title)}</h1><p class="amount">{decimal(amount, currency)} '
        f'{escape(currency)}</p><form method="post">{radios}{buttons}</form>',
    )


def notice(title: str, told: str, status: int = 200) -> HTMLResponse:
    return _page(title, f"<h1>{escape(title)}</h1><p>{escape(told)}</p>", status)


async def chosen(
    request: Request, field: str = "action", among: Collection[str] = ACTIONS
) -> str | None:
    """The button that was pressed, or the choice that was made; None for anything else."""
    form = parse_qs((await request.body()).decode(errors="replace"))
    told = form.get(field, [""])[0]
    return told if told in among else None


def back_to(return_url: str, **told: str) -> RedirectResponse:
    """To the merchant, with what the PSP adds behind whatever the query already says."""
    parts = urlsplit(return_url)
    query = "&".join(filter(None, [parts.query, urlencode(told)]))
    return RedirectResponse(parts._replace(query=query).geturl(), 303)


def _page(title: str, content: str, status: int = 200) -> HTMLResponse:
    html = Template(_PAGE).substitute(title=escape(title), content=content)
    return HTMLResponse(html, status, _HEADERS)
