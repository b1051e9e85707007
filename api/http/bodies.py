"""Reading a request's body: limited, strictly JSON, strictly of its model.

Nothing is coerced and nothing is echoed. Numbers stay text, so that no float comes near money.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn, TypeVar, get_args

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError

from api.http.card_data import refuse_card_data, without_chance
from api.http.errors import FieldError, Problem, invalid

READ_SECONDS = 10.0
"""A body that takes longer is not waited for."""

MAX_DEPTH = 16
_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
"""A string that never ends is one to the end of the text: nothing of it is looked at twice."""
_WHOLE = re.compile(r"(-?[0-9]{1,18})(?:\.0{1,18})?")
_UNPRINTABLE = re.compile("[\x00\ud800-\udfff]")

M = TypeVar("M", bound="Body")


@dataclass(frozen=True)
class Taking:
    """How a body is taken."""

    example: Mapping[str, Any] | None = None
    """For the contract; an endpoint's own body has one."""
    optional: bool = False
    """An empty body is `{}`."""
    tokens: bool = False
    """Its strings may be long ones that a PSP made up."""


class Body(BaseModel):
    """Strict: no coercion, no unknown fields. `class Authorize(Body, example={…}, optional=True)`
    says how it is taken."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)
    taken: ClassVar[Taking] = Taking()

    def __init_subclass__(
        cls,
        *,
        example: Mapping[str, Any] | None = None,
        optional: bool = False,
        tokens: bool = False,
        **more: Any,
    ) -> None:
        super().__init_subclass__(**more)
        cls.taken = Taking(example, optional, tokens)


class Nothing(Body, example={}, optional=True):
    """An empty body, or `{}`."""


@dataclass(frozen=True)
class Number:
    """A JSON number as it was written."""

    text: str


async def body_of(request: Request, model: type[M]) -> M:
    """Raises the Problems of a body that is not one of the model."""
    raw = await raw_body(request, request.app.state.settings.api.body_limit_bytes)
    if not raw and model.taken.optional:
        return validated(model, {})
    _require_json(request)
    return validated(model, parse(raw, tokens=model.taken.tokens))


def plain(value: Any) -> Any:
    """With whole numbers for the texts of numbers; others stay, and are no part of a document."""
    match value:
        case Number(text) if whole := _WHOLE.fullmatch(text):
            return int(whole[1])
        case Number(text):
            return float(text)
        case dict():
            return {key: plain(inner) for key, inner in value.items()}
        case list():
            return [plain(inner) for inner in value]
    return value


async def raw_body(request: Request, limit: int) -> bytes:
    """The bytes as they came, at most `limit`. Raises Problem `body-too-large`, `body-too-slow`."""
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or len(declared) > 15 or int(declared) > limit:
        raise _too_large(limit)
    kept = bytearray()
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for chunk in request.stream():
                kept += chunk
                if len(kept) > limit:
                    raise _too_large(limit)
    except TimeoutError:
        raise Problem(
            408, "body-too-slow", "The body did not arrive", f"send it within {READ_SECONDS:.0f} s"
        ) from None
    return bytes(kept)


def parse(raw: bytes, *, tokens: bool = False) -> Any:
    """Strict JSON by RFC 8259 and I-JSON. Raises Problem `invalid-json`, `card-data-refused`."""
    if raw.startswith(b"\xef\xbb\xbf"):
        _refuse("the body must not begin with a byte order mark")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        _refuse("the body must be UTF-8")
    if _is_too_deep(text):
        _refuse(f"the body is nested deeper than {MAX_DEPTH}")
    try:
        value = json.loads(
            text,
            parse_int=Number,
            parse_float=Number,
            parse_constant=_no_constant,
            object_pairs_hook=_unique,
        )
    except json.JSONDecodeError as wrong:
        _refuse(f"the body is not one JSON value; see character {wrong.pos}")
    for written in _texts(value):
        if _UNPRINTABLE.search(written):
            _refuse("a string has a NUL character or half a surrogate pair")
    refuse_card_data(*(without_chance(t) if tokens else t for t in _texts(value)))
    return value


def validated(model: type[M], value: Any) -> M:
    """Raises Problem `invalid-request` with a pointer for each field."""
    try:
        return model.model_validate(value)
    except ValidationError as wrong:
        raise invalid(*(_field_error(model, error) for error in wrong.errors()[:20])) from None


def _require_json(request: Request) -> None:
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if media_type.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        raise Problem(
            415,
            "unsupported-media-type",
            "The body is not JSON",
            "send the body as application/json in UTF-8",
        )


def _field_error(model: type[BaseModel], error: Any) -> FieldError:
    place = [str(part).replace("~", "~0").replace("/", "~1") for part in error["loc"]]
    if error["type"] == "extra_forbidden":
        # The name of an unknown field is the caller's text: it is not repeated.
        known = ", ".join(_fields_at(model, place[:-1]))
        allowed = f"; known are {known}" if known else ""
        return FieldError(_pointer(place[:-1]), f"has a field that is not known here{allowed}")
    if place and place[-1] == "[key]":
        place = place[:-2]
    return FieldError(_pointer(place), str(error["msg"]).removeprefix("Value error, "))


def _fields_at(model: type[BaseModel], place: list[str]) -> list[str]:
    """As they are written; none where the place is within a list or one of several models."""
    for part in place:
        inner = model.model_fields[part].annotation if part in model.model_fields else None
        inner = next((each for each in get_args(inner) if each is not type(None)), inner)
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _pointer(place: list[str]) -> str:
    return "".join(f"/{part}" for part in place)


def _is_too_deep(text: str) -> bool:
    depth = 0
    for token in _BRACKETS.finditer(text):
        if token.group() in "[{":
            depth += 1
        elif token.group() in "]}":
            depth -= 1
        if depth > MAX_DEPTH:
            return True
    return False


def _texts(value: Any) -> Iterator[str]:
    """Every string, key and number in it; a key with its value, because a name tells what it is."""
    match value:
        case str():
            yield value
        case Number(text):
            yield text
        case dict():
            for key, inner in value.items():
                match inner:
                    case str(text) | Number(text):
                        yield f"{key}={text}"
                    case _:
                        yield key
                        yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    kept = dict(pairs)
    if len(kept) != len(pairs):
        _refuse("an object has the same field twice")
    return kept


def _no_constant(_: str) -> NoReturn:
    _refuse("NaN and Infinity are not JSON")


def _refuse(detail: str) -> NoReturn:
    raise Problem(400, "invalid-json", "The body is not valid JSON", detail)


def _too_large(limit: int) -> Problem:
    return Problem(413, "body-too-large", "The body is too large", f"send at most {limit} bytes")
