"""What no posting of the house can be, whoever tries."""

from __future__ import annotations

import asyncpg
import pytest

from workflows.domain.ledger import HousePosting, Posting, Signed
from workflows.domain.money import MoneyError
from workflows.domain.psp import MerchantAccount
from workflows.domain.wallet import Player

AT = MerchantAccount("sandbox", "primary")


@pytest.mark.parametrize(
    "what",
    [
        "INSERT INTO transfers (key, request_hash, kind, currency, amount_minor) "
        "VALUES ('in_1:fee', 'h', 'fee', 'EUR', -1)",
        "INSERT INTO transfers (key, request_hash, kind, currency, amount_minor) "
        "VALUES ('batch:credit', 'h', 'credit', 'EUR', 1)",
        "INSERT INTO transfers (key, request_hash, kind, payment_id, brand, player_id, currency, "
        "amount_minor) VALUES ('in_1:fee', 'h', 'fee', 'in_1', 'acme', 'ann', 'EUR', 1)",
        "INSERT INTO transfers (key, request_hash, kind, payment_id, brand, player_id, currency, "
        "amount_minor) VALUES ('in_1:credit', 'h', 'credit', 'in_1', 'acme', 'ann', 'EUR', -1)",
        "INSERT INTO transfers (key, request_hash, kind, currency, amount_minor, counter_currency, "
        "counter_minor) VALUES ('batch:fee', 'h', 'fee', 'EUR', -1, 'USD', 1)",
    ],
    ids=["a payment's key", "a player's kind", "a player", "a sign", "two currencies"],
)
async def test_even_the_owner_cannot_mix_up_the_house_and_players(
    owner: asyncpg.Pool, what: str
) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(what)


async def test_a_conversion_balances_in_each_of_its_currencies(owner: asyncpg.Pool) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="sum to zero"):
        await owner.execute(
            """
            INSERT INTO accounts (name, currency, purpose) SELECT name, currency, 'house'
            FROM (VALUES ('fx:a:uneven'), ('fx:b:uneven')) n (name),
                (VALUES ('EUR'), ('USD')) c (currency);
            INSERT INTO entries (transfer_id, account_id, amount_minor)
            SELECT -1, id, CASE currency WHEN 'EUR' THEN 1 ELSE -1 END
            FROM accounts WHERE name LIKE 'fx:_:uneven'
            """
        )


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (Posting.FEE, {"bank": "main"}),
        (Posting.BANK_ENTRY, {}),
        (Posting.RECEIVABLE, {}),
        (Posting.FEE, {"payment_id": "in_1"}),
        (Posting.FEE, {"counter": Signed(1, "USD")}),
        (Posting.FX, {"counter": Signed(1, "EUR")}),
        (Posting.RECEIVABLE, {"payment_id": "in_1", "player": Player("acme", "ann")}),
    ],
)
def test_a_posting_has_what_its_kind_has(kind: Posting, more: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"nothing else|below zero|two currencies"):
        HousePosting(key="k", kind=kind, account=AT, amount=Signed(5, "EUR"), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("minor", "currency"), [(0, "EUR"), (1.5, "EUR"), (1, "XXX"), (10**19, "EUR")]
)
def test_a_posting_moves_whole_minor_units_of_a_currency(minor: int, currency: str) -> None:
    with pytest.raises(MoneyError):
        Signed(minor, currency)
