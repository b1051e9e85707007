"""Where PSPs tell us things: verified over the raw bytes, kept, and only then acknowledged."""

from __future__ import annotations

import time
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from activities.psp.contract import WebhookRefused, WebhookRequest
from api.bodies import raw_body
from api.dependencies import Parts, PartsOf
from api.errors import Problem, not_found
from api.listing import shown
from api.openapi import hears

router = APIRouter(tags=["Webhooks"])

log = structlog.get_logger("paysaga.security")


class Heard(BaseModel):
    received: int


@router.post("/webhooks/{psp}", summary="A PSP's webhook", responses=hears(Heard))
async def webhook(request: Request, psp: str, parts: PartsOf) -> Response:
    return await _heard(request, psp, parts)


@router.post("/payments/callback", summary="The same door, for one PSP", responses=hears(Heard))
async def callback(
    request: Request, parts: PartsOf, psp: Annotated[str | None, Query(max_length=32)] = None
) -> Response:
    return await _heard(request, psp or _only_one(parts), parts)


async def _heard(request: Request, psp: str, parts: Parts) -> Response:
    if psp not in parts.catalog.names:
        raise not_found("PSP")
    heard = WebhookRequest(
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await raw_body(request),
        received_at=time.time(),
    )
    try:
        events = parts.catalog.hear(psp, heard)
    except WebhookRefused as refused:
        log.warning("webhook_refused", psp=psp, rule=refused.rule, status=refused.status)
        raise Problem(
            refused.status, "webhook-refused", "The webhook was refused", refused.rule
        ) from None
    await parts.inbox.store(events)
    return shown(Heard(received=len(events)))


def _only_one(parts: Parts) -> str:
    names = list(parts.catalog.names)
    if len(names) != 1:
        raise not_found("PSP: name one with ?psp=, or use /webhooks/{psp}")
    return str(names[0])
