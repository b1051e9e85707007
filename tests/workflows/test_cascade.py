"""How far one payment goes: each account once, within limits, and never over a certain no."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.workflows.asking import accepted, authorize, complete
from tests.workflows.orders import FIFTY, deposit, payout
from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import CHALLENGE, HARD, SOFT, World
from workflows.domain.cascading import CascadeLimits
from workflows.domain.declines import Advice, Retry
from workflows.domain.psp import (
    Approved,
    Authentication,
    AuthorizeInstruction,
    Declined,
    MerchantAccount,
    NotSent,
    Operation,
)

PROOF = Authentication(
    scheme="visa", eci="05", cavv="AAAB", version="2.2.0", ds_trans_id="ds-1", avs="Y"
)


def accounts(world: World, *names: str) -> tuple[MerchantAccount, ...]:
    return tuple(MerchantAccount(world.name, name) for name in names)


@pytest.mark.parametrize(
    ("reply", "ended"),
    [
        (HARD, "fraud"),
        (Declined("expired_card", soft=False, code="54"), "hard_decline"),
        (Declined("lost_card", soft=True, code="41"), "fraud"),
        (replace(SOFT, advice=Advice(Retry.NEVER)), "never_again"),
    ],
)
async def test_nobody_else_is_asked_after_a_certain_no(
    world: World, reply: Declined, ended: str
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, reply)
    record = await authorize(await world.start(deposit()))
    assert record.facts.problem is not None
    assert (record.facts.problem.reason, record.facts.problem.ended) == (reply.reason, ended)
    assert world.psp.done == ["authorize:1"]


async def test_a_cascade_ends_when_its_attempts_are_used_up(world: World) -> None:
    world.books.accounts = accounts(world, "one", "two", "three")
    world.books.limits = CascadeLimits(attempts=2)
    world.psp.will_answer(Operation.AUTHORIZE, SOFT, SOFT)
    record = await authorize(await world.start(deposit()))
    assert record.facts.problem is not None
    assert record.facts.problem.ended == "attempts_used_up"
    assert [a.account.id for a in record.facts.attempts] == ["one", "two"]


async def test_a_cascade_ends_when_the_schemes_would_not_have_more(world: World) -> None:
    world.books.limits = CascadeLimits(scheme_reattempts=0)
    world.psp.will_answer(Operation.AUTHORIZE, SOFT)
    record = await authorize(await world.start(deposit()))
    assert record.facts.problem is not None
    assert record.facts.problem.ended == "scheme_limit_reached"


async def test_a_player_who_took_long_is_not_sent_elsewhere(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    handle = await world.start(order := deposit())
    await authorize(handle)
    await time_machine.forward(handle, timedelta(seconds=100))
    event = world.event(f"{order.intent_id}:authorize:1", Operation.AUTHORIZE, SOFT)
    await handle.signal("psp_event", event)
    record = await world.end_of(handle)
    assert record.facts.problem is not None
    assert record.facts.problem.ended == "time_used_up"
    assert world.psp.done == ["authorize:1"]


async def test_an_account_that_is_named_twice_is_asked_once(world: World) -> None:
    world.books.accounts = accounts(world, "one", "one", "two")
    world.psp.will_answer(Operation.AUTHORIZE, SOFT, NotSent("connection refused"))
    record = await authorize(await world.start(deposit()))
    assert record.facts.problem is not None
    assert record.facts.problem.ended == "accounts_used_up"
    assert [a.account.id for a in record.facts.attempts] == ["one", "two"]


async def test_without_limits_every_account_is_asked(world: World) -> None:
    world.books.accounts = accounts(world, "one", "two", "three", "four")
    world.books.limits = None
    world.psp.will_answer(Operation.AUTHORIZE, SOFT, SOFT, SOFT)
    record = await authorize(await world.start(deposit()))
    assert (record.status, len(record.facts.attempts)) == ("CAPTURED", 5)


async def test_a_payout_cascades_within_the_same_limits(world: World) -> None:
    world.books.limits = CascadeLimits(attempts=1)
    world.psp.will_answer(Operation.PAYOUT, SOFT)
    handle = await world.start(payout())
    await accepted(handle)
    record = await world.end_of(handle)
    assert record.facts.problem is not None
    assert (record.status, record.facts.problem.ended) == ("PAYOUT_FAILED", "attempts_used_up")


async def test_the_next_psp_is_given_the_proof_that_the_player_gave(world: World) -> None:
    _, second = world.books.accounts
    world.books.reuses_3ds = (f"{second.psp}/{second.id}",)
    no = replace(SOFT, authentication=PROOF)
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    world.psp.will_answer("complete", no)
    handle = await world.start(deposit())
    await authorize(handle)
    record = await complete(handle)
    assert record.status == "CAPTURED"
    one, two = (each for each in world.psp.asked if isinstance(each, AuthorizeInstruction))
    assert one.authentication is None
    assert two.authentication == replace(PROOF, avs=None)


@pytest.mark.parametrize(
    "proof",
    [
        None,
        replace(PROOF, cavv=None),
        replace(PROOF, ds_trans_id=None),
        replace(PROOF, eci="07"),
        replace(PROOF, eci=None),
    ],
)
async def test_what_proves_nothing_is_not_handed_over(
    world: World, proof: Authentication | None
) -> None:
    world.books.reuses_3ds = tuple(f"{a.psp}/{a.id}" for a in world.books.accounts)
    world.psp.will_answer(Operation.AUTHORIZE, replace(SOFT, authentication=proof))
    await authorize(await world.start(deposit()))
    asked = [each for each in world.psp.asked if isinstance(each, AuthorizeInstruction)]
    assert [each.authentication for each in asked] == [None, None]


async def test_a_psp_that_takes_no_proof_is_given_none(world: World) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, replace(SOFT, authentication=PROOF))
    await authorize(await world.start(deposit()))
    asked = [each for each in world.psp.asked if isinstance(each, AuthorizeInstruction)]
    assert [each.authentication for each in asked] == [None, None]


async def test_the_payment_tells_which_policy_and_rule_sent_it_where(world: World) -> None:
    handle = await world.start(order := deposit())
    record = await authorize(handle)
    assert record.facts.route is not None
    assert (record.facts.route.policy, record.facts.route.version) == ("usual", 3)
    [asked] = world.books.routed
    assert (asked.payment_id, asked.player_id) == (order.intent_id, order.player.id)
    assert (asked.amount, asked.number) == (FIFTY, 1)


def test_a_proof_hides_its_cavv_from_whoever_prints_it() -> None:
    assert "AAAB" not in repr(Approved("psp-1", FIFTY, PROOF))
