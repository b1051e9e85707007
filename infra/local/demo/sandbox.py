"""The PSP from outside: its hosted page as a browser uses it, its journal as proof.

A lookalike of a real PSP has the same page and the same journal as the sandbox PSP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from infra.local.demo.expecting import expect
from infra.local.demo.forms import Form, forms_of
from infra.local.demo.money import text_of_minor

Entry = dict[str, Any]


@dataclass
class SandboxPsp:
    http: httpx.AsyncClient

    async def answer(self, page_url: str, action: str, **chosen: str) -> str:
        """Open the page, press the button of that action; where the browser is sent then."""
        page = await self.http.get(page_url)
        expect("the status of the PSP's page", page.status_code, 200)
        form = _with_button(forms_of(page.text), action)
        fields = {**form.fields, **chosen, "action": action}
        sent = await self.http.post(page.url.join(form.action), data=fields)
        expect("the status of the PSP's answer to the form", sent.status_code, 303)
        return sent.headers["location"]

    async def journal(self, payment_id: str = "") -> list[Entry]:
        """What it truly did for a payment, or for all, in order."""
        answer = await self.http.get("/_control/journal", params={"reference": payment_id})
        expect("the status of the PSP's journal", answer.status_code, 200)
        entries: list[Entry] = answer.json()["entries"]
        return entries

    async def story(self, payment_id: str) -> list[str]:
        """The journal of a payment in words: `authorization 50.10 EUR approved at primary`."""
        return [
            f"{done['operation']} {text_of_minor(done['amount'], done['currency'])} "
            f"{done['outcome']} at {done['merchant_account']}"
            for done in await self.journal(payment_id)
        ]


def _with_button(forms: list[Form], action: str) -> Form:
    for form in forms:
        if action in form.buttons.get("action", ()):
            return form
    raise LookupError(f"the PSP's page has no button for {action}")
