"""Whether four books agree about a payment: registry, ledger, the PSP's journal, and its run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from infra.local.demo.sandbox import Entry
from workflows.domain.records import Result

_PAYMENTS = """
SELECT p.id, p.kind, p.status, p.final, p.version, p.capture_id, p.facts,
    (SELECT count(*) FROM payment_events e WHERE e.payment_id = p.id) AS events,
    ARRAY(SELECT t.kind || ' ' || t.amount_minor FROM transfers t
        WHERE t.payment_id = p.id ORDER BY t.id) AS transfers,
    ARRAY(SELECT i.key FROM psp_instructions i
        WHERE i.payment_id = p.id AND i.state IN ('asked', 'pending') AND NOT EXISTS (
            SELECT FROM psp_instructions v WHERE v.operation = 'void' AND v.state = 'approved'
            AND v.acts_on IN (i.key, i.acts_on)
        ) AND NOT (i.operation = 'complete' AND EXISTS (
            SELECT FROM psp_instructions a
            WHERE a.key = i.acts_on AND a.state IN ('approved', 'declined')
        ))) AS undecided,
    ARRAY(SELECT c.kind FROM cases c WHERE c.payment_id = p.id ORDER BY c.opened_at) AS cases
FROM payments p WHERE p.id = ANY ($1)
"""


@dataclass
class Truth:
    """What the books say of one payment."""

    row: dict[str, Any]
    journal: list[Entry]
    run: Result | str
    """The run's result, or why it has none."""
    wrong: list[str] = field(default_factory=list)

    @property
    def cases(self) -> list[str]:
        return list(self.row["cases"])

    def at_psp(self, operation: str) -> int:
        """Minor units that the PSP truly moved."""
        return sum(done["amount"] for done in self._approved(operation))

    def times_at_psp(self, operation: str) -> int:
        return len(self._approved(operation))

    def open_at_psp(self) -> bool:
        """Whether an authorization has no end there."""
        last = {done["id"]: done["outcome"] for done in self.journal}
        return bool(set(last.values()) - {"approved", "declined"})

    def _approved(self, operation: str) -> list[Entry]:
        return [
            done
            for done in self.journal
            if done["operation"] == operation and done["outcome"] == "approved"
        ]

    def booked(self, kind: str) -> int:
        return sum(
            int(minor)
            for name, _, minor in (each.partition(" ") for each in self.row["transfers"])
            if name == kind
        )

    def demand(self, holds: bool, what: str) -> None:
        if not holds:
            self.wrong.append(what)


async def truths(
    pool: asyncpg.Pool, journal: Iterable[Entry], runs: dict[str, Result | str]
) -> dict[str, Truth]:
    by_payment: dict[str, list[Entry]] = {}
    for done in journal:
        by_payment.setdefault(str(done["reference"]).partition(":")[0], []).append(done)
    rows = await pool.fetch(_PAYMENTS, list(runs))
    return {
        row["id"]: Truth(dict(row), by_payment.get(row["id"], []), runs[row["id"]]) for row in rows
    }


def judged(truth: Truth) -> list[str]:
    """What disagrees, in words."""
    row = truth.row
    truth.demand(row["final"] or bool(truth.cases), f"{row['status']} is no end, and has no case")
    truth.demand(row["events"] == row["version"], "its versions have a gap")
    if row["final"]:
        _run_agrees(truth)
        truth.demand(not row["undecided"], f"asked and never decided: {row['undecided']}")
    {"deposit": _deposit, "payout": _leaving, "refund": _leaving}[row["kind"]](truth)
    return truth.wrong


def _run_agrees(truth: Truth) -> None:
    run, row = truth.run, truth.row
    if isinstance(run, str):
        truth.demand(False, f"its run {run}")
    else:
        truth.demand(run.status == row["status"], f"its run says {run.status}")


def _deposit(truth: Truth) -> None:
    row = truth.row
    # What a void gave back of a sale was not captured: nobody has it.
    captured = truth.at_psp("capture") - truth.at_psp("refund")
    credited = truth.booked("credit")
    truth.demand(truth.times_at_psp("capture") <= 1, "captured twice")
    truth.demand(captured == credited, f"captured {captured} and credited {credited}")
    is_captured = row["status"] == "CAPTURED"
    truth.demand(is_captured == (captured > 0), f"captured {captured} and {row['status']}")
    truth.demand(is_captured == (row["capture_id"] is not None), "a capture without its id")
    truth.demand(not truth.open_at_psp(), "the PSP still waits for the player or itself")
    held = truth.at_psp("authorization") - truth.at_psp("capture") - truth.at_psp("void")
    truth.demand(held == 0 or bool(truth.cases), f"{held} are left held at the PSP")


def _leaving(truth: Truth) -> None:
    """A payout or a refund."""
    row = truth.row
    operation, done = {
        "payout": ("payout", "PAYOUT_SETTLED"),
        "refund": ("refund", "REFUND_PROCESSED"),
    }[row["kind"]]
    left, times = truth.at_psp(operation), truth.times_at_psp(operation)
    held, gone, back = (truth.booked(kind) for kind in ("hold", "capture_hold", "release"))
    truth.demand(times <= 1, f"{operation} done {times} times")
    truth.demand(not (left and back), f"{left} left at the PSP and {back} was given back")
    truth.demand(left == gone, f"{left} left at the PSP and {gone} in the wallet")
    truth.demand((row["status"] == done) == (left > 0), f"{left} left, and {row['status']}")
    if row["final"]:
        truth.demand(held == gone + back, f"{held - gone - back} are held for what is over")


def keeps_its_word(answer: str, truth: Truth) -> list[str]:
    """What a caller was told to be for good is so."""
    name, _, word = answer.partition(": ")
    if not word.endswith(" for good") or word == f"{truth.row['status']} for good":
        return []
    return [f"who sent {name} was told {word}, and it is {truth.row['status']}"]


def tally(statuses: Iterable[Any]) -> str:
    return ", ".join(f"{count} {what}" for what, count in Counter(statuses).most_common())
