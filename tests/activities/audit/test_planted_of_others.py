"""What is forged about money that left without us is found, and its row is named."""

from __future__ import annotations

import pytest

from tests.activities.audit.conftest import Books

SIDES = "I1 Every transfer has two sides that are its amount"
OWED = "I2 What a player owes is what was clawed back and not there, and never less than nothing"
GONE = "I3 What left at the PSP without us was taken back, and the deposit says so"
TAKEN = "I3 A payout or refund takes its money exactly when it is done"
BACK = "I5 What is taken back of a credit never exceeds it"
ASKED = "I5 What is credited or taken never exceeds what was asked for"
ONCE = "I6 A deposit is credited once, a payout or refund taken once"

_CLAW = "(SELECT id FROM transfers WHERE key = '{}')"
FORGERIES = [
    (
        SIDES,
        f"DELETE FROM entries WHERE transfer_id = {_CLAW.format('in_r:chargeback:cb_1')} "
        "AND balance_after IS NULL AND amount_minor < 0",
        "(in_r:chargeback:cb_1) of 1000: 2 entries, from -400 to 1000",
    ),
    (
        SIDES,
        "UPDATE transfers SET kind = 'debit' WHERE key = 'in_r:chargeback:cb_1'",
        "(in_r:chargeback:cb_1) of 1000: 3 entries",
    ),
    (
        OWED,
        "UPDATE entries e SET amount_minor = -amount_minor FROM accounts a "
        "WHERE a.id = e.account_id AND a.name = 'receivable:acme:player-2'",
        "receivable:acme:player-2 GBP: less than nothing is owed: -600",
    ),
    (
        OWED,
        "UPDATE transfers SET player_id = 'player-1' WHERE key = 'in_r:chargeback:cb_1'",
        "receivable:acme:player-2 GBP: moved by transfer",
    ),
    (
        OWED,
        f"UPDATE entries SET balance_after = 7 WHERE transfer_id = "
        f"{_CLAW.format('in_r:chargeback:cb_1')} AND balance_after IS NOT NULL",
        "(in_r:chargeback:cb_1): 7 left with the player, 600 owed",
    ),
    (
        GONE,
        "DELETE FROM transfers WHERE key = 'in_s:refund:ref_2'",
        "in_s (REVERSED): 300 left without us, 100 taken back GBP",
    ),
    (
        GONE,
        "DELETE FROM transfers WHERE key = 'in_u:refund_failed:ref_3'",
        "in_u (CAPTURED): 0 left without us, 700 taken back GBP",
    ),
    (
        GONE,
        "UPDATE payments SET status = 'CAPTURED' WHERE id = 'in_s'",
        "in_s (CAPTURED): 300 left without us, 300 taken back GBP",
    ),
    (
        GONE,
        "UPDATE payments SET status = 'REVERSED' WHERE id = 'in_a'",
        "in_a (REVERSED): 0 left without us, 0 taken back EUR",
    ),
    (
        TAKEN,
        "DELETE FROM transfers WHERE key = 'po_d:claw-back:2'",
        "po_d (PAYOUT_SETTLED) of 200 GBP: took 0",
    ),
    (
        BACK,
        "UPDATE transfers SET amount_minor = 501 WHERE key = 're_s:hold'",
        "in_s:credit: credited 800 GBP, held or taken back 801",
    ),
    (
        BACK,
        "UPDATE transfers SET against = (SELECT id FROM transfers WHERE key = 'in_r:credit') "
        "WHERE key = 're_s:hold'",
        "re_s:hold: held against in_r:credit, which is no credit of that player",
    ),
    (
        ASKED,
        "UPDATE transfers SET amount_minor = 401 WHERE key = 'po_d:claw-back:2'",
        "po_d: asked for 200 GBP, credited 200, taken 601, held 0",
    ),
    (
        ONCE,
        "UPDATE payments SET facts = facts - 'returns' WHERE id = 'po_d'",
        "",
    ),
]


@pytest.mark.parametrize(("check", "forgery", "named"), FORGERIES)
async def test_it_is_found_and_named(kept: Books, check: str, forgery: str, named: str) -> None:
    await kept.forge(forgery)
    broken = await kept.broken()
    assert check in broken, broken
    assert any(named in violation for violation in broken[check]), broken[check]


async def test_money_that_left_before_our_refund_counts_against_the_credit(kept: Books) -> None:
    """And what left after it does not: a bank may take back what was refunded already."""
    await kept.forge(
        "WITH early AS (DELETE FROM transfers WHERE key = 'in_s:refund:ref_2' RETURNING *) "
        "INSERT INTO transfers (key, request_hash, kind, payment_id, brand, player_id, currency, "
        "amount_minor) SELECT key, request_hash, kind, payment_id, brand, player_id, currency, "
        "amount_minor FROM early",
        "UPDATE transfers SET amount_minor = 501 WHERE key = 're_s:hold'",
    )
    assert BACK not in await kept.broken()
