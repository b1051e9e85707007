"""An endpoint names its body, and that is all there is to say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Response

from api.http.bodies import Body, Nothing
from api.http.endpoint import Endpoint, bodies_of


class Wish(Body, example={"name": "a bicycle"}):
    name: str


class Silent(Body):
    name: str


def caller() -> str:
    return "ann"


Ask = Annotated[str, Depends(caller)]


async def wishes(body: Wish, ask: Ask) -> Response:
    return Response()


async def hears_nothing(ask: Ask, _: Nothing) -> Response:
    return Response()


async def looks(ask: Ask) -> Response:
    return Response()


async def greedy(ask: Ask, body: Wish, more: Nothing) -> Response:
    return Response()


async def undescribed(ask: Ask, body: Silent) -> Response:
    return Response()


def routed(endpoint: Callable[..., Any]) -> Endpoint:
    return Endpoint("/wishes", endpoint, methods=["POST"])


def test_the_caller_comes_first_wherever_the_body_stands() -> None:
    asked = [each.name for each in routed(wishes).dependant.dependencies]
    assert asked == ["ask", "body"]


def test_a_body_is_in_the_contract_and_so_is_whether_it_is_needed() -> None:
    needed = (routed(wishes).openapi_extra or {})["requestBody"]
    assert needed["required"]
    assert needed["content"]["application/json"]["example"] == {"name": "a bicycle"}
    assert not (routed(hears_nothing).openapi_extra or {})["requestBody"]["required"]
    assert routed(looks).openapi_extra is None


@pytest.mark.parametrize("endpoint", [greedy, undescribed])
def test_two_bodies_and_one_without_an_example_are_refused_at_the_start(
    endpoint: Callable[..., Any],
) -> None:
    with pytest.raises(TypeError):
        routed(endpoint)


def test_every_body_is_found_once_however_deep_its_router_is() -> None:
    inner, outer, app = APIRouter(route_class=Endpoint), APIRouter(), FastAPI()
    inner.add_api_route("/wishes", wishes, methods=["POST"])
    inner.add_api_route("/others", wishes, methods=["POST"])
    outer.include_router(inner, prefix="/inner")
    app.include_router(outer)
    assert bodies_of(app.routes) == [Wish]
