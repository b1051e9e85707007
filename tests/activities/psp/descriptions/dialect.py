"""OpenAPI's dialects of JSON Schema, written as 2020-12, and closed against unknown members.

The descriptions rarely say `additionalProperties: false`, so a misspelt optional member would
pass. `CLOSED` marks every place where an object stands (a body, a member, an item): only members
that some part of the composed schema names may occur there. It stands at the place and not in
the named schema, because that may be one part of an allOf elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Schema = dict[str, Any]
Lookup = Callable[[str], Schema]

CLOSED = "x-closed"
COMPOSED = ("allOf", "anyOf", "oneOf")
KEPT = (
    "$ref",
    "type",
    "enum",
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "required",
    "readOnly",
)
IMPLIED = {
    "properties": "object",
    "required": "object",
    "items": "array",
    "pattern": "string",
    "minLength": "string",
    "maxLength": "string",
}
"""A keyword passes every value of another type; the descriptions forget to name the type."""

TRANSLATED = {*COMPOSED, "properties", "items", "additionalProperties", "nullable"}
SAID_ONLY = {"title", "description", "default", "example", "examples", "deprecated", "xml"}
SAID_ONLY |= {"discriminator", "externalDocs"}


def modern(schema: Schema, lookup: Lookup) -> Schema:
    """The same in 2020-12; ValueError for a keyword that would be passed over."""
    unknown = {key for key in schema if not key.startswith("x-")}
    unknown -= {*KEPT, *TRANSLATED, *SAID_ONLY}
    if unknown:
        raise ValueError(f"a schema with {sorted(unknown)} cannot be translated")
    made = {key: schema[key] for key in KEPT if key in schema}
    if "type" not in schema:
        implied = [kind for keyword, kind in IMPLIED.items() if keyword in schema]
        if implied:
            made["type"] = implied[0]
    if "properties" in schema:
        named = schema["properties"].items()
        made["properties"] = {name: closed(member, lookup) for name, member in named}
    if "items" in schema:
        made["items"] = closed(schema["items"], lookup)
    more = schema.get("additionalProperties")
    if more is not None:
        made["additionalProperties"] = more if isinstance(more, bool) else closed(more, lookup)
    for key in COMPOSED:
        if key in schema:
            made[key] = [modern(part, lookup) for part in schema[key]]
    return _with_null(made) if schema.get("nullable") else made


def closed(schema: Schema, lookup: Lookup) -> Schema:
    made = modern(schema, lookup)
    if not is_open(schema, lookup):
        made[CLOSED] = True
    return made


def is_open(schema: Schema, lookup: Lookup) -> bool:
    """Whether the description leaves the members of such an object to the sender."""
    parts = list(_parts(schema, lookup))
    names = any("properties" in part for part in parts)
    for part in parts:
        for key in ("anyOf", "oneOf"):
            if any(_takes_any_object(branch, lookup) for branch in part.get(key, ())):
                return True
            names = names or bool(part.get(key))
    return not names


def _takes_any_object(branch: Schema, lookup: Lookup) -> bool:
    """`type: object` and not a word more; a part that only says `required` is no such branch."""
    parts = list(_parts(branch, lookup))
    return any(part.get("type") == "object" for part in parts) and is_open(branch, lookup)


def _parts(schema: Schema, lookup: Lookup) -> Iterator[Schema]:
    """The schema and all that holds with it: behind its reference, and in its allOf."""
    yield schema
    if "$ref" in schema:
        yield from _parts(lookup(schema["$ref"]), lookup)
    for part in schema.get("allOf", ()):
        yield from _parts(part, lookup)


def _with_null(schema: Schema) -> Schema:
    if "type" not in schema:
        return {"anyOf": [{"type": "null"}, schema]}
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    schema["type"] = [schema["type"], "null"]
    return schema
