"""The events that a platform is sent, as the contract describes them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field, create_model

from api.http import payment_views as views
from api.http.named import REF
from workflows.domain.identity import Kind
from workflows.domain.orders import KINDS


def _type(kind: Kind, status: str) -> str:
    """As the database makes it (`outgoing_event_type`): payout.settled of a PAYOUT_SETTLED."""
    return f"{kind}.{status.removeprefix(f'{kind.upper()}_').lower()}"


def _types(kind: Kind, statuses: Iterable[str]) -> dict[str, Any]:
    names = [_type(kind, status) for status in statuses]
    return {"enum": names, "description": "there will be more: pass over what you do not know"}


class _Event(BaseModel):
    id: str = Field(examples=["evt_in_0123456789abcdef0123456789abcdef_4"])
    created_at: datetime
    payment_id: str
    sequence: int = Field(description="1, 2, 3 … of the payment, without gaps")


def _event(kind: Kind) -> type[BaseModel]:
    types = _types(kind, KINDS[kind].statuses)
    shown = Field(description=f"the {kind} at that version")
    return create_model(
        f"{kind.capitalize()}Event",
        __base__=_Event,
        type=(str, Field(json_schema_extra=types)),
        data=(views.VIEWS[kind], shown),
    )


EVENTS: tuple[type[BaseModel], ...] = tuple(_event(kind) for kind in views.VIEWS)
EVENT_TYPES = [_type(kind, status) for kind in views.VIEWS for status in KINDS[kind].statuses]
_HEADERS = {
    "webhook-id": "the event's id: the same however often it is sent",
    "webhook-timestamp": "seconds since 1970, of the sending",
    "webhook-signature": "by Standard Webhooks, with each of the brand's secrets",
}


def webhooks() -> dict[str, Any]:
    """The `webhooks` section of the contract: what is sent to a platform's receiver."""
    return {event.__name__.removesuffix("Event").lower(): _sent(event) for event in EVENTS}


def _sent(event: type[BaseModel]) -> dict[str, Any]:
    noun = event.__name__.removesuffix("Event").lower()
    schema = {"$ref": REF.format(model=event.__name__)}
    return {
        "post": {
            "operationId": f"{noun}_event",
            "tags": ["Events"],
            "summary": f"A {noun} has a new version",
            "description": "Signed by Standard Webhooks, sent until a 2xx answers it, in order for "
            "each payment, at least once.",
            "parameters": [
                {
                    "name": name,
                    "in": "header",
                    "required": True,
                    "description": text,
                    "schema": {"type": "string"},
                }
                for name, text in _HEADERS.items()
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
            "responses": {"2XX": {"description": "It is stored; anything else is tried again"}},
        }
    }
