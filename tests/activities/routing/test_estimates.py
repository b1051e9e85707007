"""A policy is judged by recorded traffic before anybody switches it on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.routing.learning.apart import EndedEarly, Question, judged
from activities.routing.learning.estimates import Estimates
from activities.routing.learning.recorded import Row
from tests.activities.routing.operators import (
    NORTH,
    SOUTH,
    Operators,
    a_brand,
    account,
    asked,
    order,
    pay,
    plain,
    rule,
)
from workflows.domain.routing.accounts import Accounts
from workflows.domain.routing.learning.estimate import Estimate, Moved, NotJudged, PastPayment
from workflows.domain.routing.learning.statistics import Statistics
from workflows.domain.routing.policy.rules import Policy, Refuse

BEGIN, END = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)


def split(**weights: int) -> dict[str, Any]:
    shares = [{"account": f"{psp}/main", "weight": weight} for psp, weight in weights.items()]
    return {"split": shares}


async def traffic(operators: Operators, brand: str, payments: int) -> int:
    """Split evenly; north approves one of two, south nine of ten. Gives the number of approvals."""
    dice, approvals = random.Random(brand), 0
    chances = {"north": 0.5, "south": 0.9}
    for _ in range(payments):
        request = asked(brand)
        route = await operators.routing.route(request)
        first = route.candidates[0].psp
        approved = dice.random() < chances[first]
        approvals += approved
        await pay(operators.pool, request, (first, "approved" if approved else "declined"))
    return approvals


async def estimated(operators: Operators, policy_id: str) -> Estimate:
    found = await Estimates(operators.pool, operators.snapshots).estimate(
        policy_id, None, BEGIN, END
    )
    return found.estimate


async def test_a_better_policy_is_told_from_a_worse_one_before_it_is_approved(
    operators: Operators,
) -> None:
    brand = a_brand()
    cost = [{"currency": "EUR", "fixed": "0.10", "percent": "2"}]
    await operators.account(account("south", costs=cost))
    await operators.policy(brand, plain() | {"default": split(north=1, south=1)})
    approvals = await traffic(operators, brand, 200)
    for psp, low, high in (("south", 0.8, 1.0), ("north", 0.3, 0.7)):
        await operators.propose(f"p-{brand}", brand, plain(psp))
        found = await estimated(operators, f"p-{brand}")
        assert (found.payments, found.judged, found.not_judged) == (200, 200, {})
        assert found.approvals_were == approvals / 200
        assert low <= found.approvals["doubly_robust"].value <= high
        assert found.approvals["snips"].low < found.approvals["snips"].high
        (estimate,) = found.costs
        # 10 cents for each question, and 2 % of 50.00 for an approval.
        assert (estimate.was > 0, estimate.would_be > 90) == (True, psp == "south")
    assert await operators.psps(brand) != ["south"]


async def test_an_estimate_is_honest_about_what_it_cannot_judge(operators: Operators) -> None:
    brand = a_brand()
    await operators.policy(brand, plain("north"))
    await pay(operators.pool, asked(brand), ("north", "approved"))
    abandoned = asked(brand)
    await pay(operators.pool, abandoned)
    undecided = asked(brand)
    await operators.routing.route(undecided)
    await pay(operators.pool, undecided)
    known = asked(brand)
    await operators.routing.route(known)
    await pay(operators.pool, known, ("north", "approved"))
    await operators.propose(f"p-{brand}", brand, plain("north"))
    found = await estimated(operators, f"p-{brand}")
    assert (found.payments, found.judged) == (3, 1)
    assert found.not_judged == {NotJudged.NO_RECEIPT: 1, NotJudged.NO_OUTCOME: 1}
    await operators.propose(f"p-{brand}", brand, plain("south"))
    found = await estimated(operators, f"p-{brand}")
    assert found.not_judged == {NotJudged.NO_RECEIPT: 1, NotJudged.NEVER_ASKED: 2}


async def test_a_replay_tells_which_payments_would_have_gone_elsewhere(
    operators: Operators,
) -> None:
    brand = a_brand()
    await operators.policy(brand, plain("north", "south"))
    vouchers, cards = asked(brand, method="voucher"), asked(brand)
    for request in (vouchers, cards):
        await operators.routing.route(request)
        await pay(operators.pool, request, ("north", "approved"))
    rules = [rule("vouchers", "method", "voucher", order("south"))]
    await operators.propose(f"p-{brand}", brand, plain("north", rules=rules))
    estimates = Estimates(operators.pool, operators.snapshots)
    replayed = await estimates.replay(f"p-{brand}", 2, BEGIN, END)
    assert (replayed.payments, replayed.version, replayed.moved) == (2, 2, 1)
    assert replayed.first == [Moved(vouchers.payment_id, NORTH, SOUTH, "vouchers", None)]
    assert (await estimates.replay(f"p-{brand}", 1, BEGIN, END)).moved == 0
    before = BEGIN - timedelta(hours=1)
    assert (await estimates.replay(f"p-{brand}", 2, before, BEGIN)).payments == 0
    with pytest.raises(LookupError):
        await estimates.replay(f"p-{brand}", 3, BEGIN, END)


async def test_a_policy_for_everybody_is_judged_by_brands_without_one_of_their_own(
    operators: Operators,
) -> None:
    own, other = a_brand(), a_brand()
    await operators.policy(own, plain("north"))
    for brand in (own, other):
        request = asked(brand)
        await operators.routing.route(request)
        await pay(operators.pool, request, ("north", "approved"))
    await operators.propose("for-everybody", "*", plain("north"))
    found = await estimated(operators, "for-everybody")
    assert found.payments == 1


async def test_more_payments_than_one_looks_at_are_the_newest_and_said_to_be_so(
    operators: Operators,
) -> None:
    brand = a_brand()
    await operators.policy(brand, plain("north"))
    requests = [asked(brand) for _ in range(4)]
    for request in requests:
        await operators.routing.route(request)
        await pay(operators.pool, request, ("north", "approved"))
    await operators.propose(f"p-{brand}", brand, plain("south"))
    few = Estimates(operators.pool, operators.snapshots, most=3)
    replayed = await few.replay(f"p-{brand}", None, BEGIN, END)
    assert (replayed.payments, replayed.complete) == (3, False)
    newest = [request.payment_id for request in reversed(requests[1:])]
    assert [moved.payment_id for moved in replayed.first] == newest
    enough = Estimates(operators.pool, operators.snapshots, most=4)
    assert (await enough.replay(f"p-{brand}", None, BEGIN, END)).complete


async def test_a_policy_that_learns_is_judged_by_the_counts_of_that_time(
    operators: Operators,
) -> None:
    brand = a_brand()
    await operators.policy(brand, plain() | {"default": split(north=1, south=1)})
    await traffic(operators, brand, 120)
    bandit = {"accounts": ["north/main", "south/main"], "segmented_by": ["brand"], "enough": 50}
    await operators.propose(f"p-{brand}", brand, plain() | {"default": {"bandit": bandit}})
    found = await estimated(operators, f"p-{brand}")
    assert found.approvals["snips"].value > found.approvals_were + 0.05


def runs_out(*_: Any) -> None:
    raise MemoryError


async def nothing() -> AsyncGenerator[Sequence[Row], None]:
    none: tuple[Sequence[Row], ...] = ()
    for rows in none:
        yield rows


def slowly(
    policy: Policy, accounts: Accounts, statistics: Statistics, payments: Sequence[PastPayment]
) -> int:
    return sum(range(50_000_000))


QUESTION: dict[str, Any] = {
    "policy": Policy(id="p", version=1, rules=(), default=Refuse("no")),
    "accounts": Accounts(()),
    "statistics": Statistics(),
}


async def test_who_judges_holds_up_nobody() -> None:
    ticks, judging = 0, asyncio.create_task(judged(Question(slowly, **QUESTION), nothing()))
    longest, last = 0.0, asyncio.get_running_loop().time()
    while not judging.done():
        await asyncio.sleep(0.005)
        now = asyncio.get_running_loop().time()
        longest, last, ticks = max(longest, now - last), now, ticks + 1
    assert await judging == sum(range(50_000_000))
    assert ticks > 20
    assert longest < 0.4


async def test_a_judge_that_dies_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(EndedEarly):
        await judged(Question(runs_out, **QUESTION), nothing())
    assert "MemoryError" in capfd.readouterr().err
