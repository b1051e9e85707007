"""Whatever is forged in the database is found under its invariant, and its row is named."""

from __future__ import annotations

import pytest

from tests.activities.audit.conftest import Books

TRANSFER = (
    "INSERT INTO transfers (key, request_hash, kind, payment_id, brand, player_id, currency, "
    "amount_minor) VALUES ('{key}', '', '{kind}', '{payment}', '{brand}', 'player-1', 'EUR', 100)"
)
ENTRY = (
    "INSERT INTO entries (transfer_id, account_id, amount_minor) VALUES ({transfer}, 2, {minor})"
)
CREDIT_OF_A = "(SELECT id FROM transfers WHERE key = 'in_a:credit')"
AVAILABLE = "purpose = 'available' AND currency = 'EUR'"
HELD = "purpose = 'held' AND currency = 'EUR'"

LEDGER = [
    (
        "I1 Every currency sums to zero",
        ENTRY.format(transfer=CREDIT_OF_A, minor=7),
        "EUR sums to 7",
    ),
    (
        "I1 Every transfer has two sides that are its amount",
        f"DELETE FROM entries WHERE transfer_id = {CREDIT_OF_A}",
        "(in_a:credit) of 5000: 0 entries",
    ),
    (
        "I1 Every transfer has two sides that are its amount",
        "DELETE FROM transfers WHERE key = 'in_b:credit'",
        "2 entries, from -2000 to 2000",
    ),
    (
        "I1 Every transfer has two sides that are its amount",
        "UPDATE transfers SET amount_minor = 1 WHERE key = 'po_a:hold'",
        "(po_a:hold) of 1: 2 entries, from -1000 to 1000",
    ),
    (
        "I1 Every entry is in the currency of its transfer",
        "UPDATE transfers SET currency = 'USD' WHERE key = 'in_j:credit'",
        "player:acme:player-1:available JPY, of transfer",
    ),
    (
        "I2 Every balance is the sum of its entries, its version their number",
        f"UPDATE accounts SET balance = balance + 1 WHERE {AVAILABLE}",
        "player:acme:player-1:available EUR: balance 4201, its entries 4200",
    ),
    (
        "I2 Every balance is the sum of its entries, its version their number",
        f"UPDATE accounts SET version = version + 1 WHERE {AVAILABLE}",
        "version 8, entries 7",
    ),
    (
        "I2 Every chain of balances is without a gap",
        "UPDATE entries SET version = 99 WHERE version = 2 AND account_id = "
        f"(SELECT id FROM accounts WHERE {AVAILABLE})",
        "has version 99 and leaves 7000",
    ),
    (
        "I2 Every chain of balances is without a gap",
        "UPDATE entries SET balance_after = 1 WHERE version = 1 AND account_id = "
        f"(SELECT id FROM accounts WHERE {AVAILABLE})",
        "has version 1 and leaves 1; expected 1 and 5000",
    ),
    (
        "I2 No balance is, or ever was, below zero",
        "ALTER TABLE accounts DROP CONSTRAINT never_below_zero; "
        f"UPDATE accounts SET balance = -5 WHERE {AVAILABLE}",
        "available EUR: balance -5",
    ),
    (
        "I2 No balance is, or ever was, below zero",
        "UPDATE entries SET balance_after = -3 WHERE version = 1",
        "left -3",
    ),
    (
        "I2 What is held is the holds that are not resolved",
        "DELETE FROM transfers WHERE key = 'po_b:release'",
        "held EUR: balance 300, unresolved holds 700",
    ),
    (
        "I5 What is taken back of a credit never exceeds it",
        "UPDATE transfers SET amount_minor = 5001 WHERE key = 're_a:hold'",
        "in_a:credit: credited 5000 EUR, held or taken back 5001",
    ),
]

