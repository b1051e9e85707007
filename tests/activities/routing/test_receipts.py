"""A receipt comes back from the database as it was written, and shows nobody's secrets."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime

import asyncpg
import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.routing.kept import FACTS, RECEIPT, Kept, shortened
from activities.routing.receipts import keep, receipts_of
from tests.activities.routing.operators import PSPS, Operators, a_brand, account, asked, plain
from tests.domain.routing.strategies import FACTS as ANY_FACTS
from workflows.domain.card_data import has_card_data
from workflows.domain.payments import Route
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.facts import RoutingFacts
from workflows.domain.routing.learning.estimate import PastPayment, replay_plain
from workflows.domain.routing.learning.statistics import Statistics
from workflows.domain.routing.receipt import Candidate, Exclusion, ExclusionReason, Receipt

NAMES = st.sampled_from(["north", "south", "a.b-c_1"])
ACCOUNTS = st.builds(MerchantAccount, NAMES, NAMES)
SHARES = st.floats(0, 1, allow_subnormal=False)
RECEIPTS = st.builds(
    Receipt,
    policy_id=NAMES,
    policy_version=st.integers(0, 99),
    rule=st.none() | NAMES,
    passed_over=st.lists(NAMES, max_size=3).map(tuple),
    candidates=st.lists(
        st.builds(Candidate, ACCOUNTS, SHARES, st.none() | st.floats(-1, 1), st.booleans()),
        max_size=4,
    ).map(tuple),
    excluded=st.lists(
        st.builds(Exclusion, ACCOUNTS, st.sampled_from(ExclusionReason)), max_size=4
    ).map(tuple),
    seed=st.text("0123456789abcdef", min_size=32, max_size=32),
    experiment=st.none() | NAMES,
    arm=st.none() | NAMES,
    segment=st.none() | st.sampled_from(["", "card|vip"]),
    statistics=st.none() | st.just("17"),
    refusal=st.none() | NAMES,
)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(RECEIPTS, ANY_FACTS)
async def test_a_receipt_reads_back_as_it_was_written(
    operators: Operators, receipt: Receipt, facts: RoutingFacts
) -> None:
    kept = Kept(
        payment_id=f"in_{uuid.uuid4().hex}",
        number=1,
        at=datetime.now(UTC),
        brand="acme",
        generation=7,
        facts=facts,
        receipt=receipt,
        route=Route(tuple(one.account for one in receipt.candidates), rule=receipt.rule),
    )
    assert await keep(operators.pool, kept) == kept.route
    read = await receipts_of(operators.pool, kept.payment_id)
    assert read == [replace(kept, receipt=shortened(receipt))]


@given(RECEIPTS)
def test_what_is_kept_differs_from_what_was_decided_by_less_than_a_billionth(
    receipt: Receipt,
) -> None:
    for was, now in zip(receipt.candidates, shortened(receipt).candidates, strict=True):
        assert abs(was.propensity - now.propensity) <= 1e-9
        assert (was.propensity > 0) == (now.propensity > 0)


@given(st.lists(st.floats(1e-3, 1), min_size=1, max_size=20))
def test_no_number_of_a_receipt_passes_for_a_card_number(shares: list[float]) -> None:
    north = MerchantAccount("north", "main")
    candidates = tuple(Candidate(north, share, share) for share in shares)
    receipt = Receipt(
        policy_id="p", policy_version=1, rule=None, candidates=candidates, seed="5f" * 16
    )
    assert not has_card_data(orjson.dumps(shortened(receipt).candidates).decode())


def test_documents_without_what_was_added_later_are_read() -> None:
    receipt = Receipt(policy_id="p", policy_version=1, rule=None, seed="s")
    assert (
        RECEIPT.validate_python(
            {"policy_id": "p", "policy_version": 1, "rule": None, "seed": "s", "excluded": []}
        )
        == receipt
    )
    facts = {"payment_id": "in_1", "player_id": "p", "kind": "deposit", "brand": "acme"}
    money = {"amount": {"minor_units": 5, "currency": "EUR"}, "region": "EU", "method": "card"}
    assert FACTS.validate_python(facts | money).three_ds == "not_done"


async def test_receipts_of_other_brands_do_not_exist(
    operators: Operators, books: asyncpg.Pool
) -> None:
    brand = a_brand()
    await operators.policy(brand, plain("north"))
    await operators.route(brand, payment_id="in_theirs")
    assert await receipts_of(books, "in_theirs", ["other"]) == []
    assert len(await receipts_of(books, "in_theirs", ["other", brand])) == 1
    assert len(await receipts_of(books, "in_theirs")) == 1


async def test_a_decision_is_worked_out_again_from_its_receipt_years_later(
    operators: Operators,
) -> None:
    brand = a_brand()
    shares = [{"account": f"{psp}/main", "weight": 1} for psp in PSPS]
    await operators.policy(brand, plain() | {"default": {"split": shares}})
    requests = [asked(brand) for _ in range(20)]
    for request in requests:
        await operators.routing.route(request)
    await operators.account(account("north", methods=["voucher"]))
    await operators.policy(brand, plain("south"))

    reader = Operators(operators.pool)
    kept = [(await receipts_of(operators.pool, one.payment_id))[0] for one in requests]
    (generation,) = {one.generation for one in kept}
    then, now = await reader.snapshots.of(generation), await reader.snapshots.latest()
    past = [PastPayment(one.facts, one.receipt, None) for one in kept]
    assert replay_plain(then.policy(brand), then.accounts, Statistics(), past) == []
    assert replay_plain(now.policy(brand), now.accounts, Statistics(), past) != []
