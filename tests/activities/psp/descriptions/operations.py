"""Which operation of a description a method and a path mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.activities.psp.descriptions.loading import Description

METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


@dataclass(frozen=True)
class Operation:
    """`given` is what the path says for the template's parameters, decoded."""

    method: str
    template: str
    spec: dict[str, Any]
    given: dict[str, str]
    parameters: list[dict[str, Any]]

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


def operation(at: Description, method: str, path: str) -> Operation:
    """AssertionError where the description knows no such path, or no such method there."""
    for template, wanted in _templates(at):
        found = wanted.fullmatch(path)
        if found is None:
            continue
        item = at.document["paths"][template]
        spec = item.get(method.lower()) if method.lower() in METHODS else None
        known = [word.upper() for word in item if word in METHODS]
        assert spec is not None, f"{at.name}: {template} knows {known}, not {method}"
        # Positions, because a name such as `{payout-id}` is no name of a group.
        names = re.findall(r"\{(.+?)\}", template)
        given = dict(zip(names, map(unquote, found.groups()), strict=True))
        parameters = [
            at.resolve(p) for p in (*item.get("parameters", ()), *spec.get("parameters", ()))
        ]
        return Operation(method.upper(), template, spec, given, parameters)
    raise AssertionError(f"{at.name}: no such path: {path}")


@cache
def _templates(at: Description) -> list[tuple[str, re.Pattern[str]]]:
    """Literal ones first, as routers do: `/payments/details` is no `/payments/{reference}`."""
    paths = sorted(at.document.get("paths", {}), key=lambda path: path.count("{"))
    return [(path, re.compile(_regex(at, path))) for path in paths]


def _regex(at: Description, template: str) -> str:
    bases = {urlsplit(server["url"]).path.rstrip("/") for server in at.document.get("servers", ())}
    assert len(bases) < 2, f"{at.name}: several base paths are not read"
    base = next(iter(bases), "")
    # PayPal's reporting says its base path in the server and again in every path.
    whole = template if base and template.startswith(f"{base}/") else base + template
    return "".join(
        "([^/]+)" if part.startswith("{") else re.escape(part)
        for part in re.split(r"(\{.+?\})", whole)
    )
