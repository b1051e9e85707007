"""The other side of the curtain: what it truly did, and how it shall behave. Loopback only."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.lookalikes.faults import Fault, Faults
from infra.lookalikes.ground import Ground, Refused
from infra.lookalikes.outbox import Mode
from infra.sandbox_psp.wire import json_response

Endpoint = Callable[[Request], Awaitable[Response]]
Known = TypeVar("Known", bound=BaseModel)


class Control:
    def __init__(self, ground: Ground, faults: Callable[[], Faults]) -> None:
        self._journal, self._outbox, self._faults = ground.journal, ground.outbox, faults

    def routes(self) -> list[Route]:
        told: list[tuple[str, str, Endpoint]] = [
            ("GET", "/journal", self.journal),
            ("GET", "/faults", self.faults),
            ("POST", "/faults", self.order_fault),
            ("DELETE", "/faults", self.delete_faults),
            ("GET", "/webhooks", self.webhooks),
            ("POST", "/webhooks", self.change_mode),
            ("POST", "/webhooks/pause", self.pause),
            ("POST", "/webhooks/resume", self.resume),
            ("POST", "/webhooks/resend", self.resend),
            ("POST", "/webhooks/{id}/resend", self.resend),
        ]
        return [
            Route(f"/_control{path}", from_loopback(endpoint), methods=[method])
            for method, path, endpoint in told
        ]

    async def journal(self, request: Request) -> Response:
        asked = request.query_params
        entries = self._journal.read(
            prefix=asked.get("reference", ""), operation=asked.get("operation", "")
        )
        return json_response({"entries": entries})

    async def faults(self, _: Request) -> Response:
        return json_response({"faults": [each.model_dump() for each in self._faults().ordered]})

    async def order_fault(self, request: Request) -> Response:
        fault = await _read(request, Fault)
        self._faults().ordered.append(fault)
        return json_response(fault.model_dump())

    async def delete_faults(self, request: Request) -> Response:
        self._faults().ordered.clear()
        return await self.faults(request)

    async def webhooks(self, request: Request) -> Response:
        told = self._outbox.read(request.query_params.get("reference", ""))
        mode = self._outbox.mode.model_dump()
        return json_response({**mode, "paused": self._outbox.paused, "webhooks": told})

    async def change_mode(self, request: Request) -> Response:
        self._outbox.change(await _read(request, Mode))
        return json_response(self._outbox.mode.model_dump())

    async def pause(self, _: Request) -> Response:
        self._outbox.pause(True)
        return json_response({"paused": True})

    async def resume(self, _: Request) -> Response:
        self._outbox.pause(False)
        return json_response({"paused": False})

    async def resend(self, request: Request) -> Response:
        """One event by its id, or all that were withheld."""
        event_id = request.path_params.get("id", "")
        count = self._outbox.resend(event_id)
        if event_id and not count:
            raise Refused(json_response({"error": "there is no such event"}, 404))
        return json_response({"resent": count}, 202)


async def _read(request: Request, model: type[Known]) -> Known:
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as failure:
        told = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in failure.errors()]
        raise Refused(json_response({"error": "; ".join(told)}, 422)) from None


def from_loopback(endpoint: Endpoint) -> Endpoint:
    """Also for the commands that one PSP alone has, under `/_control` as well."""

    async def guarded(request: Request) -> Response:
        if request.client is None or not ipaddress.ip_address(request.client.host).is_loopback:
            raise Refused(json_response({"error": "this is for the machine it runs on"}, 403))
        return await endpoint(request)

    return guarded
