"""What policies learn from: first attempts, by account and segment, and what banks took back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from activities.routing.kept import Kept
from activities.routing.learning.chargebacks import report_chargeback
from activities.routing.learning.counts import latest
from activities.routing.learning.experiments import verdict_on
from activities.routing.learning.refresh import refresh
from activities.routing.learning.statistics import count
from activities.routing.receipts import keep, receipts_of
from activities.routing.settings import RoutingSettings
from activities.routing.snapshot import Snapshot
from activities.routing.snapshots import Snapshots
from tests.activities.routing.operators import (
    LISTED,
    NORTH,
    SOUTH,
    Operators,
    a_brand,
    asked,
    pay,
    plain,
    rule,
)
from workflows.domain.money import Money
from workflows.domain.payments import RouteRequest
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.learning.experiments import ArmCounts, Finding
from workflows.domain.routing.learning.statistics import Counts, Observation, segments_of, tally
from workflows.domain.routing.policy.fields import Field

ALWAYS = RoutingSettings(statistics_seconds=0.001)
BANDIT = {"bandit": {"accounts": ["north/main", "south/main"], "exploration": 10, "enough": 20}}


@pytest.fixture
async def since(books: asyncpg.Pool) -> AsyncIterator[datetime]:
    """A moment after which nobody else's payments were routed."""
    yield await books.fetchval("SELECT clock_timestamp()")


async def routed(operators: Operators, brand: str, *outcomes: tuple[str, str], **how: Any) -> str:
    request = asked(brand, **how)
    await operators.routing.route(request)
    await pay(operators.pool, request, *outcomes)
    return request.payment_id


async def approved(operators: Operators, brand: str) -> str:
    """By whichever PSP is asked first; gives its name."""
    request = asked(brand)
    first = (await operators.routing.route(request)).candidates[0].psp
    await pay(operators.pool, request, (first, "approved"))
    return first


async def charge_back(operators: Operators, payment_id: str, brand: str) -> bool:
    return await report_chargeback(operators.pool, payment_id, reported_by="bank", brands=[brand])


async def counted(operators: Operators, since: datetime) -> dict[str, Counts]:
    found = await count(operators.pool, [(Field.METHOD,)], since)
    return {f"{one.account.psp}:{one.segment}": one.counts for one in found.tallies}


async def test_a_first_attempt_counts_once_its_answer_is_certain(
    operators: Operators, since: datetime
) -> None:
    brand = a_brand()
    await operators.policy(brand, plain("north", "south"))
    await routed(operators, brand, ("north", "approved"))
    await routed(operators, brand, ("north", "declined"), ("south", "approved"))
    await routed(operators, brand, ("north", "not_sent"), ("south", "declined"), method="voucher")
    await routed(operators, brand)
    assert await counted(operators, since) == {
        "north:": Counts(3, 1),
        "north:method=card": Counts(2, 1),
        "north:method=voucher": Counts(1, 0),
    }


async def test_who_was_asked_instead_of_the_first_candidate_is_not_counted(
    operators: Operators, since: datetime
) -> None:
    brand = a_brand()
    await operators.policy(brand, plain("north", "south"))
    await routed(operators, brand, ("south", "approved"))
    assert await counted(operators, since) == {}


async def test_a_chargeback_counts_when_it_is_heard_of(operators: Operators) -> None:
    brand = a_brand()
    await operators.policy(brand, plain("north", "south"))
    first = await routed(operators, brand, ("north", "approved"))
    second = await routed(operators, brand, ("north", "declined"), ("south", "approved"))
    weeks_later: datetime = await operators.pool.fetchval("SELECT clock_timestamp()")
    for payment_id in (first, second):
        assert await charge_back(operators, payment_id, brand)
        assert not await charge_back(operators, payment_id, brand)
        with pytest.raises(LookupError):
            await charge_back(operators, payment_id, "other")
    assert await counted(operators, weeks_later) == {
        "north:": Counts(0, 0, 1),
        "north:method=card": Counts(0, 0, 1),
    }


async def test_the_database_counts_as_the_domain_does(
    operators: Operators, since: datetime
) -> None:
    brand, dice = a_brand(), random.Random(5)
    several = ((Field.METHOD, Field.SEGMENT), (Field.CURRENCY,), (Field.HOUR,))
    await operators.policy(brand, plain() | {"default": BANDIT})
    seen = []
    for _ in range(60):
        currency, payment = dice.choice(["EUR", "JPY"]), asked(brand)
        payment = replace(
            payment,
            method=dice.choice(["card", "voucher"]),
            segment=dice.choice([None, "vip"]),
            currency=currency,
            amount=Money(5000, currency),
        )
        route = await operators.routing.route(payment)
        account, approved = route.candidates[0], dice.random() < 0.6
        await pay(operators.pool, payment, (account.psp, "approved" if approved else "declined"))
        (kept,) = await receipts_of(operators.pool, payment.payment_id)
        segments = {word for each in several for word in segments_of(kept.facts, each)}
        seen.append(Observation(account=account, segments=tuple(segments), approved=approved))
        if approved and dice.random() < 0.3:
            await charge_back(operators, payment.payment_id, "*")
            seen.append(replace(seen[-1], attempted=False, approved=False, charged_back=True))
    found = await count(operators.pool, several, since)
    assert found.by_segment == tally(seen, "").by_segment
    assert len(found.by_segment) > 5


