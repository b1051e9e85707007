"""What crosses Temporal is JSON: of several types that it may be, its `kind` says which it is."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from infra.temporal import CONVERTER
from tests.house.test_ports import asked
from tests.workflows.orders import FIFTY, PLAYER
from workflows.domain.events import PspEvent
from workflows.domain.payments import Facts
from workflows.domain.psp import MerchantAccount
from workflows.domain.records import Closing, Record
from workflows.domain.wallet import CaptureHold, ClawBack, Credit, Release, Restore

AT = MerchantAccount("sandbox", "primary")
COMMANDS = [
    *(
        make(key="x:1", player=PLAYER, amount=FIFTY, source=AT, payment_id="x")
        for make in (Credit, ClawBack, Restore)
    ),
    CaptureHold(key="x:1", hold_key="x:hold", destination=AT),
    Release(key="x:1", hold_key="x:hold"),
]


def choices(hint: Any, seen: set[Any]) -> Iterator[tuple[type, ...]]:
    """The dataclasses of each union in a type, however deep."""
    if get_origin(hint) in (Union, types.UnionType):
        found = tuple(each for each in get_args(hint) if dataclasses.is_dataclass(each))
        if len(found) > 1:
            yield found  # type: ignore[misc]
    for each in get_args(hint):
        yield from choices(each, seen)
    if dataclasses.is_dataclass(hint) and hint not in seen:
        seen.add(hint)
        for inner in get_type_hints(hint).values():
            yield from choices(inner, seen)


def crossing() -> list[tuple[type, ...]]:
    """Of all that a port is asked, all that it answers, and of a PSP's fact."""
    seen: set[Any] = set()
    hints = [hint for method in asked().values() for hint in get_type_hints(method).values()]
    return list(
        dict.fromkeys(found for hint in [*hints, PspEvent] for found in choices(hint, seen))
    )


def kind_of(choice: type) -> str:
    hint = get_type_hints(choice).get("kind")
    return str(get_args(hint)[0]) if get_origin(hint) is Literal else ""


@pytest.mark.parametrize("choice", crossing(), ids=lambda c: "|".join(t.__name__ for t in c))
def test_each_of_several_types_says_which_it_is(choice: tuple[type, ...]) -> None:
    kinds = [kind_of(each) for each in choice]
    assert all(kinds), choice
    assert len(set(kinds)) == len(kinds), choice


def test_unions_are_found_at_all() -> None:
    assert (Credit, CaptureHold, Release, ClawBack, Restore) in crossing()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: type(c).__name__)
async def test_a_wallet_command_reaches_the_wallet_as_itself(command: Any) -> None:
    record = Record(payment_id="x", version=2, status="S", final=True, facts=Facts(), at="")
    closing = Closing(command=command, record=record)
    converter = CONVERTER
    [back] = await converter.decode(await converter.encode([closing]), [Closing])
    assert back == closing
    assert type(back.command) is type(command)
