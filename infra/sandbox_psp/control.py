"""The other side of the curtain: what it truly did, and how it shall behave. Loopback only."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.sandbox_psp import journal
from infra.sandbox_psp.bodies import read
from infra.sandbox_psp.faults import Fault, Faults
from infra.sandbox_psp.modes import CurrentModes, Modes
from infra.sandbox_psp.outbox import Outbox
from infra.sandbox_psp.signing import Signer
from infra.sandbox_psp.store import Store
from infra.sandbox_psp.wire import Refused, json_response

Endpoint = Callable[[Request], Awaitable[Response]]


class Control:
    def __init__(
        self,
        store: Store,
        modes: CurrentModes,
        faults: Faults,
        outbox: Outbox,
        signer: Signer,
    ) -> None:
        self._store, self._modes, self._faults, self._outbox = store, modes, faults, outbox
        self._signer = signer

    def routes(self) -> list[Route]:
        told: list[tuple[str, str, Endpoint]] = [
            ("GET", "/journal", self.journal),
            ("GET", "/settings", self.settings),
            ("PUT", "/settings", self.change_settings),
            ("GET", "/faults", self.faults),
            ("POST", "/faults", self.order_fault),
            ("DELETE", "/faults", self.delete_faults),
            ("GET", "/webhooks", self.webhooks),
            ("POST", "/webhooks/pause", self.pause),
            ("POST", "/webhooks/resume", self.resume),
            ("POST", "/webhooks/{id}/resend", self.resend),
        ]
        return [
            Route(f"/_control{path}", _from_loopback(endpoint), methods=[method])
            for method, path, endpoint in told
        ]

    async def journal(self, request: Request) -> Response:
        asked = request.query_params
        limit = asked.get("limit", "")
        if limit and not (limit.isascii() and limit.isdecimal() and len(limit) < 10):
            raise Refused(400, "invalid_limit", "limit is a whole number")
        entries = journal.read(
            self._store,
            prefix=asked.get("reference", ""),
            operation=asked.get("operation", ""),
            limit=int(limit or -1),
        )
        return json_response({"entries": entries})

    async def settings(self, _: Request) -> Response:
        return json_response(self._modes.now.model_dump())

    async def change_settings(self, request: Request) -> Response:
        """What is not named stays."""
        asked = await read(request, Modes)
        if not self._signer.can(asked.signing):
            raise Refused(409, "no_key", "it was started without a key for this form")
        changed = {name: getattr(asked, name) for name in asked.model_fields_set}
        self._modes.change(self._modes.now.model_copy(update=changed))
        return json_response(self._modes.now.model_dump())

    async def faults(self, _: Request) -> Response:
        return json_response({"faults": [fault.model_dump() for fault in self._faults.read()]})

    async def order_fault(self, request: Request) -> Response:
        fault = await read(request, Fault)
        self._faults.order(fault)
        return json_response(fault.model_dump())

    async def delete_faults(self, request: Request) -> Response:
        self._faults.delete()
        return await self.faults(request)

    async def webhooks(self, _: Request) -> Response:
        return json_response({"paused": self._outbox.paused, "webhooks": self._outbox.read()})

    async def pause(self, _: Request) -> Response:
        self._outbox.pause(True)
        return json_response({"paused": True})

    async def resume(self, _: Request) -> Response:
        self._outbox.pause(False)
        return json_response({"paused": False})

    async def resend(self, request: Request) -> Response:
        if not self._outbox.resend(request.path_params["id"]):
            raise Refused(404, "not_found", "there is no such event")
        return json_response({"id": request.path_params["id"]}, 202)


def _from_loopback(endpoint: Endpoint) -> Endpoint:
    async def guarded(request: Request) -> Response:
        try:
            if request.client is None or not ipaddress.ip_address(request.client.host).is_loopback:
                raise Refused(403, "loopback_only", "this is for the machine it runs on")
            return await endpoint(request)
        except Refused as refused:
            return refused.response()

    return guarded
