"""The routes that the application really has, with a value in the place of each parameter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

NOTHING = {
    "heard_id": "999999999",
    "version": "1",
    "change_id": "999999",
    "stop_id": "999999",
}
"""Of every other parameter "none" will do."""


@dataclass(frozen=True, order=True)
class Route:
    method: str
    template: str

    @property
    def path(self) -> str:
        """Of nothing that there is."""
        return self.of({})

    def of(self, ids: dict[str, str]) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: self._value(found[1], ids), self.template)

    @staticmethod
    def _value(name: str, ids: dict[str, str]) -> str:
        return ids.get(name) or NOTHING.get(name, "none")

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


def routes_of(app: FastAPI) -> Iterator[Route]:
    """Everything that can be asked, whether the contract speaks of it or not."""
    for context in iter_route_contexts(app.routes):
        for method in sorted(context.methods or {"GET"}):
            yield Route(method, str(context.path))
