"""Policies and merchant accounts change only as two people agree, and never to what cannot work."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from activities.routing.changes.change import Change, ChangeDecision, ChangeRefused, Subject, Why
from tests.activities.routing.operators import (
    ANN,
    BOB,
    Operators,
    a_brand,
    account,
    order,
    plain,
    rule,
)
from workflows.domain.routing.proofs.flaws import PolicyRefused


async def refused(change: Any) -> ChangeRefused:
    with pytest.raises(ChangeRefused) as raised:
        await change
    return raised.value


async def flaws(change: Any) -> list[tuple[str, str]]:
    with pytest.raises(PolicyRefused) as raised:
        await change
    return [(flaw.place, flaw.code) for flaw in raised.value.flaws]


async def test_a_policy_counts_once_a_second_person_has_approved_it(operators: Operators) -> None:
    brand = a_brand()
    change = await operators.propose(f"p-{brand}", brand, plain("east", "south"))
    assert (change.version, change.based_on, change.decision) == (1, 0, None)
    assert await operators.psps(brand) == ["north", "south", "east"]
    approved = await operators.approve(change)
    assert (approved.decision, approved.decided_by) == (ChangeDecision.APPROVE, BOB)
    assert await operators.psps(brand) == ["east", "south"]


@pytest.mark.parametrize("decision", ChangeDecision)
async def test_who_proposed_a_change_does_not_decide_on_it(
    operators: Operators, decision: ChangeDecision
) -> None:
    brand = a_brand()
    change = await operators.propose(f"p-{brand}", brand, plain("north"))
    refusal = await refused(operators.changes.decide(change.id, decision, reason="me", by=ANN))
    assert refusal.why is Why.SAME_PERSON
    kept = await operators.changes.change(change.id)
    assert kept is not None and kept.decision is None


async def test_two_approvers_at_once_give_one_decision(operators: Operators) -> None:
    brand = a_brand()
    change = await operators.propose(f"p-{brand}", brand, plain("north"))
    names = [BOB, "carol", "dave", "erin"]
    results = await asyncio.gather(
        *(
            operators.changes.decide(change.id, ChangeDecision.APPROVE, reason="yes", by=name)
            for name in names
        ),
        return_exceptions=True,
    )
    decided = [one for one in results if isinstance(one, Change)]
    others = [one for one in results if isinstance(one, ChangeRefused)]
    assert (len(decided), {one.why for one in others}) == (1, {Why.ALREADY_DECIDED})
    count = "SELECT count(*) FROM routing_decisions WHERE change_id = $1"
    assert await operators.pool.fetchval(count, change.id) == 1


async def test_deciding_the_same_again_is_deciding_once(operators: Operators) -> None:
    brand = a_brand()
    change = await operators.propose(f"p-{brand}", brand, plain("north"))
    assert await operators.approve(change) == await operators.approve(change)
    other = operators.changes.decide(change.id, ChangeDecision.REJECT, reason="no", by=BOB)
    assert (await refused(other)).why is Why.ALREADY_DECIDED


async def test_a_rejected_change_never_counts(operators: Operators) -> None:
    brand = a_brand()
    change = await operators.propose(f"p-{brand}", brand, plain("east"))
    await operators.changes.decide(change.id, ChangeDecision.REJECT, reason="no", by=BOB)
    assert await operators.psps(brand) == ["north", "south", "east"]
    assert (await refused(operators.approve(change))).why is Why.ALREADY_DECIDED


async def test_versions_of_a_name_have_no_gaps_however_many_write(operators: Operators) -> None:
    brand = a_brand()
    proposed = await asyncio.gather(
        *(operators.propose(f"p-{brand}", brand, plain("north")) for _ in range(8))
    )
    assert sorted(change.version for change in proposed) == list(range(1, 9))
    versions = await operators.changes.versions(Subject.POLICY, f"p-{brand}")
    assert [change.document["version"] for change in versions] == list(range(8, 0, -1))


async def test_a_change_against_what_is_not_active_any_more_is_stale(operators: Operators) -> None:
    brand = a_brand()
    first = await operators.propose(f"p-{brand}", brand, plain("north"))
    second = await operators.propose(f"p-{brand}", brand, plain("south"))
    await operators.approve(second)
    assert (await refused(operators.approve(first))).why is Why.STALE
    listed = await operators.changes.listed([brand], is_open=True)
    assert [(change.id, change.stale) for change in listed] == [(first.id, True)]
    edited = operators.propose(f"p-{brand}", brand, plain("east"), based_on=1)
    assert (await refused(edited)).why is Why.STALE
    await operators.changes.decide(first.id, ChangeDecision.REJECT, reason="too late", by=BOB)
    third = await operators.propose(f"p-{brand}", brand, plain("east"), based_on=2)
    assert (third.version, third.based_on) == (3, 2)
    assert await operators.psps(brand) == ["south"]


async def test_what_a_policy_may_not_say_is_refused_with_its_place(operators: Operators) -> None:
    brand = a_brand()
    wrong = {
        "rules": [rule("cards", "method", "card", order("west")), {"name": "half"}],
        "default": {"order": []},
    }
    found = await flaws(operators.propose(f"p-{brand}", brand, wrong))
    assert ("/rules/1/when", "missing") in found
    wrong["rules"] = [rule("cards", "method", "card", order("west"))]
    found = await flaws(operators.propose(f"p-{brand}", brand, wrong))
    assert set(found) == {
        ("/rules/0/then/order/0", "unknown_account"),
        ("/default/order", "empty_result"),
    }
    assert await flaws(operators.propose("builtin", brand, plain("north"))) == [
        ("/id", "wrong_type")
    ]
    assert await flaws(operators.propose("p", brand, "no document")) == [("", "wrong_type")]


async def test_a_policy_stays_with_the_brand_of_its_first_version(operators: Operators) -> None:
    brand = a_brand()
    await operators.propose(f"p-{brand}", brand, plain("north"))
    moved = operators.propose(f"p-{brand}", "*", plain("north"))
    assert (await refused(moved)).why is Why.OTHER_BRAND


async def test_a_policy_is_judged_again_when_it_is_approved(operators: Operators) -> None:
    brand = a_brand()
    await operators.account({"psp": "east", "id": "second"})
    document = plain() | {"default": {"order": ["east/second"]}}
    change = await operators.propose(f"p-{brand}", brand, document)
    await operators.account({"psp": "east", "id": "second", "status": "closed"})
    assert await flaws(operators.approve(change)) == [("/default/order/0", "unknown_account")]
    assert await operators.psps(brand) == ["north", "south", "east"]


async def test_an_account_that_a_policy_needs_cannot_be_closed(operators: Operators) -> None:
    brand = a_brand()
    await operators.account({"psp": "east", "id": "third"})
    await operators.policy(brand, plain() | {"default": {"order": ["east/third", "north/main"]}})
    closed = {"psp": "east", "id": "third", "status": "closed"}
    refusal = await refused(operators.account(closed))
    assert (refusal.why, refusal.policy) == (Why.BREAKS_A_POLICY, f"p-{brand}")
    assert [flaw.place for flaw in refusal.flaws] == ["/default/order/0"]
    await operators.policy(brand, plain("north"))
    await operators.account(closed)


async def test_of_two_changes_that_exclude_each_other_one_is_approved(
    operators: Operators,
) -> None:
    for number in range(5):
        brand, name = a_brand(), f"race{number}"
        await operators.account({"psp": "east", "id": name})
        policy = await operators.propose(
            f"p-{brand}", brand, plain() | {"default": {"order": [f"east/{name}"]}}
        )
        closing = await operators.changes.propose_account(
            {"psp": "east", "id": name, "status": "closed"}, reason="spring", by=ANN
        )
        others = Operators(operators.pool)
        results = await asyncio.gather(
            operators.approve(policy), others.approve(closing), return_exceptions=True
        )
        assert sum(isinstance(one, Change) for one in results) == 1
        assert sum(isinstance(one, PolicyRefused | ChangeRefused) for one in results) == 1


async def test_an_account_needs_a_psp_that_is_connected(operators: Operators) -> None:
    assert await flaws(operators.account(account("west"))) == [("/psp", "unknown_psp")]
    wrong = account("east", colour="red", currencies=["EURO"])
    assert await flaws(operators.account(wrong)) == [
        ("/colour", "unknown_field"),
        ("/currencies/0", "wrong_type"),
    ]


async def test_changes_are_listed_for_the_brands_that_one_may_see(operators: Operators) -> None:
    mine, others = a_brand(), a_brand()
    own = await operators.propose(f"p-{mine}", mine, plain("north"))
    other = await operators.propose(f"p-{others}", others, plain("north"))
    assert [one.id for one in await operators.changes.listed([mine])] == [own.id]
    everything = await operators.changes.listed(["*"], limit=2)
    assert [one.id for one in everything] == [other.id, own.id]
    assert await operators.changes.listed([mine], is_open=False) == []
    assert await operators.changes.listed([mine], subject=Subject.ACCOUNT) == []
    assert await operators.changes.listed([mine], before=own.id) == []
    assert await operators.changes.change(2**40) is None


@pytest.mark.parametrize(
    "forbidden",
    [
        "UPDATE routing_changes SET document = '{}'",
        "DELETE FROM routing_decisions",
        "INSERT INTO routing_decisions (change_id, decision, reason, decided_by) "
        "VALUES (1, 'approve', '', 'nobody')",
        "UPDATE routing_receipts SET policy = ''",
    ],
)
async def test_nobody_goes_around_the_four_eyes(
    books: asyncpg.Pool, owner_of_books: asyncpg.Pool, forbidden: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await books.execute(forbidden)
    if not forbidden.startswith("INSERT"):
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await owner_of_books.execute(forbidden)
