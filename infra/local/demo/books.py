"""Proof that the books hold: our ledger against itself, and against what the PSP truly did."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

from infra.local.demo.money import text_of_minor
from infra.local.demo.sandbox import Entry, SandboxPsp
from infra.local.stack.chosen_psp import SANDBOX

Sums = Counter[tuple[str, str]]
"""Minor units by (payment id or account, currency); none that is zero."""

_LEDGER = """
SELECT a.currency, sum(e.amount_minor)::bigint, count(*), count(DISTINCT e.transfer_id)
FROM entries e JOIN accounts a ON a.id = e.account_id GROUP BY a.currency ORDER BY a.currency
"""
_MOVED = """
SELECT payment_id, currency, sum(CASE WHEN kind = ANY($1) THEN amount_minor
    WHEN kind = ANY($2) THEN -amount_minor ELSE 0 END)::bigint
FROM transfers WHERE starts_with(payment_id, $3) GROUP BY payment_id, currency
"""
_CLEARING = """
SELECT a.name, a.currency, -sum(e.amount_minor)::bigint
FROM entries e JOIN accounts a ON a.id = e.account_id
WHERE a.purpose = 'house' GROUP BY a.name, a.currency
"""
_WALLETS = """
SELECT a.name, a.currency, a.balance - coalesce(sum(e.amount_minor), 0)::bigint
FROM accounts a LEFT JOIN entries e ON e.account_id = a.id
WHERE a.purpose <> 'house' GROUP BY a.id
"""
_HELD = "SELECT name, currency, balance FROM accounts WHERE purpose = 'held'"
_HOLDS = """
SELECT count(*), count(*) FILTER (WHERE r.kind = 'capture_hold'),
    count(*) FILTER (WHERE r.kind = 'release')
FROM transfers h LEFT JOIN transfers r ON r.resolves = h.id WHERE h.kind = 'hold'
"""
_PAYMENTS = """
SELECT kind, count(*), count(*) FILTER (WHERE final) FROM payments GROUP BY kind ORDER BY kind
"""
_EVENTS = """
SELECT count(*), count(*) FILTER (WHERE delivered_at IS NOT NULL OR parked = 'repeated'),
    count(*) FILTER (WHERE parked <> 'repeated' AND delivered_at IS NULL) FROM inbox_events
"""
_QUIET_SECONDS = 5.0


@dataclass(frozen=True)
class Proof:
    claim: str
    numbers: str
    holds: bool


_GAINED = {
    "capture": 1,
    "sale_given_back": -1,
    "refund": -1,
    "case_refund": -1,
    "refund_by_hand": -1,
    "refund_failed": 1,
    "chargeback": -1,
    "chargeback_reversed": 1,
    "payout": -1,
}


@dataclass(frozen=True)
class _Compared:
    claim: str
    theirs: dict[str, int]
    """Signs, by what the PSP did."""
    ours: tuple[list[str], list[str]]
    """The kinds of transfers that count, and those that count against them."""
    prefix: str


_COMPARED = (
    _Compared(
        "What the PSP captured is what was credited",
        {"capture": 1, "sale_given_back": -1, "case_refund": -1},
        (["credit"], []),
        "in_",
    ),
    _Compared(
        "What left the PSP without us is what was taken back",
        {"refund_by_hand": 1, "refund_failed": -1, "chargeback": 1, "chargeback_reversed": -1},
        (["claw_back"], ["restore"]),
        "in_",
    ),
    _Compared(
        "What the PSP refunded is what was debited", {"refund": 1}, (["capture_hold"], []), "re_"
    ),
    _Compared(
        "What the PSP paid out is what was debited",
        {"payout": 1},
        (["capture_hold", "claw_back"], ["credit"]),
        "po_",
    ),
)


@dataclass(frozen=True)
class Books:
    auditor: asyncpg.Connection
    """Of the database: the application's own role sees less."""
    psp: SandboxPsp
    psp_name: str = SANDBOX

    async def prove(self) -> list[Proof]:
        """All claims, whether they hold or not. Asked once things are quiet."""
        journal = [done for done in await self.psp.journal() if done["outcome"] == "approved"]
        return [
            await self._sums_to_zero(),
            *[await self._equal(journal, each) for each in _COMPARED],
            await self._clearing(journal),
            _nothing_open_at_the_psp(journal),
            await self._wallets(),
            await self._nothing_held(),
            await self._all_final(),
            await self._all_heard(),
        ]

    async def _sums_to_zero(self) -> Proof:
        rows = await self._rows(_LEDGER)
        entries, transfers = sum(row[2] for row in rows), sum(row[3] for row in rows)
        sums = " · ".join(text_of_minor(row[1], row[0]) for row in rows)
        return Proof(
            "The ledger sums to zero",
            f"{entries} entries of {transfers} transfers: {sums}",
            bool(rows) and all(row[1] == 0 for row in rows),
        )

    async def _equal(self, journal: list[Entry], compared: _Compared) -> Proof:
        """Payment by payment, not in total alone."""
        theirs = _booked(journal, compared.theirs, _payment)
        plus, minus = compared.ours
        ours = _sums(await self._rows(_MOVED, plus, minus, compared.prefix))
        return _compared(compared.claim, theirs, ours, "payments")

    async def _clearing(self, journal: list[Entry]) -> Proof:
        """A merchant account owes us what it captured, less what it gave to players."""
        theirs = _booked(journal, _GAINED, self._account)
        ours = _sums(await self._rows(_CLEARING))
        claim = "What the PSP owes us is what the clearing accounts say"
        return _compared(claim, theirs, ours, "accounts")

    def _account(self, done: Entry) -> str:
        return f"psp:{self.psp_name}:{done['merchant_account']}"

    async def _wallets(self) -> Proof:
        rows = await self._rows(_WALLETS)
        wrong = _sums(rows)
        numbers = _told(wrong) if wrong else f"{len(rows)} accounts"
        return Proof("Balances = the sums of their entries", numbers, not wrong)

    async def _nothing_held(self) -> Proof:
        held = _sums(await self._rows(_HELD))
        [(made, left, released)] = await self._rows(_HOLDS)
        numbers = f"{made} holds were made, {left} captured, {released} released"
        if held:
            numbers += f"; still held: {_told(held)}"
        return Proof("Nothing is held in a wallet", numbers, not held and made == left + released)

    async def _all_final(self) -> Proof:
        rows = await self._rows(_PAYMENTS)
        numbers = ", ".join(f"{final} of {count} {kind}s" for kind, count, final in rows)
        return Proof("Every payment is final", numbers, all(row[1] == row[2] for row in rows))

    async def _all_heard(self) -> Proof:
        """What came last may be on its way from the inbox to its run: a moment is given."""
        deadline = time.monotonic() + _QUIET_SECONDS
        while True:
            [(heard, delivered, parked)] = await self._rows(_EVENTS)
            if heard == delivered + parked or time.monotonic() > deadline:
                break
            await asyncio.sleep(0.05)
        numbers = f"{delivered} of {heard} delivered, {parked} put aside"
        return Proof("Every webhook is accounted for", numbers, heard == delivered + parked)

    async def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self.auditor.fetch(query, *values)]


