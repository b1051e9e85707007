"""At every moment: what is expected of a PSP is what its clearing account says."""

from __future__ import annotations

import itertools
import uuid
from collections import defaultdict
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.activities.audit.sound import AT, Bookkeeper
from tests.activities.reconciliation.conftest import OwnBooks
from tests.activities.reconciliation.settling import open_again, settle
from workflows.domain.ledger import HousePosting, Posting, Signed
from workflows.domain.money import Money
from workflows.domain.wallet import ClawBack, Credit, Player

CURRENCIES = st.sampled_from(["JPY", "EUR", "KWD"])
ENDS = st.sampled_from(
    ["captured", "charged back", "won back", "refunded by hand", "refund failed", "paid out",
     "came back", "paid after all"]
)  # fmt: skip
_FILES = itertools.count(1)


async def happens(keeper: Bookkeeper, end: str, currency: str, minor: int) -> None:
    """A deposit, or a payout of what was won, with the end that it has."""
    player = Player("acme", uuid.uuid4().hex)
    deposit = f"in_{uuid.uuid4().hex}"
    await keeper.opens(deposit, minor, "INITIATED", currency, player)
    await keeper.credits(deposit, Money(minor, currency), player)
    await keeper.ends(deposit, "CAPTURED", Money(minor, currency))
    match end:
        case "charged back" | "won back":
            await keeper.moves(deposit, "REVERSED", "chargeback", "dp_1", minor)
            if end == "won back":
                await keeper.moves(deposit, "CAPTURED", "chargeback_reversed", "dp_1", minor)
        case "refunded by hand" | "refund failed":
            await keeper.moves(deposit, "REVERSED", "refund", "ref_1", minor)
            if end == "refund failed":
                await keeper.moves(deposit, "CAPTURED", "refund_failed", "ref_1", minor)
        case "paid out" | "came back" | "paid after all":
            payout = f"po_{uuid.uuid4().hex}"
            await keeper.opens(payout, minor, "PAYOUT_SUBMITTED", currency, player)
            assert await keeper.holds(payout, minor)
            await keeper.leaves(payout)
            await keeper.ends(payout, "PAYOUT_SETTLED")
            if end != "paid out":
                await keeper.amends(payout, "PAYOUT_RETURNED", Credit, "return", minor)
            if end == "paid after all":
                await keeper.amends(payout, "PAYOUT_SETTLED", ClawBack, "claw-back:2", minor)


def batch(file_id: int, gross: dict[str, int], share: int) -> list[HousePosting]:
    """Of what it confirms a share is kept as fee, in reserve and for the next batch, and the rest
    paid out; dinars are converted into euros first."""
    postings: list[HousePosting] = []

    def post(kind: Posting, minor: int, currency: str, counter: Signed | None = None) -> None:
        if minor:
            key = f"file-{file_id}:{kind}:{currency}"
            amount = Signed(minor, currency)
            postings.append(
                HousePosting(key=key, kind=kind, account=AT, amount=amount, counter=counter)
            )

    nets = defaultdict(int, gross)
    if dinars := nets.pop("KWD", 0):
        euros = dinars * 3 // 10
        post(Posting.FX, -dinars, "KWD", Signed(euros, "EUR") if euros else None)
        nets["EUR"] += euros
    for currency, net in nets.items():
        kept = net // share
        for kind in (Posting.FEE, Posting.RESERVE, Posting.CARRIED):
            post(kind, -kept, currency)
        post(Posting.SETTLEMENT, -(net - 3 * kept), currency)
    return postings


@settings(max_examples=15)
@given(
    st.lists(st.tuples(ENDS, CURRENCIES, st.integers(1, 10**9)), min_size=1, max_size=4),
    st.integers(1, 63),
    st.integers(4, 100),
    st.booleans(),
)
async def test_the_books_agree_whatever_happens_and_however_it_is_settled(
    own_books: OwnBooks,
    payments: list[tuple[str, str, int]],
    confirms: int,
    share: int,
    is_replaced: bool,
) -> None:
    """`confirms`: bits, of which movements a line tells."""
    keeper = Bookkeeper(own_books.pool)
    for end, currency, minor in payments:
        await happens(keeper, end, currency, minor)
        assert await own_books.broken() == {}
    rows = await own_books.owner.fetch(
        "SELECT id, currency, amount_minor FROM expectations WHERE psp = 'sandbox' ORDER BY id"
    )
    confirmed = [row for place, row in enumerate(rows) if confirms >> place % 6 & 1]
    gross: dict[str, int] = defaultdict(int)
    for row in confirmed:
        gross[row["currency"]] += row["amount_minor"]
    number = next(_FILES)
    postings = batch(number, gross, share)
    await settle(own_books.owner, number, [row["id"] for row in confirmed], postings)
    assert await own_books.broken() == {}
    if is_replaced:
        back = [
            replace(
                each,
                key=f"{each.key}:replaced",
                amount=replace(each.amount, minor_units=-each.amount.minor_units),
                counter=each.counter
                and replace(each.counter, minor_units=-each.counter.minor_units),
            )
            for each in postings
        ]
        await open_again(own_books.owner, number, back)
        assert await own_books.broken() == {}


async def test_what_does_not_agree_is_named(own_books: OwnBooks) -> None:
    keeper = Bookkeeper(own_books.pool)
    await happens(keeper, "captured", "SEK", 700)
    query = "SELECT id, payment_id FROM expectations WHERE currency = 'SEK'"
    row = await own_books.owner.fetchrow(query)
    assert row is not None
    await settle(own_books.owner, next(_FILES), [row["id"]], [])
    clearing = "What is expected of a PSP is what its clearing account says"
    at_risk = "Money at risk is what the accounts say"
    assert await own_books.broken() == {
        clearing: ["psp:sandbox:primary: expected 0, cleared 700 SEK"],
        at_risk: ["psp:sandbox:primary: at risk 0, booked 700 SEK"],
    }
    key = f"late:{row['payment_id']}"
    paid = HousePosting(key=key, kind=Posting.SETTLEMENT, account=AT, amount=Signed(-700, "SEK"))
    await settle(own_books.owner, next(_FILES), [], [paid])
    assert await own_books.broken() == {}
