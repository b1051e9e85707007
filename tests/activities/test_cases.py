"""Cases in the real database: opened once, their history only grows, resolved by a note alone."""

from __future__ import annotations

import hashlib
import uuid
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.exceptions import ApplicationError

from activities.cases.assignment import CaseDesk
from activities.cases.books import CaseBooks
from activities.cases.listing import BadCursor, CaseListing
from activities.cases.reads import CaseReads
from activities.registry.books import RegistryBooks
from activities.registry.claims import Claim
from activities.registry.new_payment import NewPayment
from activities.registry.requests import Requests
from workflows.domain.cases import CaseNote
from workflows.domain.escalations import CaseKind, NewCase
from workflows.domain.identity import Kind
from workflows.domain.money import Money
from workflows.domain.payments import Attempt, Facts
from workflows.domain.psp import MerchantAccount
from workflows.domain.records import Record
from workflows.domain.wallet import Player

ABOVE = {"default": Decimal(1000), "JPY": Decimal(5000)}


def a_case(money: Money | None = None, **changes: Any) -> NewCase:
    fields: dict[str, Any] = {
        "key": f"sandbox:evt-{uuid.uuid4().hex}",
        "payment_id": f"in_{uuid.uuid4().hex}",
        "kind": CaseKind.CONTRADICTION,
        "summary": "the PSP says so, we say no",
        "money_at_risk": money,
        "facts": {"operation": "capture"},
    }
    return NewCase(**(fields | changes))


def name_of(case: NewCase) -> str:
    return f"case_{hashlib.md5(case.key.encode(), usedforsecurity=False).hexdigest()}"


def a_note(case: NewCase, what: str, key: str = "p-1", **facts: str) -> CaseNote:
    return CaseNote(case_id=name_of(case), key=f"{key}:{what}", what=what, by="ann", facts=facts)


@pytest.fixture
def books(pool: asyncpg.Pool) -> CaseBooks:
    return CaseBooks(pool, ABOVE)


async def row_of(pool: asyncpg.Pool, case: NewCase) -> asyncpg.Record:
    row = await pool.fetchrow("SELECT * FROM cases WHERE key = $1", case.key)
    assert row is not None
    return row


async def test_a_case_opened_twice_is_one_case_with_one_name(
    pool: asyncpg.Pool, books: CaseBooks
) -> None:
    case = a_case(Money(5000, "EUR"))
    await books.open(case)
    await books.open(case)
    row = await row_of(pool, case)
    assert (row["id"], row["state"]) == (name_of(case), "open")
    history = await pool.fetch("SELECT what FROM case_events WHERE case_id = $1", row["id"])
    assert [event["what"] for event in history] == ["opened"]


@pytest.mark.parametrize(
    ("money", "much"),
    [
        (None, False),
        (Money(100000, "EUR"), False),
        (Money(100001, "EUR"), True),
        (Money(5000, "JPY"), False),
        (Money(5001, "JPY"), True),
    ],
)
async def test_much_money_needs_a_second_person(
    books: CaseBooks, money: Money | None, much: bool
) -> None:
    case = a_case(money)
    await books.open(case)
    file = await books.look(name_of(case))
    assert (file.needs_second_person, file.payment_known, file.state) == (much, False, "open")
    assert (file.kind, file.money_at_risk, file.facts) == (case.kind, money, case.facts)


async def test_a_small_word_about_much_money_needs_a_second_person(books: CaseBooks) -> None:
    asked = {"operation": "capture", "key": "in_1:capture", "psp": "sandbox", "account": "a"}
    case = a_case(Money(1, "EUR"), facts=asked | {"amount": "1000.01", "currency": "EUR"})
    await books.open(case)
    assert (await books.look(name_of(case))).needs_second_person


async def test_a_note_is_taken_once_and_the_case_keeps_in_step(
    pool: asyncpg.Pool, books: CaseBooks, reading: AsyncEngine
) -> None:
    case = a_case()
    await books.open(case)
    await CaseDesk(pool).assign(name_of(case), key="k:assigned", owner="bob", by="ann")
    await books.note(a_note(case, "proposed", action="credit"))
    assert (await row_of(pool, case))["proposal"] == {"action": "credit", "by": "ann"}
    await books.note(a_note(case, "declined"))
    assert (await row_of(pool, case))["proposal"] is None
    await books.note(a_note(case, "proposed", action="credit"))
    assert (await row_of(pool, case))["proposal"] is None
    resolved = a_note(case, "resolved", key="p-2", action="dismiss", reason="seen")
    for _ in range(2):
        await books.note(resolved)
    row = await row_of(pool, case)
    assert (row["state"], row["owner"]) == ("resolved", "bob")
    assert row["resolution"] == {"action": "dismiss", "reason": "seen", "by": "ann"}
    history = await CaseReads(reading).history(name_of(case))
    whats = [event.what for event in history]
    assert whats == ["opened", "assigned", "proposed", "declined", "resolved"]


