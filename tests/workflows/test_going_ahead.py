"""A deposit's run begins when somebody goes ahead: by its order, or by the first command."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.workflows.asking import authorize, command, refusal_of
from tests.workflows.orders import beginning_with, deposit
from tests.workflows.world import World
from workflows.domain.deposits import AuthorizeCommand, FirstCommand
from workflows.domain.psp import AuthorizeInstruction
from workflows.domain.seals import Seal, digest_of

OTHER_CARD = AuthorizeCommand(payment_token="tok_other")


def tokens(world: World) -> list[str | None]:
    asked = [each for each in world.psp.asked if isinstance(each, AuthorizeInstruction)]
    return [each.payment_token for each in asked]


async def test_an_order_that_goes_ahead_needs_no_command(world: World) -> None:
    handle = await world.start(deposit(goes_ahead=True))
    assert (await handle.result()).status == "CAPTURED"
    assert world.wallet.commands == ["credit"]


async def test_whoever_opened_it_may_ask_how_far_it_has_come(world: World) -> None:
    order = deposit(goes_ahead=True)
    assert (await world.begin(order, "accepted")).status == "CAPTURED"


async def test_the_first_command_begins_the_run_and_is_answered(world: World) -> None:
    order = beginning_with(deposit(), OTHER_CARD)
    assert (await world.begin(order, "authorize", OTHER_CARD)).status == "CAPTURED"
    assert tokens(world) == ["tok_other"]
    assert world.books.checked == ["authorize"]


async def test_the_first_command_counts_even_where_its_update_is_lost(world: World) -> None:
    handle = await world.start(beginning_with(deposit(), OTHER_CARD))
    assert (await handle.result()).status == "CAPTURED"
    assert tokens(world) == ["tok_other"]


async def test_how_a_run_began_is_no_part_of_what_was_ordered() -> None:
    order = deposit()
    assert digest_of(beginning_with(order, OTHER_CARD)) == digest_of(order)
    assert digest_of(replace(order, goes_ahead=True)) != digest_of(order)


async def test_a_first_command_without_our_seal_moves_nothing_and_a_genuine_one_does(
    world: World,
) -> None:
    forged = FirstCommand(authorize=OTHER_CARD, seal=Seal(by="the-cfo", mac="0" * 64))
    order = replace(deposit(), first=forged)
    refused = await refusal_of(world.begin(order, "authorize", OTHER_CARD, forged.seal))
    assert refused.type == "NotSealed"
    assert [each.message for each in world.books.put_aside] == ["authorize"]
    assert world.psp.done == []
    handle = await world.start(order)
    genuine = command(handle, "authorize", AuthorizeCommand(), under="genuine")
    assert (await genuine).status == "CAPTURED"
    assert tokens(world) == ["tok_ok"]


async def test_another_command_than_the_first_is_judged_by_itself(world: World) -> None:
    gate = world.psp.will_hold("authorize")
    handle = await world.start(beginning_with(deposit(), OTHER_CARD))
    refused = await refusal_of(authorize(handle))
    assert refused.type == "IllegalState"
    gate.opened.set()
    await handle.result()
    assert tokens(world) == ["tok_other"]


@pytest.mark.parametrize("how", ["by its order", "by its first command"])
async def test_whoever_goes_ahead_too_late_finds_it_expired(world: World, how: str) -> None:
    order = deposit(expires_in_seconds=-1)
    if how == "by its order":
        last = await world.begin(replace(order, goes_ahead=True), "accepted")
        assert last.status == "EXPIRED"
    else:
        late = beginning_with(order, AuthorizeCommand())
        refused = await refusal_of(world.begin(late, "authorize", AuthorizeCommand()))
        assert refused.type == "IllegalState"
        assert "EXPIRED" in refused.message
    assert world.books.statuses == ["EXPIRED"]
    assert world.psp.done == []