def _nothing_open_at_the_psp(journal: list[Entry]) -> Proof:
    still_held = _booked(journal, {"authorization": 1, "capture": -1, "void": -1}, _payment)
    made = sum(done["operation"] == "authorization" for done in journal)
    numbers = f"{made} authorizations, captured or voided to the last cent"
    if still_held:
        numbers = f"still held: {_told(still_held)}"
    return Proof("Nothing is held at the PSP", numbers, not still_held)


def _payment(done: Entry) -> str:
    return str(done["reference"]).partition(":")[0]


def _booked(journal: list[Entry], signs: Mapping[str, int], by: Callable[[Entry], str]) -> Sums:
    return _sums(
        (by(done), done["currency"], signs[_what(done)] * done["amount"])
        for done in journal
        if _what(done) in signs
    )


def _what(done: Entry) -> str:
    """What it did; of refunds also whose: a payment's own, a case's, a void's (of a sale, before it
    was anybody's), or somebody's at the PSP."""
    payment_id, _, step = str(done["reference"]).partition(":")
    if done["operation"] != "refund" or payment_id.startswith("re_"):
        return str(done["operation"])
    if step.startswith("void"):
        return "sale_given_back"
    return "case_refund" if step.startswith("case-") else "refund_by_hand"


def _sums(rows: Iterable[tuple[Any, ...]]) -> Sums:
    sums: Sums = Counter()
    for name, currency, minor_units in rows:
        sums[name, currency] += minor_units
    return Counter({each: total for each, total in sums.items() if total})


def _compared(claim: str, theirs: Sums, ours: Sums, noun: str) -> Proof:
    if theirs == ours:
        totals = _sums((currency, currency, total) for (_, currency), total in ours.items())
        return Proof(claim, f"{len(ours)} {noun}: {_told(totals, named=False)}", True)
    apart = {each for each in {*theirs, *ours} if theirs[each] != ours[each]}
    reported, kept = ({each: book[each] for each in apart} for book in (theirs, ours))
    return Proof(claim, f"the PSP says {_told(reported)}, the ledger {_told(kept)}", False)


def _told(sums: Mapping[tuple[str, str], int], *, named: bool = True) -> str:
    """Each with its owner, so that somebody can look it up."""
    totals = (
        f"{name if named else ''} {text_of_minor(total, currency)}".strip()
        for (name, currency), total in sums.items()
    )
    return " · ".join(sorted(totals)) or "nothing"