PAYMENTS = [
    (
        "I3 A deposit is credited with what was captured",
        "UPDATE payments SET facts = jsonb_set(facts, '{captured,minor_units}', '4999') "
        "WHERE id = 'in_a'",
        "in_a (CAPTURED): captured 4999, credited 5000 EUR",
    ),
    (
        "I3 A payout or refund takes its money exactly when it is done",
        "UPDATE payments SET status = 'PAYOUT_SETTLED' WHERE id = 'po_b'",
        "po_b (PAYOUT_SETTLED) of 400 EUR: took 0",
    ),
    (
        "I3 A payout or refund takes its money exactly when it is done",
        "UPDATE payments SET status = 'REFUND_FAILED' WHERE id = 're_a'",
        "re_a (REFUND_FAILED) of 1500 EUR: took 1500",
    ),
    (
        "I3 A payment that is over holds nothing",
        "UPDATE payments SET final = true WHERE id = 'po_c'",
        "po_c (PAYOUT_SUBMITTED): still holds 300 EUR",
    ),
    (
        "I3 Money moves for payments alone, of their player, in their currency",
        TRANSFER.format(key="in_x:credit", kind="credit", payment="in_x", brand="acme"),
        "(in_x:credit) of acme / player-1 in EUR: no such payment",
    ),
    (
        "I3 Money moves for payments alone, of their player, in their currency",
        "UPDATE payments SET brand = 'other' WHERE id = 'in_b'",
        "a payment of other / player-1 in EUR",
    ),
    (
        "I5 What is credited or taken never exceeds what was asked for",
        "UPDATE payments SET amount_minor = 1999 WHERE id = 'in_b'",
        "in_b: asked for 1999 EUR, credited 2000",
    ),
    (
        "I5 Refunds of a deposit never exceed its credit, and are held against it",
        "UPDATE payments SET intent_id = 'in_c' WHERE id = 're_a'",
        "in_c: credited 0 EUR, refunds took and hold 1500",
    ),
    (
        "I5 Refunds of a deposit never exceed its credit, and are held against it",
        "UPDATE transfers SET against = NULL WHERE key = 're_a:hold'",
        "re_a:hold: held against nothing",
    ),
    (
        "I6 A wallet key is of its payment, and is either done or refused",
        "UPDATE transfers SET payment_id = 'in_b' WHERE key = 'in_a:credit'",
        "in_a:credit moved money of payment in_b",
    ),
    (
        "I6 A wallet key is of its payment, and is either done or refused",
        "INSERT INTO wallet_refusals VALUES ('po_a:hold', '', 'insufficient_funds')",
        "refused: insufficient_funds",
    ),
    (
        "I6 A deposit is credited once, a payout or refund taken once",
        TRANSFER.format(key="in_a:credit:2", kind="credit", payment="in_a", brand="acme"),
        "in_a: 2 transfers of kind credit: in_a:credit, in_a:credit:2",
    ),
    (
        "I6 An idempotency key has its effect, a payment its key",
        "UPDATE idempotency_keys SET resource_id = 'in_x' WHERE key = 'key-in_a'",
        "key key-in_a of acme: there is no payment in_x",
    ),
    (
        "I6 An idempotency key has its effect, a payment its key",
        "DELETE FROM idempotency_keys WHERE resource_id = 'po_a'",
        "po_a was opened under no key",
    ),
    (
        "I9 What happened to a payment is numbered without a gap",
        "DELETE FROM payment_events WHERE payment_id = 'in_a' AND version = 1",
        "in_a at version 2: 1 events from 2 to 2",
    ),
    (
        "I11 A payment says what its last event says",
        "UPDATE payments SET status = 'CAPTURED' WHERE id = 'in_c'",
        "in_c: CAPTURED (final: t), its event 2: FAILED (final: t)",
    ),
]

DELIVERIES = [
    (
        "I7 Every verified event is delivered, put aside with a reason, has a case, or is young",
        "UPDATE inbox_events SET received_at = now() - interval '6 min' WHERE event_id = 'evt_3'",
        "sandbox evt_3 for in_o",
    ),
    (
        "I7 Every delivered event is about a payment there is",
        "UPDATE inbox_events SET payment_id = 'in_x' WHERE event_id = 'evt_1'",
        "sandbox evt_1: delivered to in_x, which is no payment",
    ),
    (
        "I7 Every verified event is delivered, put aside with a reason, has a case, or is young",
        "UPDATE inbox_events SET payment_id = 'in_x', received_at = now() - interval '10 min', "
        "next_at = now() - interval '6 min' WHERE event_id = 'evt_3'",
        "sandbox evt_3 for in_x",
    ),
    (
        "I7 Every verified event is delivered, put aside with a reason, has a case, or is young",
        "UPDATE inbox_events SET payment_id = 'in_x', received_at = now() - interval '26 h' "
        "WHERE event_id = 'evt_3'",
        "sandbox evt_3 for in_x",
    ),
    (
        "I9 Every version of a payment has its outgoing event",
        "DELETE FROM outgoing_events WHERE payment_id = 'in_b' AND sequence = 1",
        "in_b version 1: outgoing event none",
    ),
    (
        "I9 Every version of a payment has its outgoing event",
        "UPDATE outgoing_events SET sequence = 9 WHERE payment_id = 'in_b' AND sequence = 2",
        "in_b version none: outgoing event 9",
    ),
    (
        "I9 No outgoing event that is due lies idle, none waits beyond its time",
        "UPDATE outgoing_events SET next_at = now() - interval '6 min' WHERE payment_id = 'in_a'",
        "in_a outgoing event 1 of acme: due since",
    ),
    (
        "I9 No outgoing event that is due lies idle, none waits beyond its time",
        "UPDATE outgoing_events SET until = now() - interval '3 h' WHERE payment_id = 'in_a'",
        "in_a outgoing event 1 of acme: due since",
    ),
]

