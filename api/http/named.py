"""Words of the contract that have a name of their own there, one each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from pydantic import GetJsonSchemaHandler

from workflows.domain.escalations import CaseKind
from workflows.domain.identity import Kind
from workflows.domain.orders import KINDS

REF = "#/components/schemas/{model}"
_MARK, _UNION = "x-name", "x-any-of"
_PAGE = re.compile(r"^(#/components/schemas/)Page_(\w+)_$")
_PAGE_TITLE = re.compile(r"Page\[(\w+)\]")


class Named:
    """Metadata of an enum, or of a string that is one of some enums': its name in the contract.

    A string stays a string here: what a newer worker has written is shown and not refused.
    """

    def __init__(self, name: str, *values: Iterable[str]) -> None:
        self._name = name
        self._values = [str(value) for each in values for value in each]

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> Any:
        values = self._values or handler.resolve_ref_schema(handler(schema))["enum"]
        return {"type": "string", "enum": values, "title": self._name, _MARK: self._name}


class OneOf:
    """Metadata of what is shown as one of these components of the contract."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> Any:
        return {_UNION: list(self._names)}


PaymentStatus = Annotated[str, Named("PaymentStatus", *(kind.statuses for kind in KINDS.values()))]
PaymentKind = Annotated[Kind, Named("PaymentKind")]
KindOfCase = Annotated[str, Named("CaseKind", CaseKind)]


def named(contract: dict[str, Any]) -> dict[str, Any]:
    """The contract with every marked word as a component, and pages under plain names.

    Raises ValueError when one name would stand for two things.
    """
    own: dict[str, Any] = {}
    made: dict[str, Any] = _resolved(contract, own)
    schemas: dict[str, Any] = {}
    for key, schema in made["components"]["schemas"].items():
        page = _PAGE_TITLE.fullmatch(schema.get("title", ""))
        name = f"{page[1]}Page" if page else key
        add(schemas, name, schema | {"title": name} if page else schema)
    for name, schema in own.items():
        add(schemas, name, schema)
    _drop_unused(made, schemas)
    titles = [schema.get("title", name) for name, schema in schemas.items()]
    if twice := {title for title in titles if titles.count(title) > 1}:
        raise ValueError(f"two components of the contract are called {', '.join(sorted(twice))}")
    made["components"]["schemas"] = dict(sorted(schemas.items()))
    return made


def _drop_unused(made: dict[str, Any], schemas: dict[str, Any]) -> None:
    """What has a name of its own now leaves behind what it was called before."""
    made["components"]["schemas"] = schemas
    while unused := schemas.keys() - set(_references(made)):
        for name in unused:
            del schemas[name]


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].rpartition("/")[2]
        for inner in part.values():
            yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)


def add(schemas: dict[str, Any], name: str, schema: dict[str, Any]) -> None:
    """Raises ValueError for another schema of the same name."""
    if _bare(schemas.setdefault(name, schema)) != _bare(schema):
        raise ValueError(f"two components of the contract are called {name}")


def _bare(part: Any) -> Any:
    """Without defaults of null, which one of two makers of schemas writes and the other omits."""
    if isinstance(part, list):
        return [_bare(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {k: _bare(v) for k, v in part.items() if not (k == "default" and v is None)}


def _resolved(part: Any, own: dict[str, Any]) -> Any:
    """The same with references for what is marked; the marked ones go to `own`."""
    if isinstance(part, list):
        return [_resolved(each, own) for each in part]
    if not isinstance(part, dict):
        return part
    if _UNION in part:
        parts = [{"$ref": REF.format(model=name)} for name in part[_UNION]]
        return dict(_others(part, _UNION, "type", "additionalProperties")) | {"anyOf": parts}
    if _MARK in part:
        name = part[_MARK]
        add(own, name, {"title": name, "type": part["type"], "enum": part["enum"]})
        more = dict(_others(part, _MARK, "title", "type", "enum"))
        return {"$ref": REF.format(model=name)} | more
    if "$ref" in part:
        return part | {"$ref": _PAGE.sub(r"\g<1>\g<2>Page", part["$ref"])}
    return {key: _resolved(value, own) for key, value in part.items()}


def _others(part: dict[str, Any], *names: str) -> Iterator[tuple[str, Any]]:
    return ((key, value) for key, value in part.items() if key not in names)
