"""An endpoint that takes a body says so by a parameter: `body: CreateIntent`.

The body is read by our own reader, once the caller is known, and stands in the contract.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Iterable
from typing import Annotated, Any, TypeVar, get_type_hints

from fastapi import Depends, Request
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute

from api.http.bodies import Body, body_of
from api.http.named import REF

B = TypeVar("B", bound=Body)


class Endpoint(APIRoute):
    """The `route_class` of every router whose endpoints take bodies."""

    body: type[Body] | None

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        self.body = _taken_by(endpoint)
        if self.body is not None:
            more["openapi_extra"] = _described(self.body) | (more.get("openapi_extra") or {})
        super().__init__(path, endpoint, **more)


def bodies_of(routes: Iterable[BaseRoute]) -> list[type[Body]]:
    """All that is taken at these routes, each once, by name."""
    found = (context.original_route for context in iter_route_contexts([*routes]))
    taken = {route.body for route in found if isinstance(route, Endpoint) and route.body}
    return sorted(taken, key=lambda model: model.__name__)


def _taken_by(endpoint: Callable[..., Any]) -> type[Body] | None:
    """The model of its body, which the framework from now on asks our reader for, last of all.

    Raises TypeError for two bodies.
    """
    hints = get_type_hints(endpoint)
    taken = [n for n, of in hints.items() if isinstance(of, type) and issubclass(of, Body)]
    if not taken:
        return None
    if len(taken) > 1:
        raise TypeError(f"{endpoint.__qualname__} takes {len(taken)} bodies")
    model: type[Body] = hints[taken[0]]
    signature = inspect.signature(endpoint, eval_str=True)
    parameters = dict(signature.parameters)
    # Dependencies are asked in their order: who calls is known before a byte of the body is read.
    parameters[taken[0]] = parameters.pop(taken[0]).replace(
        kind=inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[model, Depends(_reader(model))]
    )
    asked = signature.replace(parameters=list(parameters.values()))
    endpoint.__signature__ = asked  # type: ignore[attr-defined]
    return model


def _reader(model: type[B]) -> Callable[[Request], Coroutine[Any, Any, B]]:
    async def read_body(request: Request) -> B:
        return await body_of(request, model)

    return read_body


def _described(model: type[Body]) -> dict[str, Any]:
    if model.taken.example is None:
        raise TypeError(f"{model.__name__} is taken by an endpoint and has no example")
    schema = {"$ref": REF.format(model=model.__name__)}
    content = {"application/json": {"schema": schema, "example": model.taken.example}}
    return {"requestBody": {"required": not model.taken.optional, "content": content}}
