"""Every port is answered, once, with the port's own types."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from activities.psp.catalog import Catalog
from activities.settings import Settings
from infra.settings import Postgres
from workers.assembly import activities_of, answers
from workflows import ports
from workflows.ports import Port

PORTS = [
    port
    for port in vars(ports).values()
    if isinstance(port, type) and issubclass(port, Port) and port is not Port
]


def name_of(method: Any) -> str:
    return str(method.__temporal_activity_definition.name)


def asked() -> dict[str, Callable[..., Any]]:
    """Every method of every port, by the name of its activity."""
    methods = [
        method
        for port in PORTS
        for method in vars(port).values()
        if hasattr(method, "__temporal_activity_definition")
    ]
    return {name_of(method): method for method in methods}


@pytest.fixture
async def answered() -> list[Callable[..., Any]]:
    """What a worker would offer; nothing is connected."""
    nowhere = "postgresql://nobody:nothing@127.0.0.1:1/none"
    settings = Settings(profile="sandbox", postgres=Postgres.model_validate({"url": nowhere}))
    joined = answers(settings, asyncpg.create_pool(nowhere, min_size=0), Catalog())
    return [method for port in (*joined.books, joined.psp) for method in activities_of(port)]


def test_a_port_says_what_it_asks_and_nothing_else() -> None:
    assert len(PORTS) >= 6
    for port in PORTS:
        public = {name for name in vars(port) if not name.startswith("_")}
        assert public == set(port.__abstractmethods__), port


async def test_every_port_is_answered_exactly_once(answered: list[Callable[..., Any]]) -> None:
    assert Counter(name_of(method) for method in answered) == Counter(list(asked()))


async def test_every_answer_has_the_types_of_its_port(answered: list[Callable[..., Any]]) -> None:
    for method in answered:
        port = inspect.signature(asked()[name_of(method)], eval_str=True)
        mine = inspect.signature(method, eval_str=True)
        parameters = [p for p in port.parameters.values() if p.name != "self"]
        assert list(mine.parameters.values()) == parameters, name_of(method)
        assert mine.return_annotation == port.return_annotation, name_of(method)