@pytest.mark.parametrize(
    "forbidden",
    [
        "UPDATE cases SET state = 'resolved' WHERE key = $1",
        "DELETE FROM cases WHERE key = $1",
        "UPDATE case_events SET by = 'nobody' WHERE key = $1",
        "INSERT INTO case_events (case_id, key, what, by, facts) VALUES ($1, '', '', '', '{}')",
    ],
)
async def test_the_application_cannot_edit_a_case(
    pool: asyncpg.Pool, books: CaseBooks, forbidden: str
) -> None:
    case = a_case()
    await books.open(case)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(forbidden, case.key)


async def test_not_even_the_owner_changes_what_happened(
    owner: asyncpg.Pool, books: CaseBooks
) -> None:
    await books.open(a_case())
    for forbidden in ("UPDATE case_events SET by = ''", "DELETE FROM cases"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(forbidden)


async def test_cases_are_listed_by_what_they_are_and_whose(
    pool: asyncpg.Pool, books: CaseBooks, reading: AsyncEngine
) -> None:
    payment = f"in_{uuid.uuid4().hex}"
    cases = [a_case(payment_id=payment) for _ in range(5)]
    for case in cases:
        await books.open(case)
    await CaseDesk(pool).assign(name_of(cases[0]), key="k:assigned", owner="bob", by="ann")
    await books.note(a_note(cases[1], "resolved", action="dismiss"))
    reads = CaseReads(reading)

    async def found(**filters: Any) -> list[str]:
        page = await reads.list(CaseListing(brands=["*"], payment_id=payment, **filters))
        return [row.key for row in page.items]

    assert len(await found()) == 5
    assert await found(owner="bob") == [cases[0].key]
    assert await found(state="resolved") == [cases[1].key]
    assert await found(kind="in_doubt") == []
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        page = await reads.list(
            CaseListing(brands=["*"], payment_id=payment, limit=2, cursor=cursor)
        )
        seen += [row.key for row in page.items]
        cursor = page.next_cursor
    assert (sorted(seen), cursor) == (sorted(case.key for case in cases), None)
    with pytest.raises(BadCursor):
        await reads.list(CaseListing(brands=["*"], cursor="bm90IG91cnM="))


async def test_a_payment_is_recalled_as_it_was_recorded(pool: asyncpg.Pool) -> None:
    payment_id, registry = f"po_{uuid.uuid4().hex}", RegistryBooks(pool)
    claim = Claim(brand="acme", key=uuid.uuid4().hex, request_hash="1", resource_id=payment_id)
    await Requests(pool).open(
        claim,
        NewPayment(
            kind=Kind.PAYOUT,
            brand="acme",
            region="eu",
            player_id="player-1",
            currency="EUR",
            amount_minor=5000,
            method="card",
            status="PAYOUT_SUBMITTED",
            trace_id="trace-1",
            requester="tests",
            details={},
            order={},
        ),
    )
    at = MerchantAccount("sandbox", "primary")
    facts = Facts(
        account=at,
        attempts=(Attempt(f"{payment_id}:payout:1", at, "approved"),),
        captured=Money(5000, "EUR"),
    )
    await registry.record(
        Record(
            payment_id=payment_id,
            version=2,
            status="PAYOUT_SETTLED",
            final=True,
            facts=facts,
            at="2031-01-01T00:00:00+00:00",
        )
    )
    recalled = await registry.recall(payment_id)
    assert (recalled.status, recalled.version, recalled.final) == ("PAYOUT_SETTLED", 2, True)
    assert (recalled.kind, recalled.player) == (Kind.PAYOUT, Player("acme", "player-1"))
    assert (recalled.amount, recalled.facts) == (Money(5000, "EUR"), facts)
    with pytest.raises(ApplicationError):
        await registry.recall("po_nobody")
