"""What a platform may tell of a player and a card, so that rules can speak of it."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.http.bodies import Body, Number, plain
from api.http.card_data import card_data_refused
from api.http.fields import Country, Word
from workflows.domain.payments import RoutingHints
from workflows.domain.routing.facts import CardType

_BIN = re.compile(r"[0-9]{6,8}", re.ASCII)
_ALLOWED = "the first 6 to 8 digits of the card, as a string"


def _no_number(value: Any) -> Any:
    if isinstance(value, Number):
        raise PydanticCustomError("bin", _ALLOWED)
    return value


def _bin(text: str) -> str:
    if sum(character.isdigit() for character in text) > 8:
        raise card_data_refused()
    if not _BIN.fullmatch(text):
        raise PydanticCustomError("bin", _ALLOWED)
    return text


Bin = Annotated[
    str,
    BeforeValidator(_no_number),
    AfterValidator(_bin),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{6,8}$", "description": _ALLOWED}),
]
RuleWord = Annotated[
    str, Word(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}", "1 to 64 letters, digits or _ . : -")
]
HINTS = "what rules may know beyond the order; it counts for routing alone"


class Hints(Body):
    """All of it is optional; what is not told compares false in every rule but a `not`."""

    player_country: Country | None = None
    card_country: Country | None = None
    bin: Bin | None = Field(None, description=f"{_ALLOWED}; a longer one is refused as card data")
    card_type: CardType | None = Field(None, strict=False)
    scheme: RuleWord | None = Field(None, description="as rules write it, such as visa")
    risk_band: RuleWord | None = Field(None, description="as rules write it, such as low")
    utc_offset_minutes: Annotated[int, BeforeValidator(plain)] | None = Field(
        None, ge=-12 * 60, le=14 * 60, description="of the player's clock, for hour and weekday"
    )

    @property
    def hints(self) -> RoutingHints:
        """As the order carries them to routing; what was not told is None."""
        return RoutingHints(**self.model_dump(mode="json"))


def without_absent_hints(body: Body) -> dict[str, Any]:
    """What an idempotency key is bound to: a request from before there were hints is the same."""
    fields = body.model_dump(mode="json")
    if fields["routing"] is None:
        del fields["routing"]
    return fields
