"""The other side of the curtain: what it truly did, and how it shall behave. Loopback only."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.local.psps.base.context import Context
from infra.local.psps.base.disorder import DisorderedEvents, Mode
from infra.local.psps.base.faults import Faults
from infra.local.psps.base.orders import Handler, Manners, from_loopback
from infra.local.psps.base.wire import json_response

_Calls = list[tuple[str, str, Handler]]


class Control:
    def __init__(self, context: Context, faults: Faults[Any], manners: Manners) -> None:
        self._journal, self._outbox = context.journal, context.outbox
        self._disorder, self._faults, self._manners = context.disorder, faults, manners

    def routes(self) -> list[Route]:
        calls: _Calls = [
            ("GET", "/journal", self.journal),
            ("GET", "/faults", self.faults),
            ("POST", "/faults", self.order_fault),
            ("DELETE", "/faults", self.delete_faults),
            ("GET", "/webhooks", self.webhooks),
            ("POST", "/webhooks/pause", self.pause),
            ("POST", "/webhooks/resume", self.resume),
            ("POST", "/webhooks/{id}/resend", self.resend),
        ]
        if self._disorder is not None:
            calls += self._calls_of_disorder(self._disorder)
        guarded = [
            (method, path, from_loopback(handler, self._manners.refuse))
            for method, path, handler in calls
        ]
        return [
            Route(f"/_control{path}", handler, methods=[method])
            for method, path, handler in guarded
        ]

    def _calls_of_disorder(self, disorder: DisorderedEvents) -> _Calls:
        async def change_mode(request: Request) -> Response:
            disorder.mode = await self._manners.read(request, Mode)
            return json_response(disorder.mode.model_dump())

        async def resend_withheld(_: Request) -> Response:
            count = disorder.resend_withheld()
            self._outbox.bell.set()
            return json_response({"resent": count}, 202)

        return [
            ("POST", "/webhooks", change_mode),
            ("POST", "/webhooks/resend", resend_withheld),
        ]

    async def journal(self, request: Request) -> Response:
        asked = request.query_params
        limit = asked.get("limit", "")
        if limit and not (limit.isascii() and limit.isdecimal() and len(limit) < 10):
            raise self._manners.refuse(400, "invalid_limit", "limit is a whole number")
        entries = self._journal.read(
            prefix=asked.get("reference", ""),
            operation=asked.get("operation", ""),
            limit=int(limit) if limit else None,
        )
        return json_response({"entries": entries})

    async def faults(self, _: Request) -> Response:
        return json_response({"faults": [fault.model_dump() for fault in self._faults.read()]})

    async def order_fault(self, request: Request) -> Response:
        fault = await self._manners.read(request, self._faults.kind)
        self._faults.order(fault)
        return json_response(fault.model_dump())

    async def delete_faults(self, request: Request) -> Response:
        self._faults.clear()
        return await self.faults(request)

    async def webhooks(self, request: Request) -> Response:
        mode = {} if self._disorder is None else self._disorder.mode.model_dump()
        webhooks = self._outbox.read(request.query_params.get("reference", ""))
        return json_response({**mode, "paused": self._outbox.paused, "webhooks": webhooks})

    async def pause(self, _: Request) -> Response:
        self._outbox.pause(True)
        return json_response({"paused": True})

    async def resume(self, _: Request) -> Response:
        self._outbox.pause(False)
        return json_response({"paused": False})

    async def resend(self, request: Request) -> Response:
        event_id = request.path_params["id"]
        if not self._outbox.resend(event_id):
            raise self._manners.refuse(404, "not_found", "there is no such event")
        return json_response({"id": event_id, "resent": 1}, 202)
