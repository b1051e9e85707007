"""One JSON value against one translated schema, in the sense of a request or of a reply."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import cache, partial
from itertools import groupby
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from tests.activities.psp.descriptions.dialect import CLOSED, Schema
from tests.activities.psp.descriptions.loading import Description
from tests.activities.psp.descriptions.values import FORMATS, pattern

Errors = Iterator[ValidationError]


TOLD = 5
"""Of many broken rules so many are told."""


class Sense(Enum):
    """Who wrote the value: we to the PSP, we in the PSP's place, or the PSP itself."""

    REQUEST = "request"
    REPLY = "reply"
    RECORDED = "recorded reply"


def problem(at: Description, schema: Schema, value: object, sense: Sense) -> str | None:
    """Where and which rule the value breaks, without the value; None if it breaks none."""
    errors = [_told(_telling(error)) for error in _judge(at, sense)(schema).iter_errors(value)]
    return "; ".join(sorted(set(errors))[:TOLD]) or None


def fits(at: Description, schema: Schema, value: object, sense: Sense) -> bool:
    return bool(_judge(at, sense)(schema).is_valid(value))


@cache
def _judge(at: Description, sense: Sense) -> Any:
    make: Any = extend
    own: dict[str, Any] = {
        "$ref": _ref,
        "additionalProperties": _additional,
        "readOnly": _unsent,
        "required": _required,
        CLOSED: _closed,
    }
    theirs = {"format": _format, "pattern": _pattern}
    if sense is Sense.RECORDED:
        # Branches that only unknown members tell apart would all fit.
        theirs["oneOf"] = Draft202012Validator.VALIDATORS["anyOf"]
    return make(
        Draft202012Validator,
        {**theirs, **{keyword: partial(rule, at, sense) for keyword, rule in own.items()}},
        type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _whole),
    )


def _ref(at: Description, _: Sense, judge: Any, ref: str, value: object, __: Schema) -> Errors:
    yield from judge.descend(value, at.schema(ref))


def _required(
    at: Description, sense: Sense, _: Any, names: list[str], value: object, schema: Schema
) -> Errors:
    """OpenAPI: a member that is required and read-only is required of the reply alone."""
    for name in names if isinstance(value, dict) else ():
        hidden = sense is Sense.REQUEST and read_only(at, schema, name)
        if name not in cast("dict[str, Any]", value) and not hidden:
            yield ValidationError(f"{name} is missing")


def _unsent(
    _: Description, sense: Sense, __: Any, is_read_only: bool, ___: object, ____: Schema
) -> Errors:
    if is_read_only and sense is Sense.REQUEST:
        yield ValidationError("is read-only and not ours to send")


def _closed(
    at: Description, sense: Sense, _: Any, is_closed: bool, value: object, schema: Schema
) -> Errors:
    if is_closed and isinstance(value, dict) and sense is not Sense.RECORDED:
        unknown = sorted(value.keys() - set(named(at, schema, value, sense)))
        if unknown:
            yield ValidationError(f"nobody describes {', '.join(unknown)}")


def _additional(
    at: Description,
    sense: Sense,
    judge: Any,
    additional: bool | Schema,
    value: object,
    schema: Schema,
) -> Errors:
    if additional is False:
        alone = {"properties": schema.get("properties", {})}
        yield from _closed(at, sense, judge, True, value, alone)
    else:
        rule = Draft202012Validator.VALIDATORS["additionalProperties"]
        yield from rule(judge, additional, value, schema) or ()


def _whole(_: object, value: object) -> bool:
    """1.0 is whole to JSON Schema, and no PSP reads it as an amount."""
    return isinstance(value, int) and not isinstance(value, bool)


def _pattern(validator: Any, source: str, value: object, _: Schema) -> Errors:
    if isinstance(value, str) and not pattern(source).search(value):
        yield ValidationError(f"does not match {source}")


def _format(validator: Any, name: str, value: object, _: Schema) -> Errors:
    if name in FORMATS and not FORMATS[name](value):
        yield ValidationError(f"is no {name}")


def read_only(at: Description, schema: Schema, name: str) -> bool:
    member = schema.get("properties", {}).get(name, {})
    while not member.get("readOnly") and "$ref" in member:
        member = at.schema(member["$ref"])
    return bool(member.get("readOnly"))


def named(at: Description, schema: Schema, value: dict[str, Any], sense: Sense) -> Iterator[str]:
    """The members of the value that some part of the schema has a word for."""
    yield from schema.get("properties", ())
    if schema.get("additionalProperties"):
        yield from value
    if "$ref" in schema:
        yield from named(at, at.schema(schema["$ref"]), value, sense)
    for part in schema.get("allOf", ()):
        yield from named(at, part, value, sense)
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if fits(at, part, value, sense):
            yield from named(at, part, value, sense)


def _telling(error: ValidationError) -> ValidationError:
    """Of the branches that all failed, the one that was most likely meant."""
    while error.context:
        by_branch = groupby(error.context, key=lambda inner: inner.schema_path[0])
        branches = [list(errors) for _, errors in by_branch]
        error = min(branches, key=lambda errors: (any(map(_of_another_kind, errors)), len(errors)))[
            0
        ]
    return error


def _of_another_kind(error: ValidationError) -> bool:
    return error.validator in ("type", "enum") and len(error.relative_path) < 2


def _told(error: ValidationError) -> str:
    pointer = "".join(f"/{step}" for step in error.absolute_path) or "/"
    own = error.validator in ("required", "readOnly", "pattern", "format", "additionalProperties")
    if own or error.validator == CLOSED:
        return f"{pointer} {error.message}"
    rule = f"{error.validator_value}"
    return f"{pointer} breaks {error.validator}: {rule if len(rule) < 200 else rule[:200] + '…'}"
