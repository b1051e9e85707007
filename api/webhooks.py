"""Where PSPs tell us things: verified over the raw bytes, kept, and only then acknowledged.

The answer waits for the commit and for nothing else: Temporal may be away, and no worker run.
What is refused is recorded, without what it said.
"""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from activities.inbox.inbox import Inbox
from activities.inbox.sending import Sending
from activities.inbox.unstored import Contested, Forged, NonceUsed, Unstorable
from activities.inbox.webhook_types import WebhookTypes
from activities.psp.catalog import Catalog
from activities.psp.contract import Acknowledgement, WebhookRefused, WebhookRequest
from activities.psp.signatures import nonce_of
from activities.security.log import SecurityLog
from activities.security.refusal import Refusal
from api.http.bodies import raw_body
from api.http.errors import MEDIA_TYPE, Problem, not_found
from api.http.ground import Ground
from api.http.openapi import ANY_JSON, hears
from api.http.sources import source_of

router = APIRouter(tags=["Webhooks"])

_DOOR = "/webhooks/"

log = structlog.get_logger("paysaga.webhooks")


@dataclass(frozen=True, kw_only=True)
class WebhookParts:
    """Made once at start, for a door at which nobody has a credential."""

    catalog: Catalog
    limit_bytes: int
    inbox: Inbox
    types: WebhookTypes
    security: SecurityLog

    @classmethod
    def of(cls, ground: Ground, stack: AsyncExitStack) -> WebhookParts:
        """On the house's pool: who calls is known by the signature, not by brand. What is under way
        at the stack's end is finished."""
        inbox = Inbox(ground.house, ground.settings.inbox)
        stack.push_async_callback(inbox.aclose)
        return cls(
            catalog=ground.catalog,
            limit_bytes=ground.settings.api.webhook_limit_bytes,
            inbox=inbox,
            types=WebhookTypes(ground.house),
            security=ground.access.security,
        )


def parts_of(request: Request) -> WebhookParts:
    """Looked up by hand: the short way has no dependencies."""
    parts: WebhookParts = request.app.state.webhooks
    return parts


class Heard(BaseModel):
    received: int


_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemView"}}}
_TOLD: dict[int | str, dict[str, Any]] = hears(Heard) | {
    409: {"description": "Told before with other facts: the first count", "content": _PROBLEM},
    415: {"description": "The body is not JSON", "content": _PROBLEM},
}


@router.post("/webhooks/{psp}", summary="A PSP's webhook", responses=_TOLD, openapi_extra=ANY_JSON)
async def webhook(request: Request, psp: str) -> Response:
    """The contract's word of the door; what comes there goes the short way."""
    return _answer(await _heard(request, psp, parts_of(request)))


@router.post(
    "/payments/callback",
    summary="The same door, for one PSP",
    responses=_TOLD,
    openapi_extra=ANY_JSON,
)
async def callback(
    request: Request,
    psp: Annotated[str | None, Query(description="without it, the only one")] = None,
) -> Response:
    parts = parts_of(request)
    return _answer(await _heard(request, psp or _only_one(parts), parts))


def comes_to_the_door(scope: Scope) -> bool:
    """Whether a request is a PSP's webhook, by its address alone."""
    return (
        scope["type"] == "http"
        and scope["method"] == "POST"
        and scope["path"].startswith(_DOOR)
        and "/" not in scope["path"][len(_DOOR) :]
    )


async def at_the_door(scope: Scope, receive: Receive, send: Send) -> None:
    """Past the framework, which would cost as much as all the rest. Raises Problem."""
    scope["route"] = _ROUTE
    request = Request(scope, receive)
    taken = await _heard(request, scope["path"][len(_DOOR) :], parts_of(request))
    await _answer_again(taken)(scope, receive, send)


_ROUTE = router.routes[0]


def _answer(taken: Acknowledgement) -> Response:
    return Response(taken.body, media_type=taken.media_type)


_answer_again = lru_cache(maxsize=64)(_answer)
"""For the short way, where nobody writes into an answer: most of them are the same."""


async def _heard(request: Request, psp: str, parts: WebhookParts) -> Acknowledgement:
    if psp not in parts.catalog.names:
        raise not_found("PSP")
    body: bytes | None = None
    try:
        _require_json(request)
        body = await raw_body(request, parts.limit_bytes)
        received = await _stored(request, psp, body, parts)
    except WebhookRefused as refused:
        if refused.status >= 500:
            raise _unverifiable(psp, refused) from None
        await _record(request, psp, parts, body, refused.rule, refused.status)
        raise Problem(
            refused.status, "webhook-refused", "The webhook was refused", refused.rule
        ) from None
    except Problem as problem:
        await _record(request, psp, parts, body, problem.slug, problem.status)
        raise
    wanted = parts.catalog.acknowledgement(psp)
    return wanted or Acknowledgement(b'{"received":%d}' % received, "application/json")


async def _stored(request: Request, psp: str, body: bytes, parts: WebhookParts) -> int:
    """How many events it told. Raises WebhookRefused."""
    headers = {
        name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.raw
    }
    heard = WebhookRequest(headers=headers, body=body, received_at=time.time())
    delivery = await parts.catalog.hear(psp, heard)
    try:
        sending = Sending.of(delivery.sent_as, body)
        await parts.inbox.store(delivery.events, psp=psp, nonce=nonce_of(heard), sending=sending)
    except Forged:
        raise WebhookRefused("another_body") from None
    except NonceUsed:
        raise WebhookRefused("nonce_used") from None
    except Contested:
        raise WebhookRefused("contested", status=409) from None
    except Unstorable:
        raise WebhookRefused("malformed", status=422) from None
    await parts.types.count(psp, delivery.ignored, delivery.unknown)
    return len(delivery.events)


def _unverifiable(psp: str, refused: WebhookRefused) -> Problem:
    """Nobody's attack: what would tell is out of reach. The PSP tells again, and is heard then."""
    log.error("webhook_unverifiable", psp=psp, rule=refused.rule, status=refused.status)
    return Problem(
        refused.status,
        "webhook-unverifiable",
        "The webhook cannot be verified for the moment",
        refused.rule,
        headers={"Retry-After": "60"},
    )


async def _record(
    request: Request, psp: str, parts: WebhookParts, body: bytes | None, rule: str, status: int
) -> None:
    remote = source_of(request)
    refusal = Refusal.of(psp, rule, status, remote=remote, headers=request.headers, body=body)
    await parts.security.record(refusal)


def _require_json(request: Request) -> None:
    media_type, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    media_type, charset = media_type.strip(), parameters.strip().replace('"', "")
    is_json = media_type == "application/json" or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )
    if not is_json or charset not in ("", "charset=utf-8"):
        raise Problem(
            415,
            "unsupported-media-type",
            "The body is not JSON",
            "send the body as application/json in UTF-8",
        )


def _only_one(parts: WebhookParts) -> str:
    names = list(parts.catalog.names)
    if len(names) != 1:
        raise not_found("PSP: name one with ?psp=, or use /webhooks/{psp}")
    return str(names[0])
