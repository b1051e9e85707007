"""One HTTP exchange with Stripe, as one merchant account: form in, JSON out."""

from __future__ import annotations

import re
from collections.abc import Mapping

from activities.psp.wire import Answer, NeverSent, Wire
from workflows.domain.psp import Instruction

from .settings import StripeSettings

_ID = re.compile(r"[A-Za-z0-9_]{1,255}", re.ASCII)


class Client:
    """A wire for each account. Every request names the account's API version and our trace; only
    writes carry an idempotency key."""

    def __init__(self, settings: StripeSettings) -> None:
        self._settings = settings
        self._wires = {
            name: Wire(account.url, tls=account.tls) for name, account in settings.accounts.items()
        }

    async def post(
        self, instruction: Instruction, path: str, form: Mapping[str, str], *, step: str = ""
    ) -> Answer:
        """Under the instruction's key, and a `step` behind it where it may be asked in two ways.
        Raises NeverSent or InDoubt."""
        account = instruction.account.id
        headers = self._headers(account, instruction.trace_id)
        headers["Idempotency-Key"] = f"{instruction.key}:{step}" if step else instruction.key
        return await self._wires[account].exchange("POST", path, headers=headers, form=form)

    async def get(
        self,
        account: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        trace_id: str = "",
    ) -> Answer:
        """Moves nothing. Raises NeverSent or InDoubt."""
        headers = self._headers(account, trace_id)
        return await self._wires[account].exchange("GET", path, headers=headers, params=params)

    def api_version(self, account: str) -> str:
        """Raises NeverSent for an account without credentials."""
        return self._settings.account(account).api_version

    async def aclose(self) -> None:
        for wire in self._wires.values():
            await wire.aclose()

    def _headers(self, account: str, trace_id: str) -> dict[str, str]:
        held = self._settings.account(account)
        headers = {
            "Authorization": f"Bearer {held.secret_key.get_secret_value()}",
            "Stripe-Version": held.api_version,
        }
        return {**headers, "X-Trace-Id": trace_id} if trace_id else headers


def place(*steps: str) -> str:
    """A path under /v1. Raises NeverSent for an id that cannot be one of Stripe's."""
    return "/".join(("/v1", *map(an_id, steps)))


def an_id(text: str) -> str:
    """Raises NeverSent for what cannot be an id of Stripe's."""
    if not _ID.fullmatch(text):
        raise NeverSent("what was to be asked about is no id of Stripe's")
    return text
