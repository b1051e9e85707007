"""All the ways to break the rules that a schema has for the parts of a right value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.activities.psp.descriptions.dialect import CLOSED, Schema
from tests.activities.psp.descriptions.loading import Description
from tests.activities.psp.descriptions.validating import Sense, fits, named, read_only
from tests.activities.psp.descriptions.values import FORMATS, pattern

Spoilt = Iterator[tuple[str, Any]]

OTHER_KIND = {str: 12345, int: "12345", float: "12345", bool: "true", list: {}, dict: []}
OTHER_TEXT = {str: {"no": "x"}, int: "1x", float: "1x", bool: "perhaps", list: "x", dict: "x"}
"""In a form all is text: a number is spoilt only by what does not read as one."""
PROBES = ("", " ", "no such value", "é", "~", "-", "\n")
UNKNOWN = "no_such_member"


def spoilt(at: Description, schema: Schema, value: Any, *, as_text: bool = False) -> Spoilt:
    """What was done where, and the value with that done to it; each must be refused."""
    if "$ref" in schema:
        yield from spoilt(at, at.schema(schema["$ref"]), value, as_text=as_text)
    for part in schema.get("allOf", ()):
        yield from spoilt(at, part, value, as_text=as_text)
    yield from _in_the_branch(at, schema, value, as_text)
    yield from _of_another_kind(schema, value, as_text)
    if isinstance(value, str):
        yield from _texts(schema, value)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield from _numbers(schema)
    elif isinstance(value, dict):
        yield from _members(at, schema, value, as_text)
    elif isinstance(value, list):
        yield from _items(at, schema, value, as_text)


def _in_the_branch(at: Description, schema: Schema, value: Any, as_text: bool) -> Spoilt:
    """Only where one branch is meant, and what was spoilt is not what another one asks for."""
    branches = (*schema.get("anyOf", ()), *schema.get("oneOf", ()))
    meant = [branch for branch in branches if fits(at, branch, value, Sense.REQUEST)]
    if len(meant) != 1:
        return
    others = [branch for branch in branches if branch is not meant[0]]
    for what, other in spoilt(at, meant[0], value, as_text=as_text):
        if not any(fits(at, branch, other, Sense.REQUEST) for branch in others):
            yield what, other


def _of_another_kind(schema: Schema, value: Any, as_text: bool) -> Spoilt:
    if "type" in schema and value is not None:
        yield "of another type", (OTHER_TEXT if as_text else OTHER_KIND)[type(value)]


def _texts(schema: Schema, value: str) -> Spoilt:
    if "enum" in schema:
        yield "not in the enum", "no-such-value"
    if "maxLength" in schema:
        yield "too long", value + "x" * (schema["maxLength"] + 1 - len(value))
    if schema.get("minLength"):
        yield "too short", value[: schema["minLength"] - 1]
    if schema.get("format") in FORMATS:
        yield f"no {schema['format']}", "\\ yesterday"
    if "pattern" in schema:
        broken = [probe for probe in PROBES if not pattern(schema["pattern"]).search(probe)]
        yield from (("against the pattern", probe) for probe in broken[:1])


def _numbers(schema: Schema) -> Spoilt:
    if schema.get("format") == "int32":
        yield "beyond int32", 2**31
    if schema.get("format") == "int64":
        yield "beyond int64", 2**63
    if "maximum" in schema:
        yield "too large", int(schema["maximum"]) + 1
    if "minimum" in schema:
        yield "too small", int(schema["minimum"]) - 1


def _members(at: Description, schema: Schema, value: dict[str, Any], as_text: bool) -> Spoilt:
    yield from _unknown(at, schema, value)
    more = schema.get("additionalProperties")
    properties = schema.get("properties", {})
    for name in properties:
        if read_only(at, schema, name):
            yield f"{name}: read-only", {**value, name: "x"}
    for name, member in value.items():
        rules = properties.get(name, more if isinstance(more, dict) else {})
        for what, other in spoilt(at, rules, member, as_text=as_text):
            yield f"{name}/{what}", {**value, name: other}
    for name in schema.get("required", ()):
        if name in value:
            yield f"{name}: missing", {n: v for n, v in value.items() if n != name}


def _unknown(at: Description, schema: Schema, value: dict[str, Any]) -> Spoilt:
    shut = schema.get(CLOSED) or schema.get("additionalProperties") is False
    if shut and UNKNOWN not in set(named(at, schema, {**value, UNKNOWN: "x"}, Sense.REQUEST)):
        yield f"{UNKNOWN}: unknown", {**value, UNKNOWN: "x"}
        for name in value:
            yield f"{name}: misspelt", {f"{n}x" if n == name else n: v for n, v in value.items()}


def _items(at: Description, schema: Schema, value: list[Any], as_text: bool) -> Spoilt:
    if schema.get("minItems") and not as_text:
        yield "too few", value[: schema["minItems"] - 1]
    if "maxItems" in schema and value and schema["maxItems"] < 1000:
        yield "too many", value[:1] * (schema["maxItems"] + 1)
    for index, item in enumerate(value):
        for what, other in spoilt(at, schema.get("items", {}), item, as_text=as_text):
            yield f"{index}/{what}", [*value[:index], other, *value[index + 1 :]]
