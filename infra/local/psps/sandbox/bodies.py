"""What callers may send to /v1, field by field."""

from __future__ import annotations

import re
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from infra.local.psps.base.money import EXPONENTS
from infra.local.psps.sandbox.errors import SandboxError

_LARGEST_BODY = 64 * 1024
_URL = re.compile(r"[!-~]+", re.ASCII)
Known = TypeVar("Known", bound=BaseModel)


def _currency(code: str) -> str:
    if code not in EXPONENTS:
        raise ValueError("must be an upper-case ISO 4217 code")
    return code


def _return_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not _URL.fullmatch(url):
        raise ValueError("must be an absolute http or https address")
    return url


Name = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")]
Amount = Annotated[int, Field(ge=1, le=10**15)]
Currency = Annotated[str, AfterValidator(_currency)]
ReturnUrl = Annotated[str, Field(max_length=2048), AfterValidator(_return_url)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    reference: Name


class ThreeDs(BaseModel):
    """What the player has proved to another PSP."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    scheme: Name | None = None
    version: Name | None = None
    eci: Name
    cavv: Name
    ds_trans_id: Name


class Authorization(Body):
    amount: Amount
    currency: Currency
    method: Name
    payment_token: Name | None = None
    player_id: Name
    return_url: ReturnUrl
    three_ds: ThreeDs | None = None
    capture: bool = False
    """Taken at once, whatever the method could hold."""


class Capture(Body):
    amount: Amount
    currency: Currency


class Void(Body):
    give_back: bool = False
    """What a sale took as well; else it can be refunded only."""


class VoidByReference(Void):
    authorization_reference: Name


class Refund(Body):
    amount: Amount
    currency: Currency


class Payout(Body):
    amount: Amount
    currency: Currency
    method: Name
    destination: Name
    player_id: Name


async def read(request: Request, model: type[Known], /) -> Known:
    """Raises SandboxError: 400 is no JSON, 413 too large, 422 what a field allows."""
    raw = await read_limited(request)
    try:
        # Read here and not by pydantic: it lets NaN, lone surrogates and huge numbers through.
        return model.model_validate(orjson.loads(raw))
    except orjson.JSONDecodeError:
        raise SandboxError(400, "malformed_json", "the body must be one JSON object") from None
    except ValidationError as failure:
        problems = "; ".join(
            f"{'.'.join(map(str, error['loc'])) or 'body'}: {error['msg']}"
            for error in failure.errors(include_url=False, include_input=False)
        )
        raise SandboxError(422, "invalid_field", problems) from None


async def read_limited(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > _LARGEST_BODY:
            raise SandboxError(413, "body_too_large", f"a body is at most {_LARGEST_BODY} bytes")
        parts.append(part)
    return b"".join(parts)
