"""The words that bodies and addresses are made of, and what each may look like."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Path
from pydantic import (
    AfterValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError, core_schema

from activities.settings import Settings
from api.http.errors import FieldError, invalid
from workflows.domain.identity import CAPTURE_PREFIX, Kind, kind_of, pattern_of


class Word:
    """Metadata of a string: the pattern that all of it must match, and how to say so."""

    def __init__(self, pattern: str, allowed: str) -> None:
        # ASCII and the whole string: `\w` and `$` would let in what looks the same but is not.
        self._pattern = re.compile(pattern, re.ASCII)
        self._allowed = allowed

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> Any:
        pattern = f"^{self._pattern.pattern}$"
        return handler(schema) | {"pattern": pattern, "description": self._allowed}

    def _check(self, text: str) -> str:
        if not self._pattern.fullmatch(text):
            raise PydanticCustomError("word", self._allowed)
        return text


PlayerId = Annotated[str, Word(r"[A-Za-z0-9._:@-]{1,64}", "1 to 64 letters, digits or . _ : @ -")]
Method = Annotated[
    str, Word(r"[a-z][a-z0-9_]{0,31}", "1 to 32 of a-z, 0-9 and _, beginning with a letter")
]
PspToken = Annotated[
    str,
    Word(r"[A-Za-z0-9._:|=+/-]{1,255}", "a token of the PSP: 1 to 255 letters, digits or ._:|=+/-"),
]
RefundName = Annotated[str, Word(r"[A-Za-z0-9._:-]{1,64}", "1 to 64 letters, digits or . _ : -")]
Reason = Annotated[
    str, Word(r"[^\x00-\x1f\x7f\u2028\u2029]{1,500}", "1 to 500 characters, one line")
]
Reference = Annotated[
    str,
    Word(r"[!-~]([ -~]{0,62}[!-~])?", "1 to 64 printable ASCII characters, no space at either end"),
]
LastFour = Annotated[str, Word(r"[0-9]{4}", "the last four digits of the card, as a string")]
CurrencyCode = Annotated[str, Word(r"[A-Z]{3}", "ISO 4217, upper case")]
Country = Annotated[str, Word(r"[A-Z]{2}", "ISO 3166-1 alpha-2, upper case")]
Moment = Annotated[
    str,
    Word(
        r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
        r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
        r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])",
        "an RFC 3339 time with offset, such as 2031-01-31T12:00:00Z",
    ),
]
Day = Annotated[
    str,
    Word(
        r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
        "a day of ISO 8601, such as 2031-01-31",
    ),
]
PspName = Annotated[str, Word(r"[a-z][a-z0-9_]{0,31}", "the name of a PSP, such as sandbox")]
AccountName = Annotated[str, Word(r"[A-Za-z0-9._-]{1,64}", "1 to 64 letters, digits or . _ -")]
BrandId = Annotated[str, Word(r"[A-Za-z0-9._-]{1,64}", "1 to 64 letters, digits or . _ -")]
Region = Annotated[str, Word(r"[A-Za-z0-9_-]{1,32}", "1 to 32 letters, digits, _ or -")]
Status = Annotated[str, Word(r"[A-Z_]{1,40}", "a status, in upper case")]
IntentName = Annotated[str, Word(pattern_of([Kind.DEPOSIT]), "the id of an intent, in_…")]
PaymentId = Annotated[str, Word(pattern_of(), "in_…, po_… or re_…")]


# --- metadata ---------------------------------------------------------------------------------

_MAX_ENTRIES, _MAX_VALUE = 30, 512
_METADATA_KEY = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_SHAPED = {
    "brand_id": re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII),
    "region": re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII),
    "player_segment": re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII),
}


_CARD_DATA = {"cvv", "cvv2", "cvc", "cvc2", "csc", "cid", "pin", "pan", "track", "track1", "track2"}


def _names_card_data(name: str) -> bool:
    return not _CARD_DATA.isdisjoint(re.split(r"[._-]", name.lower()))


def _check_metadata(given: dict[str, str]) -> dict[str, str]:
    if any(_names_card_data(name) for name in given):
        raise PydanticCustomError(
            "metadata", "card data such as a CVV is refused; send a token of the PSP instead"
        )
    for name, shape in _SHAPED.items():
        if name in given and not shape.fullmatch(given[name]):
            raise PydanticCustomError(
                "metadata",
                f"{name} is letters, digits, _ or -, at most 64 (region: 32)",
            )
    if len(given) > _MAX_ENTRIES:
        raise PydanticCustomError("metadata", "at most 30 entries")
    if not all(_METADATA_KEY.fullmatch(key) for key in given):
        raise PydanticCustomError("metadata", "names are 1 to 64 letters, digits or . _ -")
    return given


MetadataValue = Annotated[str, StringConstraints(max_length=_MAX_VALUE)]
Metadata = Annotated[
    dict[str, MetadataValue],
    AfterValidator(_check_metadata),
    WithJsonSchema(
        {
            "type": "object",
            "description": "Strings only: brand_id, region, player_segment and whatever you like.",
            "maxProperties": _MAX_ENTRIES,
            "propertyNames": {"pattern": f"^{_METADATA_KEY.pattern}$"},
            "properties": {
                name: {"type": "string", "pattern": f"^{shape.pattern}$"}
                for name, shape in _SHAPED.items()
            },
            "additionalProperties": {"type": "string", "maxLength": _MAX_VALUE},
            "examples": [{"brand_id": "acme", "region": "eu"}],
        }
    ),
]


# --- what a player comes back with -------------------------------------------------------------

_MAX_PARAMETERS, _MAX_NAME, _MAX_PARAMETER = 20, 64, 8192


def _check_parameters(given: dict[str, str]) -> dict[str, str]:
    if any(_names_card_data(name) for name in given):
        raise PydanticCustomError("parameters", "card data such as a CVV is refused")
    if len(given) > _MAX_PARAMETERS:
        raise PydanticCustomError("parameters", "at most 20 parameters")
    if not all(0 < len(name) <= _MAX_NAME for name in given):
        raise PydanticCustomError("parameters", "names are 1 to 64 characters")
    if any(len(value) > _MAX_PARAMETER for value in given.values()):
        raise PydanticCustomError("parameters", "values are at most 8192 characters")
    return given


Parameters = Annotated[
    dict[str, str],
    AfterValidator(_check_parameters),
    WithJsonSchema(
        {
            "type": "object",
            "description": "The query of the URL on which the player came back, decoded, as it is.",
            "maxProperties": _MAX_PARAMETERS,
            "propertyNames": {"minLength": 1, "maxLength": _MAX_NAME},
            "additionalProperties": {"type": "string", "maxLength": _MAX_PARAMETER},
            "examples": [{"redirectResult": "X6XtfGC3!Y…"}],
        }
    ),
]


def require_method(method: str, settings: Settings, pointer: str = "/method") -> str:
    """Raises Problem `invalid-request`, naming those there are."""
    known = settings.routing.methods
    if method not in known:
        raise invalid(FieldError(pointer, f"must be one of {', '.join(known)}"))
    return method


# --- addresses --------------------------------------------------------------------------------

_URL = re.compile(r"[\x21-\x7e]{1,2048}")
_LOOPBACK = ("localhost", "127.0.0.1")


def require_return_url(url: str, settings: Settings, pointer: str = "/return_url") -> str:
    """Only where a player may be sent back to. Raises Problem `invalid-request`."""
    if not _may_return_to(url, settings):
        hosts = ", ".join(settings.api.return_url_hosts) or "none is set up"
        rule = f"an https URL without user info, of one of these hosts: {hosts}"
        raise invalid(FieldError(pointer, rule))
    return url


def _may_return_to(url: str, settings: Settings) -> bool:
    if not _URL.fullmatch(url) or "\\" in url:
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    local = settings.profile == "sandbox" and host in _LOOPBACK
    secure = parts.scheme == "https" or (local and parts.scheme == "http")
    if not secure or "@" in parts.netloc:
        return False
    return any(_matches(host, allowed.lower()) for allowed in settings.api.return_url_hosts)


def _matches(host: str, allowed: str) -> bool:
    if allowed.startswith("*."):
        return host.endswith(allowed[1:]) and len(host) > len(allowed) - 1
    return host == allowed


IntentId = Annotated[str, Path(description="in_…")]
PayoutId = Annotated[str, Path(description="po_…")]
CaptureId = Annotated[str, Path(description="cap_…")]
_OURS = re.compile(pattern_of(), re.ASCII)
_CAPTURE = re.compile(CAPTURE_PREFIX + "[0-9a-f]{32}", re.ASCII)


def is_of(an_id: str, kind: Kind) -> bool:
    """Whether an id from an address can be one that we gave to such a payment."""
    return _OURS.fullmatch(an_id) is not None and kind_of(an_id) is kind


def is_of_a_capture(an_id: str) -> bool:
    """Whether an id from an address can be one that we gave to a capture."""
    return _CAPTURE.fullmatch(an_id) is not None
