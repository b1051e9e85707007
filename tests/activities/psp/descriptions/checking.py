"""A request, a reply or a webhook against a description: an AssertionError, or nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.activities.psp.descriptions.dialect import Schema, closed
from tests.activities.psp.descriptions.forms import decoded, typed
from tests.activities.psp.descriptions.loading import Description
from tests.activities.psp.descriptions.operations import Operation, operation
from tests.activities.psp.descriptions.validating import Sense, problem

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


class Request(NamedTuple):
    """What goes over the line; `check_request(description, *request)` judges it."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def check_request(
    at: Description, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> None:
    """AssertionError with the operation, the JSON pointer and the rule, never the value."""
    asked = operation(at, method, path)
    lower = {name.lower(): value for name, value in headers.items()}
    names = credentials(at, asked)
    assert not names or names & lower.keys(), f"{asked}: no credentials in {sorted(names)}"
    _check_parameters(at, asked, "path", dict(asked.given))
    _check_parameters(at, asked, "query", decoded(query))
    _check_parameters(at, asked, "header", lower)
    wanted = at.resolve(asked.spec.get("requestBody"))
    if wanted is None:
        assert not body, f"{asked}: takes no body"
        return
    assert body or not wanted.get("required"), f"{asked}: the body is missing"
    kind = _kind(lower) if body else next(iter(wanted["content"]))
    _check_body(at, str(asked), wanted["content"], kind, body, Sense.REQUEST)


def check_response(
    at: Description,
    method: str,
    path: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    made_up: bool = True,
) -> None:
    """As check_request; `made_up=False` takes members that the description does not know."""
    asked = operation(at, method, path)
    responses = asked.spec["responses"]
    found = [
        at.resolve(responses[key])
        for key in (str(status), f"{status // 100}XX")
        if key in responses
    ]
    found += [at.resolve(responses["default"])] if "default" in responses and status >= 400 else []
    assert found, f"{asked}: {status} is not described, only {', '.join(responses)}"
    where = f"{asked} → {status}"
    content = found[0].get("content")
    if not content:
        assert not body, f"{where}: has no body"
        return
    kind = _kind({name.lower(): value for name, value in headers.items()})
    assert body, f"{where}: the body is missing"
    _check_body(at, where, content, kind, body, Sense.REPLY if made_up else Sense.RECORDED)


def check_webhook(at: Description, event_code: str, body: bytes) -> None:
    """A whole delivery of Adyen's (`notificationItems`) whose items are of this event."""
    webhook = at.document["webhooks"].get(f"/{event_code}")
    assert webhook is not None, f"{at.name}: no such event: {event_code}"
    content = webhook["post"]["requestBody"]["content"]
    where = f"webhook {event_code}"
    _check_body(at, where, content, JSON, body, Sense.REPLY)
    # The description requires neither the list nor what stands in it, nor always names the event.
    items = _json(where, body).get("notificationItems", [])
    assert items, f"{where}: no items"
    codes = {item.get("NotificationRequestItem", {}).get("eventCode") for item in items}
    assert codes == {event_code}, f"{where}: the items are {codes}"


def check_component(at: Description, name: str, body: bytes, *, made_up: bool = True) -> None:
    """JSON against `#/components/schemas/<name>`, read as the PSP's: an event, a resource."""
    schema = closed({"$ref": f"#/components/schemas/{name}"}, at.at)
    sense = Sense.REPLY if made_up else Sense.RECORDED
    _judge(at, name, schema, _json(name, body), sense)


def credentials(at: Description, asked: Operation) -> set[str]:
    """The headers, in small letters, of which one must be there; empty where none is asked for."""
    schemes = at.document.get("components", {}).get("securitySchemes", {})
    return {
        scheme["name"].lower() if scheme["type"] == "apiKey" else "authorization"
        for choice in asked.spec.get("security", at.document.get("security", ()))
        for scheme in map(schemes.__getitem__, choice)
    }


def body_of(at: Description, asked: Operation, request: Request) -> tuple[Schema, Any]:
    """The translated schema of the request's body and what the body says, read and typed."""
    lower = {name.lower(): value for name, value in request.headers.items()}
    content = at.resolve(asked.spec["requestBody"])["content"]
    return _read(at, str(asked), content, _kind(lower), request.body)


def _check_parameters(at: Description, asked: Operation, place: str, given: dict[str, Any]) -> None:
    """Headers that nobody describes are a matter of HTTP; a query parameter is not."""
    described = {p["name"]: p for p in asked.parameters if p["in"] == place}
    if place == "header":
        described = {name.lower(): parameter for name, parameter in described.items()}
    for name, parameter in described.items():
        if name in given:
            schema = closed(parameter["schema"], at.at)
            _judge(at, f"{asked} {place} {name}", schema, _sent(at, parameter, schema, given[name]))
        else:
            assert not parameter.get("required"), f"{asked}: {place} {name} is missing"
    unknown = sorted(given.keys() - described.keys())
    assert place == "header" or not unknown, f"{asked}: nobody describes {place} {unknown}"


def _sent(at: Description, parameter: dict[str, Any], schema: Schema, value: Any) -> Any:
    """A list in one text, where the parameter is written with commas."""
    listed = schema.get("type") == "array" and isinstance(value, str)
    return typed(at, schema, value.split(",") if listed else value)


def _check_body(
    at: Description, where: str, content: dict[str, Any], kind: str, body: bytes, sense: Sense
) -> None:
    schema, value = _read(at, where, content, kind, body)
    _judge(at, where, schema, value, sense)


def _read(
    at: Description, where: str, content: dict[str, Any], kind: str, body: bytes
) -> tuple[Schema, Any]:
    """No body stands for a body without members: what is required is missing in both."""
    assert kind in content, f"{where}: {kind or 'no media type'} where {list(content)} stand"
    schema = closed(content[kind]["schema"], at.at)
    if kind == FORM:
        return schema, typed(at, schema, decoded(body.decode("ascii")))
    assert kind == JSON, f"{where}: {kind} cannot be checked"
    return schema, _json(where, body) if body else {}


def _judge(
    at: Description, where: str, schema: Schema, value: object, sense: Sense = Sense.REQUEST
) -> None:
    broken = problem(at, schema, value, sense)
    assert broken is None, f"{where}: {broken}"


def _kind(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _json(where: str, body: bytes) -> Any:
    """AssertionError for what is no JSON, says a member twice, or is NaN."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        assert len(made) == len(pairs), f"{where}: a member is said twice"
        return made

    def never(word: str) -> None:
        raise AssertionError(f"{where}: {word} is no JSON")

    try:
        return json.loads(body, object_pairs_hook=once, parse_constant=never)
    except ValueError:
        raise AssertionError(f"{where}: the body is no JSON") from None