GUARDS = [
    (
        "I11 The triggers that refuse changes are there and are on",
        "ALTER TABLE entries DISABLE TRIGGER append_only",
        "entries lets itself be changed: DELETE, UPDATE, TRUNCATE",
    ),
    (
        "I11 The triggers that refuse changes are there and are on",
        "DROP TRIGGER append_only ON payment_events; CREATE TRIGGER append_only "
        "BEFORE UPDATE ON payment_events FOR EACH STATEMENT EXECUTE FUNCTION append_only()",
        "payment_events lets itself be changed: DELETE, TRUNCATE",
    ),
    (
        "I11 The triggers that refuse changes are there and are on",
        "CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RETURN NULL; END $$",
        "accounts lets itself be changed: DELETE, TRUNCATE",
    ),
    (
        "I11 Nobody but the owner may write the books, or change what was noted",
        "GRANT UPDATE ON accounts TO paysaga_app",
        "paysaga_app may UPDATE accounts",
    ),
    (
        "I11 Nobody but the owner may write the books, or change what was noted",
        "GRANT INSERT ON transfers TO PUBLIC",
        "paysaga_app may INSERT transfers",
    ),
    (
        "I11 Nobody but the owner may write the books, or change what was noted",
        "GRANT DELETE ON routing_switches TO paysaga_app",
        "paysaga_app may DELETE routing_switches",
    ),
]


@pytest.mark.parametrize(("check", "forgery", "named"), [*LEDGER, *PAYMENTS, *DELIVERIES, *GUARDS])
async def test_it_is_found_and_named(kept: Books, check: str, forgery: str, named: str) -> None:
    await kept.forge(forgery)
    broken = await kept.broken()
    assert check in broken
    assert any(named in violation for violation in broken[check]), broken[check]


async def test_what_has_a_case_is_somebodys_and_no_violation(kept: Books) -> None:
    case = "INSERT INTO cases (key, payment_id, brand, kind, summary, facts) VALUES ({}, '{{}}')"
    await kept.forge(
        "UPDATE inbox_events SET received_at = now() - interval '26 h', payment_id = 'in_x' "
        "WHERE event_id = 'evt_3'",
        case.format("'case-1', 'in_x', '', 'unexpected_event', 'who is it'"),
    )
    assert len(await kept.broken()) == 1, "that case is about something else"
    await kept.forge(
        case.format("'sandbox:evt_3:unknown_reference', 'in_x', '', 'unknown_reference', 'who'")
    )
    assert await kept.broken() == {}


async def test_an_event_waits_for_its_payment_as_long_as_somebody_looks(kept: Books) -> None:
    await kept.forge(
        "UPDATE inbox_events SET payment_id = 'in_x', received_at = now() - interval '5 h', "
        "next_at = now() + interval '1 min' WHERE event_id = 'evt_3'"
    )
    assert await kept.broken() == {}


async def test_a_notice_that_is_being_sent_or_waits_for_its_turn_is_not_idle(kept: Books) -> None:
    await kept.forge(
        "UPDATE outgoing_events SET next_at = now() - interval '6 min', "
        "leased_until = now() + interval '9 s' WHERE payment_id = 'in_a' AND sequence = 1",
        "UPDATE outgoing_events SET next_at = now() - interval '6 min' "
        "WHERE payment_id = 'in_a' AND sequence = 2",
    )
    assert await kept.broken() == {}


async def test_no_more_than_five_are_named_and_all_are_counted(kept: Books) -> None:
    await kept.forge("DELETE FROM idempotency_keys")
    [found] = [each for each in await kept.audited() if not each.holds]
    assert (len(found.violations), found.count) == (5, 16)
