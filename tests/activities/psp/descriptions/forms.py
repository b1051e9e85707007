"""Forms and query strings: brackets to members, and texts to what the schema calls them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tests.activities.psp.descriptions.dialect import COMPOSED, Schema
from tests.activities.psp.descriptions.loading import Description
from tests.activities.psp.descriptions.validating import Sense, fits

Tree = dict[str, "Tree"] | list["Tree"] | str
"""`a[b]=1&c[]=2` is `{"a": {"b": "1"}, "c": ["2"]}`."""

_FIELD = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


def decoded(text: str) -> dict[str, Tree]:
    """AssertionError where a field is malformed, or says two things."""
    tree: dict[str, Tree] = {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))
    except ValueError:
        raise AssertionError("this is no form") from None
    for field, value in pairs:
        read = _FIELD.fullmatch(field)
        assert read is not None, f"{field} is no field"
        steps = [read[1], *re.findall(r"\[(.*?)\]", read[2])]
        _put(tree, steps, value, field)
    return tree


def _put(tree: dict[str, Tree], steps: list[str], value: str, field: str) -> None:
    for step, following in pairwise(steps):
        if following == "":
            into = tree.setdefault(step, [])
            assert isinstance(into, list), f"{field} is a list and something else"
            assert steps[-2:] == [step, ""], f"{field} has no place: number the items"
            into.append(value)
            return
        inner = tree.setdefault(step, {})
        assert isinstance(inner, dict), f"{field} is an object and something else"
        tree = inner
    assert steps[-1] not in tree, f"{field} is said twice"
    tree[steps[-1]] = value


def encoded(value: dict[str, Any]) -> str:
    """The form of typed members: the way back from `typed`."""
    return urlencode(list(_pairs(value, "")))


def _pairs(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _pairs(member, f"{place}[{name}]" if place else name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            flat = not isinstance(item, dict | list)
            yield from _pairs(item, f"{place}[]" if flat else f"{place}[{index}]")
    else:
        yield place, str(value).lower() if isinstance(value, bool) else str(value)


def typed(at: Description, schema: Schema, tree: Any) -> Any:
    """Texts as integers and booleans where the schema has such; what does not read so stays."""
    while "$ref" in schema:
        schema = at.schema(schema["$ref"])
    for key in COMPOSED:
        for branch in schema.get(key, ()):
            candidate = typed(at, branch, tree)
            if fits(at, branch, candidate, Sense.REQUEST):
                return candidate
    if isinstance(tree, dict):
        return _members(at, schema, tree)
    if isinstance(tree, list):
        return [typed(at, schema.get("items", {}), item) for item in tree]
    return _scalar(schema, tree)


def _members(at: Description, schema: Schema, tree: dict[str, Any]) -> Any:
    if "items" in schema and list(tree) == [str(index) for index in range(len(tree))]:
        return [typed(at, schema["items"], item) for item in tree.values()]
    more = schema.get("additionalProperties")
    rest = more if isinstance(more, dict) else {}
    named = schema.get("properties", {})
    return {key: typed(at, named.get(key, rest), item) for key, item in tree.items()}


def _scalar(schema: Schema, text: str) -> Any:
    kinds = schema.get("type", ())
    if "integer" in kinds and re.fullmatch(r"-?\d+", text, re.ASCII):
        return int(text)
    if "number" in kinds and re.fullmatch(r"-?\d+(\.\d+)?", text, re.ASCII):
        return float(text)
    if "boolean" in kinds and text in ("true", "false"):
        return text == "true"
    return text
