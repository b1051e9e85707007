"""Wallet commands as tests write them, and what the books say afterwards."""

from __future__ import annotations

import uuid

import asyncpg

from activities.registry.claims import Claim
from activities.registry.new_payment import NewPayment
from activities.registry.requests import Requests
from activities.wallet.ledger import Ledger
from workflows.domain.money import Money
from workflows.domain.psp import MerchantAccount
from workflows.domain.seals import digest_of
from workflows.domain.wallet import CaptureHold, Credit, Debit, Hold, Player, Release, WalletResult

AT = MerchantAccount("sandbox", "primary")


def a_player() -> Player:
    return Player("acme", f"player-{uuid.uuid4().hex}")


def credit(player: Player, minor: int, key: str = "", currency: str = "EUR") -> Credit:
    key = key or f"{_id()}:credit"
    money = Money(minor, currency)
    return Credit(key=key, player=player, amount=money, source=AT, payment_id=key.split(":")[0])


def debit(player: Player, minor: int, key: str = "", currency: str = "EUR") -> Debit:
    key = key or f"{_id()}:debit"
    money = Money(minor, currency)
    return Debit(key=key, player=player, amount=money, destination=AT, payment_id=key.split(":")[0])


def hold(player: Player, minor: int, key: str = "", against: str | None = None) -> Hold:
    key = key or f"{_id()}:hold"
    money = Money(minor, "EUR")
    payment_id = key.split(":")[0]
    return Hold(
        key=key,
        player=player,
        amount=money,
        payment_id=payment_id,
        against=against,
        order=digest_of({}),
    )


def capture_hold(held: Hold, key: str = "") -> CaptureHold:
    key = key or f"{held.payment_id}:settle"
    return CaptureHold(key=key, hold_key=held.key, destination=AT)


def release(held: Hold, key: str = "") -> Release:
    return Release(key=key or f"{held.payment_id}:release", hold_key=held.key)


class OfOpenedPayments(Ledger):
    """Holds money only for payments that somebody has opened: whoever holds here opens them."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(pool)
        self._requests = Requests(pool)

    async def hold(self, command: Hold) -> WalletResult:
        player, amount = command.player, command.amount
        claim = Claim(
            brand=player.brand,
            key=command.payment_id,
            request_hash="",
            resource_id=command.payment_id,
        )
        opening = NewPayment(
            kind="payout",
            brand=player.brand,
            region="MT",
            player_id=player.id,
            currency=amount.currency,
            amount_minor=amount.minor_units,
            method="card",
            status="PAYOUT_SUBMITTED",
            trace_id="",
            requester="",
            # As the API writes them: whoever lists payments shows these too.
            details={
                "capture_method": "automatic",
                "return_url": "https://casino.example/back",
                "destination": "dst_ok",
                "capture_id": "cap_1",
            },
            order={},
        )
        await self._requests.open(claim, opening)
        return await super().hold(command)


async def balances(pool: asyncpg.Pool, player: Player) -> dict[str, int]:
    """By purpose, in EUR."""
    rows = await pool.fetch(
        "SELECT purpose, balance FROM accounts "
        "WHERE brand = $1 AND player_id = $2 AND currency = 'EUR'",
        player.brand,
        player.id,
    )
    return {row["purpose"]: row["balance"] for row in rows}


async def broken_books(pool: asyncpg.Pool) -> list[str]:
    """The names of what does not hold; of sound books, nothing."""
    return [name for name, query in _LAWS.items() if await pool.fetchval(query)]


_LAWS = {
    "every currency sums to zero": """
        SELECT EXISTS (SELECT FROM entries e JOIN accounts a ON a.id = e.account_id
        GROUP BY a.currency HAVING sum(e.amount_minor) <> 0)""",
    "every transfer has two sides that sum to zero": """
        SELECT EXISTS (SELECT FROM transfers t LEFT JOIN entries e ON e.transfer_id = t.id
        GROUP BY t.id HAVING sum(e.amount_minor) <> 0
            OR count(e.id) NOT IN (2, 3) AND (count(e.id) <> 4 OR t.counter_currency IS NULL))""",
    "every balance is the sum of its entries": """
        SELECT EXISTS (SELECT FROM accounts a LEFT JOIN entries e ON e.account_id = a.id
        WHERE a.purpose <> 'house' GROUP BY a.id
        HAVING a.balance <> coalesce(sum(e.amount_minor), 0) OR a.version <> count(e.id))""",
    "every chain of balances is without gaps": """
        SELECT EXISTS (SELECT FROM (
            SELECT balance_after, amount_minor, version,
                   lag(balance_after, 1, 0::bigint) OVER w AS before,
                   row_number() OVER w AS place
            FROM entries WHERE version IS NOT NULL
            WINDOW w AS (PARTITION BY account_id ORDER BY version)
        ) chain WHERE before + amount_minor <> balance_after OR version <> place)""",
    "every entry's currency is its transfer's": """
        SELECT EXISTS (SELECT FROM entries e JOIN accounts a ON a.id = e.account_id
        JOIN transfers t ON t.id = e.transfer_id
        WHERE a.currency NOT IN (t.currency, coalesce(t.counter_currency, t.currency)))""",
    "holds that are not resolved are what is held": """
        SELECT coalesce((SELECT sum(balance) FROM accounts WHERE purpose = 'held'), 0)
            <> coalesce((SELECT sum(h.amount_minor) FROM transfers h WHERE h.kind = 'hold'
               AND NOT EXISTS (SELECT FROM transfers r WHERE r.resolves = h.id)), 0)""",
}


def _id() -> str:
    return f"in_{uuid.uuid4().hex}"