async def test_counts_are_renewed_when_it_is_time_and_kept_where_they_differ(
    operators: Operators,
) -> None:
    brand = a_brand()
    await operators.policy(brand, plain() | {"default": BANDIT})
    asked_first = await approved(operators, brand)
    assert await refresh(operators.pool, ALWAYS, operators.snapshots)
    first = await latest(operators.pool)
    assert first.by_segment[""][f"{asked_first}/main"].approvals > 0
    assert not await refresh(operators.pool, RoutingSettings(), operators.snapshots)
    await asyncio.sleep(0.01)
    assert await refresh(operators.pool, ALWAYS, operators.snapshots)
    assert (await latest(operators.pool)).version == first.version
    await approved(operators, brand)
    await asyncio.sleep(0.01)
    assert await refresh(operators.pool, ALWAYS, operators.snapshots)
    assert (await latest(operators.pool)).version != first.version


async def test_one_worker_counts_while_others_go_on(operators: Operators) -> None:
    await operators.policy(a_brand(), plain() | {"default": BANDIT})
    async with operators.pool.acquire() as busy, busy.transaction():
        await busy.execute("SELECT pg_advisory_xact_lock(7265871011)")
        assert not await refresh(operators.pool, ALWAYS, operators.snapshots)
    await asyncio.sleep(0.01)
    assert await refresh(operators.pool, ALWAYS, operators.snapshots)


class AsInTheBeginning(Snapshots):
    async def latest(self) -> Snapshot:
        return await self.of(0)


async def test_where_no_policy_learns_nothing_is_counted(books: asyncpg.Pool) -> None:
    await asyncio.sleep(0.01)
    assert not await refresh(books, ALWAYS, AsInTheBeginning(books, LISTED))


async def test_a_policy_that_learns_follows_the_counts_with_the_next_payment(
    operators: Operators,
) -> None:
    brand = a_brand()
    segment = BANDIT["bandit"] | {"segmented_by": ["brand"]}
    await operators.policy(brand, plain() | {"default": {"bandit": segment}})
    for _ in range(30):
        await routed_at(operators, asked(brand), NORTH, "declined")
        await routed_at(operators, asked(brand), SOUTH, "approved")
    await asyncio.sleep(0.01)
    assert await refresh(operators.pool, ALWAYS, operators.snapshots)
    request = asked(brand)
    await operators.routing.route(request)
    (kept,) = await receipts_of(operators.pool, request.payment_id)
    counts = await latest(operators.pool)
    assert (kept.receipt.segment, kept.receipt.statistics) == (
        f"brand={brand}",
        counts.version,
    )
    chances = {one.account: one.propensity for one in kept.receipt.candidates}
    assert chances == {NORTH: pytest.approx(0.05), SOUTH: pytest.approx(0.95)}


async def routed_at(
    operators: Operators, request: RouteRequest, account: MerchantAccount, outcome: str
) -> None:
    """As if the draw had fallen on this account."""
    model = asked(request.brand)
    await operators.routing.route(model)
    (kept,) = await receipts_of(operators.pool, model.payment_id)
    drawn: Kept = replace(
        kept,
        payment_id=request.payment_id,
        at=datetime.now(UTC) - timedelta(minutes=1),
        route=replace(kept.route, candidates=(account,)),
    )
    await keep(operators.pool, drawn)
    await pay(operators.pool, request, (account.psp, outcome))


async def test_an_experiment_is_judged_by_what_its_arms_have_seen(operators: Operators) -> None:
    brand = a_brand()
    arms = [
        {"name": "a", "weight": 1, "accounts": ["north/main"]},
        {"name": "b", "weight": 1, "accounts": ["south/main"]},
    ]
    experiment = {
        "name": "first",
        "salt": brand,
        "unit": "payment",
        "minimum_sample": 10,
        "guardrail": {"metric": "technical_failures", "worse_by": 100},
        "arms": arms,
    }
    rules = [rule("cards", "method", "card", {"experiment": experiment})]
    await operators.policy(brand, plain("north", rules=rules))
    outcomes = {"north": ["approved", "declined", "not_sent"], "south": ["approved"]}
    expected = {"a": ArmCounts(0, 0), "b": ArmCounts(0, 0)}
    for number in range(24):
        request = asked(brand)
        first = (await operators.routing.route(request)).candidates[0].psp
        outcome = outcomes[first][number % len(outcomes[first])]
        await pay(operators.pool, request, (first, outcome))
        arm = "a" if first == "north" else "b"
        was = expected[arm]
        expected[arm] = ArmCounts(
            was.attempts + 1,
            was.approvals + (outcome == "approved"),
            was.bad + (outcome == "not_sent"),
        )
    await routed(operators, brand, ("north", "approved"), method="voucher")
    judged = await verdict_on(operators.pool, operators.snapshots, f"p-{brand}", "first")
    assert (judged.counts, judged.brand) == (expected, brand)
    assert judged.verdict.finding in (Finding.TOO_EARLY, Finding.UNDECIDED, Finding.WINNER)
    assert set(judged.verdict.chance) == {"a", "b"}
    for policy_id, name in ((f"p-{brand}", "other"), ("p-nobody", "first")):
        with pytest.raises(LookupError):
            await verdict_on(operators.pool, operators.snapshots, policy_id, name)


async def test_only_the_latest_counts_are_kept(
    books: asyncpg.Pool, owner_of_books: asyncpg.Pool
) -> None:
    for number in range(120):
        await books.fetchval("SELECT routing_count($1)", {"tallies": [], "number": number})
    kept = await owner_of_books.fetchval("SELECT count(*) FROM routing_statistics")
    assert kept == 100
    assert (await latest(books)).tallies == ()
