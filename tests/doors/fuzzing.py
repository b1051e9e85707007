"""Requests made of our own contract: some that it allows, some that it does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.doors.house import House

CONFORMS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_KEPT_APART = {"psp", "change_id", "version", "name", "policy_id"}
"""Of these the made-up ones do: a policy's past takes a process each time it is judged."""


@dataclass(frozen=True)
class Attempt:
    case: Case[Any]
    is_allowed: bool
    """Whether the contract says that such a request may be sent."""

    @property
    def call(self) -> str:
        return f"{self.case.method} {self.case.operation.path}"

    def request(self, base_url: str, token: str) -> dict[str, Any]:
        """As httpx takes it, from somebody who is known."""
        made = dict(self.case.as_transport_kwargs(base_url=base_url))
        headers = {
            name: text.strip() for name, text in made.pop("headers").items()
            if name.lower() not in ("authorization", "connection", "content-length", "host")
        }  # fmt: skip
        content = {"content": made["data"]} if made.get("data") is not None else {}
        made = {key: made[key] for key in ("method", "url", "params", "json") if key in made}
        return made | content | {"headers": headers | {"Authorization": f"Bearer {token}"}}


def attempts(contract: dict[str, Any], house: House, each: int, chance: int) -> Iterator[Attempt]:
    """`each` of both kinds for every call; the same for the same `chance`.

    Every other one is about things that there are.
    """
    schema = schemathesis.openapi.from_dict(contract)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            strategy = operation.as_strategy(generation_mode=mode)
            for number, case in enumerate(_drawn(strategy, each, chance)):
                if number % 2 and case.path_parameters:
                    case.path_parameters.update(_known(case.path_parameters, house))
                yield Attempt(case, mode is GenerationMode.POSITIVE)


def _drawn(strategy: Any, how_many: int, chance: int) -> list[Case[Any]]:
    drawn: list[Case[Any]] = []

    @seed(chance)
    @hypothesis_settings(
        max_examples=how_many,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(case: Case[Any]) -> None:
        drawn.append(case)

    try:
        draw()
    except Unsatisfiable:
        # There is no wrong way to ask for what takes nothing.
        return drawn
    return drawn


def _known(parameters: dict[str, Any], house: House) -> dict[str, str]:
    return {
        name: house.ids[name]
        for name in parameters
        if name in house.ids and name not in _KEPT_APART
    }
