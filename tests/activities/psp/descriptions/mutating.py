"""Negative controls: every way to spoil a right request, each of which must be refused.

A validator is easily blind. What is spoilt here follows from the description at the place of each
value of the request, so the controls reach whatever a plugin really sends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

import orjson

from tests.activities.psp.descriptions.checking import (
    FORM,
    JSON,
    Request,
    body_of,
    check_request,
    credentials,
)
from tests.activities.psp.descriptions.forms import encoded
from tests.activities.psp.descriptions.loading import Description
from tests.activities.psp.descriptions.operations import METHODS, operation
from tests.activities.psp.descriptions.spoiling import spoilt


def refuses_mutations(
    at: Description, request: Request, ways: Iterable[tuple[str, Request]] | None = None
) -> int:
    """AssertionError if the request is wrong, or if a mutation of it passes; their number."""
    check_request(at, *request)
    tried = list(mutations(at, request) if ways is None else ways)
    passed = [what for what, mutated in tried if _passes(at, mutated)]
    assert not passed, f"{request.method} {request.path}: taken in spite of {passed}"
    return len(tried)


def mutations(at: Description, request: Request) -> Iterator[tuple[str, Request]]:
    """What was spoilt, and the spoilt request; the given one must be right."""
    seen: set[tuple[str, bytes]] = set()
    for ways in (_addressed_wrongly, _with_other_headers, _with_another_query, _with_another_body):
        for what, mutated in ways(at, request):
            if (what, mutated.body) not in seen:
                seen.add((what, mutated.body))
                yield what, mutated


def _passes(at: Description, request: Request) -> bool:
    try:
        check_request(at, *request)
    except AssertionError:
        return False
    return True


def _addressed_wrongly(at: Description, request: Request) -> Iterator[tuple[str, Request]]:
    known = at.document["paths"][operation(at, request.method, request.path).template]
    other = next(method for method in METHODS if method not in known).upper()
    yield f"method {other}", request._replace(method=other)
    yield "a path that is longer", request._replace(path=f"{request.path}/no/such/place")
    yield "a path under another base", request._replace(path=f"/elsewhere{request.path}")


def _with_other_headers(at: Description, request: Request) -> Iterator[tuple[str, Request]]:
    asked = operation(at, request.method, request.path)
    required = {
        p["name"].lower() for p in asked.parameters if p["in"] == "header" and p.get("required")
    }
    for what, names in (("credentials", credentials(at, asked)), *((n, {n}) for n in required)):
        if names:
            left = {k: v for k, v in request.headers.items() if k.lower() not in names}
            yield f"no {what}", request._replace(headers=left)
    if request.body:
        for kind in ("text/plain", FORM if _is_json(request) else JSON):
            yield f"body as {kind}", request._replace(headers=_typed(request, kind))


def _with_another_query(at: Description, request: Request) -> Iterator[tuple[str, Request]]:
    given = [pair.partition("=") for pair in request.query.split("&") if pair]
    unknown = urlencode({"no_such_parameter": "1"})
    yield (
        "an unknown parameter",
        request._replace(query="&".join(filter(None, (request.query, unknown)))),
    )
    for parameter in operation(at, request.method, request.path).parameters:
        if parameter["in"] == "query" and parameter.get("required"):
            left = ["".join(pair) for pair in given if pair[0] != parameter["name"]]
            yield f"no {parameter['name']}", request._replace(query="&".join(left))


def _with_another_body(at: Description, request: Request) -> Iterator[tuple[str, Request]]:
    asked = operation(at, request.method, request.path)
    if "requestBody" not in asked.spec:
        filled = request._replace(body=b"{}", headers=_typed(request, JSON))
        yield "a body where none belongs", filled
    if not request.body:
        return
    schema, value = body_of(at, asked, request)
    if _is_json(request):
        yield "half a body", request._replace(body=request.body[:-1])
    for what, other in spoilt(at, schema, value, as_text=not _is_json(request)):
        body = orjson.dumps(other) if _is_json(request) else encoded(other).encode()
        yield what, request._replace(body=body)


def _is_json(request: Request) -> bool:
    return JSON in " ".join(v for k, v in request.headers.items() if k.lower() == "content-type")


def _typed(request: Request, kind: str) -> dict[str, str]:
    rest = {k: v for k, v in request.headers.items() if k.lower() != "content-type"}
    return {**rest, "content-type": kind}
