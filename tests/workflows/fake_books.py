"""Our own books in memory: they keep a diary, and refuse what they are told to."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from tests.sealing import SEALS
from workflows.domain.cascading import CascadeLimits
from workflows.domain.cases import CaseFile, CaseNote
from workflows.domain.clearance import ClearanceRequest, ClearedRoute
from workflows.domain.deposits import DepositOrder
from workflows.domain.escalations import NewCase
from workflows.domain.identity import kind_of
from workflows.domain.money import Money
from workflows.domain.orders import PaymentOrder
from workflows.domain.payments import Facts, Go, Moved, MoveRequest, Route, RouteRequest
from workflows.domain.payouts import PayoutOrder
from workflows.domain.psp import MerchantAccount, Parked
from workflows.domain.records import (
    AskedBefore,
    Closing,
    Conclusion,
    Recalled,
    Record,
    Recorded,
    content_hash,
)
from workflows.domain.reopened import Reopened
from workflows.domain.risk import Cleared, ScreenRequest, Stopped, Verdict
from workflows.domain.seals import FACT, Checked, Presented, Seal, Vouched
from workflows.domain.wallet import (
    CaptureHold,
    ClawBack,
    Credit,
    Debit,
    Hold,
    Posted,
    RefusalReason,
    Refused,
    Release,
    Restore,
    WalletResult,
)
from workflows.ports import Cases, Clearance, Registry, Risk, Routing, Sealing, Wallet


class FakeWallet(Wallet):
    """Keeps a diary of what it did, once per key; refuses what it was told to."""

    def __init__(self, registry: FakeBooks) -> None:
        self._registry = registry
        self.commands: list[str] = []
        self.keys: list[str] = []
        self.amounts: dict[str, Money] = {}
        self.refuses: dict[str, RefusalReason] = {}
        self._posted: dict[str, Posted] = {}

    async def credit(self, command: Credit) -> WalletResult:
        return self._post("credit", command.key, command.amount)

    async def debit(self, command: Debit) -> WalletResult:
        return self._post("debit", command.key, command.amount)

    async def hold(self, command: Hold) -> WalletResult:
        return self._post("hold", command.key, command.amount)

    async def capture_hold(self, command: CaptureHold) -> WalletResult:
        return self._post("capture_hold", command.key, None)

    async def release(self, command: Release) -> WalletResult:
        return self._post("release", command.key, None)

    async def close(self, closing: Closing) -> Recorded | Refused:
        """Both, or neither."""
        command = closing.command
        if not self._registry.would_write(closing.record):
            return await self._registry.record(closing.record)
        match command:
            case Release(if_held=True) if command.hold_key not in self._posted:
                posted: WalletResult = Posted(0)
            case Release() | CaptureHold():
                posted = self._post(_NAMES[type(command)], command.key, None)
            case Credit() | ClawBack() | Restore():
                posted = self._post(_NAMES[type(command)], command.key, command.amount)
        if isinstance(posted, Refused):
            return posted
        return await self._registry.record(closing.record)

    def _post(self, command: str, key: str, amount: Money | None) -> WalletResult:
        if command in self.refuses:
            return Refused(self.refuses[command])
        if key in self._posted:
            return replace(self._posted[key], replayed=True)
        self.commands.append(command)
        self.keys.append(key)
        if amount is not None:
            self.amounts[key.partition(":")[2]] = amount
        self._posted[key] = Posted(len(self.commands))
        return self._posted[key]


_NAMES = {
    Release: "release",
    CaptureHold: "capture_hold",
    Credit: "credit",
    ClawBack: "claw_back",
    Restore: "restore",
}


def case_id_of(key: str) -> str:
    return f"case_{hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()}"


def _tells_the_same(one: Record, other: Record) -> bool:
    return content_hash(one) == content_hash(other)


class FakeBooks(Registry, Cases, Risk, Routing, Clearance, Sealing):
    """Registry, cases, risk, routing and seals in memory."""

    def __init__(self, psp: str) -> None:
        self.records: list[Record] = []
        self.checked: list[str] = []
        self.put_aside: list[Presented] = []
        self.cases: dict[str, NewCase] = {}
        self.orders: dict[str, PaymentOrder] = {}
        self.notes: dict[str, CaseNote] = {}
        self.noted: list[tuple[str, str]] = []
        self.concluded: list[Conclusion] = []
        self.asked: dict[str, list[AskedBefore]] = {}
        """What was asked of PSPs, as the database would tell it."""
        self.much = False
        self.overdue = 0
        """Intents that nobody has gone ahead with in time."""
        self.verdict: Verdict = Cleared()
        self.stop_id: int | None = None
        """As long as it is set, what asks whether it may move is parked under this stop."""
        self.moves: list[MoveRequest] = []
        self.routed: list[RouteRequest] = []
        self.limits: CascadeLimits | None = CascadeLimits()
        self.reuses_3ds: tuple[str, ...] = ()
        self.sells: tuple[str, ...] = ()
        """Accounts, as `psp/id`, that take money at once."""
        self.everywhere = False
        """The stop leaves no account: routing names none, and says that it is only for stops."""
        self.accounts: tuple[MerchantAccount, ...] = (
            MerchantAccount(psp, "first"),
            MerchantAccount(psp, "second"),
        )

    async def record(self, record: Record) -> Recorded:
        """As the registry does it: what is over is over, and what stands is not written over."""
        known = self.of(record.payment_id)
        same = [r for r in known if r.version >= record.version and _tells_the_same(r, record)]
        if same:
            return Recorded(same[0].version)
        if known and known[-1].final and not record.amends:
            return Recorded(None, superseded=True)
        current = known[-1].version if known else 1
        if record.amends and record.version != current + 1:
            return Recorded(None)
        self.records.append(replace(record, version=current + 1))
        return Recorded(current + 1)

    def would_write(self, record: Record) -> bool:
        known = self.of(record.payment_id)
        if record.amends:
            return record.version == (known[-1].version if known else 1) + 1
        return not (known and known[-1].final)

    async def conclude(self, conclusion: Conclusion) -> None:
        self.concluded.append(conclusion)

    async def reopen(self, payment_id: str) -> Reopened:
        match self.orders[payment_id]:
            case DepositOrder() as deposit:
                return Reopened(deposit=deposit)
            case PayoutOrder() as payout:
                return Reopened(payout=payout)
            case refund:
                return Reopened(refund=refund)

    async def expire(self, at_most: int) -> int:
        expired = min(at_most, self.overdue)
        self.overdue -= expired
        return expired

    async def recall(self, payment_id: str) -> Recalled:
        order, known = self.orders[payment_id], self.of(payment_id)
        opening = Record(
            payment_id=payment_id, version=1, status="NEW", final=False, facts=Facts(), at=""
        )
        last = known[-1] if known else opening
        return Recalled(
            payment_id=payment_id,
            kind=kind_of(payment_id),
            player=order.player,
            amount=order.amount,
            status=last.status,
            version=last.version,
            final=last.final,
            facts=last.facts,
            trace_id=order.trace_id,
            asked=tuple(self.asked.get(payment_id, ())),
        )

    async def open(self, case: NewCase) -> None:
        self.cases.setdefault(case.key, case)

    async def look(self, case_id: str) -> CaseFile:
        case = next(c for c in self.cases.values() if case_id_of(c.key) == case_id)
        return CaseFile(
            case_id=case_id,
            payment_id=case.payment_id,
            kind=case.kind,
            state="resolved" if (case_id, "resolved") in self.noted else "open",
            money_at_risk=case.money_at_risk,
            facts=case.facts,
            payment_known=case.payment_id in self.orders,
            needs_second_person=self.much,
        )

    async def note(self, note: CaseNote) -> None:
        if note.key not in self.notes:
            self.notes[note.key] = note
            self.noted.append((note.case_id, note.what))

    async def check(self, presented: Presented) -> Checked:
        self.checked.append(presented.message)
        if SEALS.is_genuine(presented):
            return Checked(True)
        self.put_aside.append(presented)
        return Checked(False, "wrong_seal" if presented.seal else "no_seal")

    async def vouch(self, vouched: Vouched) -> Seal:
        return SEALS.seal_of_text(vouched.payment_id, FACT, vouched.content, by=vouched.by)

    async def screen(self, request: ScreenRequest) -> Verdict:
        return self.verdict

    async def clear(self, request: ClearanceRequest) -> ClearedRoute:
        verdict = await self.screen(request.screen)
        stopped = isinstance(verdict, Stopped)
        route = None if stopped else await self.route(request.route)
        return ClearedRoute(verdict=verdict, route=route)

    async def route(self, request: RouteRequest) -> Route:
        self.routed.append(request)
        stopped = self.everywhere and self.stop_id is not None
        return Route(
            () if stopped else self.accounts,
            policy="usual",
            policy_version=3,
            rule="cards",
            refusal="no account is allowed" if stopped else None,
            limits=self.limits,
            reuses_3ds=self.reuses_3ds,
            sells=self.sells,
            stopped=stopped,
        )

    async def may_move(self, request: MoveRequest) -> Moved:
        self.moves.append(request)
        return Go() if self.stop_id is None else Parked(self.stop_id)

    def of(self, payment_id: str) -> list[Record]:
        return [record for record in self.records if record.payment_id == payment_id]

    @property
    def statuses(self) -> list[str]:
        return [record.status for record in self.records]
