"""The published contract: what each call takes, gives and refuses."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from api.bodies import Body
from api.errors import MEDIA_TYPE

_BODIES: set[type[Body]] = set()
_REF = "#/components/schemas/{model}"


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
    503: "An outage; repeat with the same idempotency key after Retry-After seconds",
}
_READING = (401, 403, 404, 422, 503)


def takes(model: type[Body], example: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    """`openapi_extra` of an endpoint that reads its body itself."""
    _BODIES.add(model)
    schema = {"$ref": _REF.format(model=model.__name__)}
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": required, "content": content}}


def writes(view: type[BaseModel], *statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses` of a write: first answers, the replay, the problems."""
    first = {201: "Done", 202: "Accepted, still moving"}
    told: dict[int | str, dict[str, Any]] = {
        status: {"model": view, "description": first[status]} for status in statuses
    }
    told[200] = {"model": view, "description": "The stored answer again", "headers": _REPLAYED}
    return told | _problems(*_PROBLEMS)


def reads(view: Any) -> dict[int | str, dict[str, Any]]:
    told: dict[int | str, dict[str, Any]] = {200: {"model": view, "description": "Found"}}
    return told | _problems(*_READING)


def hears(view: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """`responses` of a PSP's door: it asks for a signature, not for a credential."""
    told: dict[int | str, dict[str, Any]] = {200: {"model": view, "description": "Stored"}}
    return told | _problems(401, 404, 413, 422, 503)


def _require_keys(made: dict[str, Any]) -> None:
    """A key that is missing is told like everything else, so the framework may not ask for it."""
    for calls in made["paths"].values():
        for call in calls.values():
            for parameter in call.get("parameters", []):
                if parameter["name"] == "X-Idempotency-Key":
                    parameter["required"] = True
                    parameter["schema"] = {"type": "string", "minLength": 1, "maxLength": 255}


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    schema = {"$ref": _REF.format(model=ProblemView.__name__)}
    return {
        status: {"description": _PROBLEMS[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


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
        models: list[type[BaseModel]] = [
            *sorted(_BODIES, key=lambda model: model.__name__),
            ProblemView,
        ]
        _, defined = models_json_schema(
            [(model, "validation") for model in models], ref_template=_REF
        )
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        schemas |= defined["$defs"]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        _require_keys(made)
        app.openapi_schema = made
    return app.openapi_schema
