"""The published contract: what each call takes, gives and refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from api.http.endpoint import bodies_of
from api.http.errors import MEDIA_TYPE
from api.http.named import REF, add, named
from api.http.outgoing_event_schemas import EVENTS, webhooks

_STREAMED: set[type[BaseModel]] = set()


class FieldProblem(BaseModel):
    pointer: str = Field(examples=["/amount/currency"])
    detail: str


class ProblemView(BaseModel):
    """RFC 9457. Branch on `type`; `detail` is for people."""

    type: str = Field(examples=["urn:paysaga:problem:invalid-request"])
    title: str
    status: int
    detail: str
    trace_id: str
    errors: list[FieldProblem] | None = None


_REPLAYED = {
    "Idempotent-Replayed": {
        "description": "`true` when the stored answer to this key is given again",
        "schema": {"type": "string"},
    }
}
_PROBLEMS = {
    400: "Not valid JSON, no idempotency key, or a bad trace id",
    401: "No credential, or one that is not known",
    403: "The credential's role may not do this, or a second person must",
    404: "It does not exist, or not for this credential",
    409: "The key was used for another request, or the state does not allow it",
    413: "The body is too large",
    415: "The body is not application/json",
    422: "Refused; the type says why, `errors` says where and what is allowed",
    429: "The share of the brand is used up, or too many wrong tokens came; see Retry-After",
    503: "An outage; repeat with the same idempotency key after Retry-After seconds",
}
_READING = (401, 403, 404, 422, 429, 503)


def writes(view: type[BaseModel], *statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses` of a write: first answers, the replay, the problems."""
    first = {201: "Done", 202: "Accepted, still moving"}
    responses: dict[int | str, dict[str, Any]] = {
        status: {"model": view, "description": first[status]} for status in statuses
    }
    responses[200] = {"model": view, "description": "The stored answer again", "headers": _REPLAYED}
    return responses | _problems(*_PROBLEMS)


def reads(view: Any) -> dict[int | str, dict[str, Any]]:
    """`responses` of a look: what is found, the problems."""
    responses: dict[int | str, dict[str, Any]] = {200: {"model": view, "description": "Found"}}
    return responses | _problems(*_READING)


def streams(view: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """`responses` of server-sent events, whose `data` lines are each a `view` as JSON."""
    _STREAMED.add(view)
    schema = {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": {"$ref": REF.format(model=view.__name__)},
    }
    content = {"text/event-stream": {"schema": schema}}
    found = {"description": "One event for each version", "content": content}
    over = {"description": "The final version was seen: nothing follows"}
    return {200: found, 204: over, **_problems(*_READING)}


ANY_JSON = {"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}}
"""`openapi_extra` of a PSP's door: what is in the body is the PSP's."""


def hears(view: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """`responses` of a PSP's door: it asks for a signature, not for a credential."""
    responses: dict[int | str, dict[str, Any]] = {200: {"model": view, "description": "Stored"}}
    return responses | _problems(401, 404, 413, 422, 503)


def _require_keys(made: dict[str, Any]) -> None:
    """A key that is missing is told like everything else, so the framework may not ask for it."""
    for calls in made["paths"].values():
        for call in calls.values():
            for parameter in call.get("parameters", []):
                if parameter["name"] == "X-Idempotency-Key":
                    parameter["required"] = True
                    parameter["schema"] = {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 255,
                        "pattern": "^[!-~]([ -~]{0,253}[!-~])?$",
                    }


_BOUNDS = {"gt": "exclusiveMinimum", "ge": "minimum", "lt": "exclusiveMaximum", "le": "maximum"}


def _bounded(part: Any) -> Any:
    """Bounds that stand behind a validator keep their Python names, which no client knows."""
    if isinstance(part, list):
        return [_bounded(each) for each in part]
    if not isinstance(part, dict):
        return part
    is_number = part.get("type") in ("integer", "number")
    return {
        _BOUNDS.get(key, key) if is_number else key: _bounded(value) for key, value in part.items()
    }


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    schema = {"$ref": REF.format(model=ProblemView.__name__)}
    return {
        status: {"description": _PROBLEMS[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def _define(
    schemas: dict[str, Any],
    models: Sequence[type[BaseModel]],
    mode: Literal["validation", "serialization"],
) -> None:
    _, defined = models_json_schema([(model, mode) for model in models], ref_template=REF)
    for name, schema in defined["$defs"].items():
        add(schemas, name, schema)


def published(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
        )
        models: list[type[BaseModel]] = [*bodies_of(app.routes), ProblemView]
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        _define(schemas, models, "validation")
        _define(schemas, [*EVENTS, *_STREAMED], "serialization")
        made["webhooks"] = webhooks()
        _require_keys(made)
        app.openapi_schema = named(_bounded(made))
    return app.openapi_schema
