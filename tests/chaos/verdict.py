"""Whether the truth survived: every invariant, the PSP's own journal, and all we were ever told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import asyncpg

from activities.audit.audit import audit
from activities.audit.report import Report
from activities.audit.scope import Scope
from infra.local.demo.books import Books, Proof
from infra.local.demo.sandbox import Entry, SandboxPsp
from infra.postgres import open_pool
from infra.settings import Postgres, Temporal
from infra.temporal import connect
from tests.chaos.ground import Ground
from tests.chaos.platform import BRAND, Diary

_PAYMENTS = """
SELECT id, status, final, version, player_id, currency, amount_minor,
    coalesce((facts -> 'captured' ->> 'minor_units')::bigint, 0) AS captured_minor
FROM payments
"""
_BALANCES = """
SELECT player_id, currency, sum(balance)::bigint AS minor FROM accounts
WHERE brand = $1 AND purpose <> 'house' GROUP BY player_id, currency
"""
_GIVEN_BACK = "SELECT DISTINCT payment_id FROM transfers WHERE kind = 'release'"
_CASES = "SELECT kind, payment_id, summary FROM cases ORDER BY opened_at"


_UNCAPTURED = {"CANCELLED", "VOIDED", "EXPIRED", "FAILED"}


@dataclass
class Verdict:
    report: Report
    proofs: list[Proof]
    cases: list[str]
    """What a person has to decide; none of it is a violation."""
    payments: int
    heard: str
    """What the platform was told of its payments."""
    both: dict[str, list[str]]
    """Payments to which two things happened that exclude each other, by what these are."""
    violations: list[str] = field(default_factory=list)


async def judged(at: Ground, diary: Diary, unfinished: list[str]) -> Verdict:
    """Asked once everything is at rest."""
    auditor = await asyncpg.connect(at.stack.postgres.database().auditor_url, ssl=False)
    try:
        report = await _audited(at)
        cases = [
            f"{row['kind']} {row['payment_id']}: {row['summary']}"
            for row in await auditor.fetch(_CASES)
        ]
        proofs = await Books(auditor, SandboxPsp(at.psp)).prove()
        rows = await auditor.fetch(_PAYMENTS)
        wallets = await auditor.fetch(_BALANCES, BRAND)
        back = {row["payment_id"] for row in await auditor.fetch(_GIVEN_BACK)}
        both = exclusive(
            await SandboxPsp(at.psp).journal(), back, {row["id"]: row["status"] for row in rows}
        )
    finally:
        await auditor.close()
    events = sum(len(heard) for heard in at.ear.sequences.values())
    heard = f"{events} events told to the platform, {at.ear.repeated} repetitions"
    verdict = Verdict(report, proofs, cases, len(rows), heard, both)
    verdict.violations += [f"not at rest: {what}" for what in unfinished]
    verdict.violations += [
        f"{finding.invariant} {finding.name}: {violation}"
        for finding in report.broken
        for violation in finding.violations
    ]
    if not cases:
        # With a case open, a payment may be neither over nor even.
        verdict.violations += [f"{p.claim}: {p.numbers}" for p in proofs if not p.holds]
    verdict.violations += [f"{each}: {what}" for what, those in both.items() for each in those]
    verdict.violations += diary.broken_promises + at.ear.wrong
    verdict.violations += at.ear.missed({row["id"]: row["version"] for row in rows})
    verdict.violations += _told_and_true(diary, rows) + _wallets(rows, wallets)
    return verdict


def exclusive(
    journal: Sequence[Entry], given_back: Collection[str], statuses: Mapping[str, str]
) -> dict[str, list[str]]:
    """Of each payment at most one of the two."""
    done: dict[str, Counter[str]] = {}
    for entry in journal:
        if entry["outcome"] == "approved":
            payment_id, _, step = str(entry["reference"]).partition(":")
            did = done.setdefault(payment_id, Counter())
            if entry["operation"] == "refund" and step.startswith("void"):
                # A sale that went back before it was anybody's took nothing.
                did["capture"] -= 1
            else:
                did[entry["operation"]] += 1

    def those(is_so: Callable[[str, Counter[str]], bool]) -> list[str]:
        return sorted(each for each, did in done.items() if is_so(each, did))

    return {
        "paid and given back": those(
            lambda each, did: bool(did["payout"] + did["refund"]) and each in given_back
        ),
        "captured and ended otherwise": those(
            lambda each, did: bool(did["capture"]) and statuses.get(each) in _UNCAPTURED
        ),
        "done twice": those(
            lambda _, did: any(did[name] > 1 for name in ("capture", "refund", "payout"))
        ),
    }


async def _audited(at: Ground) -> Report:
    scope = Scope(patience=timedelta(0), histories=None, logs=[at.stack.folder / "log"])
    temporal = await connect(Temporal(address=at.stack.temporal.address))
    looking = Postgres.model_validate({"url": at.stack.postgres.database().auditor_url})
    async with await open_pool(looking) as pool:
        return await audit(pool, temporal, at.stack.psp_url, scope)


def _told_and_true(diary: Diary, rows: list[asyncpg.Record]) -> list[str]:
    """Every payment we were told of is there, no other one is, and what was final still is so."""
    truth = {row["id"]: row for row in rows}
    wrong = [f"{each} was promised and is lost" for each in diary.paths if each not in truth]
    wrong += [f"{each} is nobody's wish" for each in truth if each not in diary.paths]
    for payment_id, status in diary.final.items():
        row = truth.get(payment_id)
        if row is not None and (row["status"], row["final"]) != (status, True):
            wrong.append(f"{payment_id} was told to be {status} for good, and is {row['status']}")
    return wrong


def _wallets(rows: list[asyncpg.Record], wallets: list[asyncpg.Record]) -> list[str]:
    """A player has what was captured, less what was refunded and paid out, payment by payment."""
    due: Counter[tuple[str, str]] = Counter()
    for row in rows:
        due[row["player_id"], row["currency"]] += _gained(row)
    has = Counter({(row["player_id"], row["currency"]): row["minor"] for row in wallets})
    return [
        f"wallet of {player}: payments come to {due[player, currency]} {currency} minor units, "
        f"it holds {has[player, currency]}"
        for player, currency in sorted({*due, *has})
        if due[player, currency] != has[player, currency]
    ]


def _gained(row: asyncpg.Record) -> int:
    if row["status"] in ("PAYOUT_SETTLED", "REFUND_PROCESSED"):
        return -int(row["amount_minor"])
    return int(row["captured_minor"])
