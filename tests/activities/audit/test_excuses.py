"""An open case excuses what it is about, by at most its money at risk, and nothing beside it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.activities.audit.conftest import Books
from tests.activities.audit.sound import did
from tests.activities.audit.test_psp_book import LEFT_HELD, ONCE, PER_ACCOUNT, PER_PAYMENT


async def open_case(kept: Books, payment: str, kind: str, minor: int, **facts: Any) -> None:
    case_facts = {"psp": "sandbox", "reply": "approved", "psp_ref": "psp-9"} | facts
    await kept.forger.execute("SET session_replication_role = replica")
    await kept.forger.execute(
        "INSERT INTO cases (key, payment_id, brand, kind, summary, facts, money_at_risk_minor, "
        "currency) VALUES ($1, $2, 'acme', $3, 'told', $4::text::jsonb, $5, 'EUR')",
        f"sandbox:evt-{payment}-{kind}-{minor}",
        payment,
        kind,
        json.dumps({name: each for name, each in case_facts.items() if each is not None}),
        minor,
    )


RESOLVED = "UPDATE cases SET state = 'resolved', resolution = '{}', resolved_at = now()"


def unknown_capture(minor: int = 700) -> list[dict[str, Any]]:
    """Of a deposit that had failed for us."""
    return [did("authorization", "in_c:authorize:2", minor), did("capture", "in_c:x", minor)]


@pytest.mark.parametrize(
    ("kind", "operation", "reply"),
    [
        ("contradiction", "capture", "approved"),
        ("in_doubt", "capture", None),
        ("in_doubt", "authorize", None),
        ("run_lost", None, None),
    ],
)
async def test_a_case_about_a_capture_excuses_that_much_of_it(
    kept: Books, kind: str, operation: str | None, reply: str | None
) -> None:
    kept.journal += unknown_capture()
    await open_case(kept, "in_c", kind, 699, operation=operation, reply=reply)
    assert PER_PAYMENT in await kept.broken()
    await open_case(kept, "in_c", kind, 700, operation=operation, reply=reply)
    assert await kept.broken() == {}


@pytest.mark.parametrize(
    ("kind", "operation", "reply"),
    [
        ("contradiction", "capture", "declined"),
        ("contradiction", "void", "approved"),
        ("contradiction", "refund", "approved"),
        ("unreleased", "void", None),
        ("unreadable", None, None),
        ("money_gone", "chargeback", "approved"),
    ],
)
async def test_a_case_about_something_else_excuses_no_capture(
    kept: Books, kind: str, operation: str | None, reply: str | None
) -> None:
    kept.journal += unknown_capture()
    await open_case(kept, "in_c", kind, 9999, operation=operation, reply=reply)
    broken = await kept.broken()
    assert broken[PER_PAYMENT] == ["in_c at psp:sandbox:primary: the PSP has 700, the ledger 0 EUR"]
    assert PER_ACCOUNT in broken


async def test_a_resolved_case_excuses_nothing(kept: Books) -> None:
    kept.journal += unknown_capture()
    await open_case(kept, "in_c", "contradiction", 700, operation="capture")
    await kept.forge(RESOLVED)
    assert PER_PAYMENT in await kept.broken()


@pytest.mark.parametrize(
    ("kind", "operation", "reply"),
    [
        ("contradiction", "payout", "declined"),
        ("contradiction", "capture", "approved"),
        ("unreadable", None, None),
        ("unexpected_event", "authorize", "approved"),
        ("double", "payout", "approved"),
    ],
)
async def test_a_double_payout_behind_an_open_case_is_named(
    kept: Books, kind: str, operation: str | None, reply: str | None
) -> None:
    kept.journal.append(did("payout", "po_a:payout:1", 1000))
    await open_case(kept, "po_a", kind, 1000, operation=operation, reply=reply)
    broken = await kept.broken()
    assert broken[ONCE] == ["po_a:payout:1 at psp:sandbox:primary: 2 times, 2000 EUR"]
    assert broken[PER_PAYMENT] == [
        "po_a at psp:sandbox:primary: the PSP has -2000, the ledger -1000 EUR"
    ]


async def test_a_payout_at_two_psps_accounts_behind_a_doubt_is_named(kept: Books) -> None:
    kept.journal.append(did("payout", "po_a:payout:2", 1000, account="secondary"))
    await open_case(kept, "po_a", "unexpected_event", 1000, operation="authorize")
    assert PER_PAYMENT in await kept.broken()


async def test_a_payout_that_was_paid_though_it_failed_is_excused_by_its_case(kept: Books) -> None:
    kept.journal.append(did("payout", "po_b:payout:1", 400))
    assert PER_PAYMENT in await kept.broken()
    await open_case(kept, "po_b", "contradiction", 400, operation="payout")
    assert await kept.broken() == {}


async def test_money_that_left_and_could_not_be_booked_is_excused_by_its_case(kept: Books) -> None:
    kept.journal.append(did("chargeback", "in_a:authorize:1", 5000))
    await open_case(kept, "in_a", "money_gone", 5000, operation="chargeback")
    assert await kept.broken() == {}


async def test_a_case_about_money_that_is_booked_excuses_no_more_of_it(kept: Books) -> None:
    gone = did("refund", "in_s:authorize:1", 200, currency="GBP")
    kept.journal.append(gone)
    await open_case(kept, "in_s", "money_gone", 200, operation="refund", psp_ref="ref_2")
    await kept.forger.execute("UPDATE cases SET currency = 'GBP'")
    assert (await kept.broken())[PER_PAYMENT] == [
        "in_s at psp:sandbox:primary: the PSP has 300, the ledger 500 GBP"
    ]


async def test_a_capture_done_twice_is_excused_by_its_case_until_it_is_refunded(
    kept: Books,
) -> None:
    kept.journal += [
        did("authorization", "in_a:authorize:1", 5000),
        did("capture", "in_a:capture", 5000),
    ]
    assert {PER_PAYMENT, ONCE} <= set(await kept.broken())
    await open_case(kept, "in_a", "double", 5000, operation="capture")
    assert await kept.broken() == {}
    await kept.forge(RESOLVED)
    assert {PER_PAYMENT, ONCE} <= set(await kept.broken())
    kept.journal.append(did("refund", "in_a:case-refund", 5000))
    assert await kept.broken() == {}


async def test_a_hold_that_is_left_is_excused_by_a_case_about_it_alone(kept: Books) -> None:
    kept.journal.append(did("authorization", "in_c:authorize:2", 700))
    await open_case(kept, "in_c", "contradiction", 700, operation="capture")
    assert LEFT_HELD in await kept.broken()
    await open_case(kept, "in_c", "unreleased", 699, operation="void", reply=None)
    assert LEFT_HELD in await kept.broken()
    await open_case(kept, "in_c", "unreleased", 1, operation="void", reply=None)
    assert await kept.broken() == {}


async def test_no_case_excuses_what_our_own_books_do_not_agree_on(kept: Books) -> None:
    await kept.forge(
        "UPDATE payments SET facts = jsonb_set(facts, '{captured,minor_units}', '4999') "
        "WHERE id = 'in_a'"
    )
    await open_case(kept, "in_a", "contradiction", 5000, operation="capture")
    assert "I3 A deposit is credited with what was captured" in await kept.broken()


async def test_a_case_of_the_inbox_is_about_its_event(kept: Books) -> None:
    kept.journal += unknown_capture()
    await open_case(kept, "in_c", "unexpected_event", 700, operation=None, reply=None)
    assert PER_PAYMENT in await kept.broken()
    event = {"operation": "capture", "reply": {"kind": "approved"}}
    await kept.forger.execute(
        "INSERT INTO inbox_events (psp, event_id, payment_id, event, delivered_at) "
        "VALUES ('sandbox', 'evt_9', 'in_c', $1::text::jsonb, now())",
        json.dumps(event),
    )
    await kept.forger.execute("UPDATE cases SET key = 'sandbox:evt_9:unexpected_event'")
    assert await kept.broken() == {}
