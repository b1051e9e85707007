"""Our own books in memory: they keep a diary, and refuse what they are told to."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from workflows.domain.cases import CaseFile, CaseNote
from workflows.domain.money import Money
from workflows.domain.payments import (
    Case,
    Cleared,
    Facts,
    Go,
    Moved,
    MoveRequest,
    Parked,
    Recalled,
    Record,
    Route,
    RouteRequest,
    ScreenRequest,
    Verdict,
)
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.cascade import CascadeLimits
from workflows.domain.wallet import (
    CaptureHold,
    Credit,
    Debit,
    Hold,
    Posted,
    RefusalReason,
    Refused,
    Release,
    WalletResult,
)
from workflows.ports import Cases, Registry, Risk, Routing, Wallet
from workflows.visibility import PaymentOrder, kind_of


class FakeWallet(Wallet):
    """Keeps a diary of what it did, once per key; refuses what it was told to."""

    def __init__(self) -> None:
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


def case_id_of(key: str) -> str:
    return f"case_{hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()}"


class FakeBooks(Registry, Cases, Risk, Routing):
    """Registry, cases, risk and routing in memory."""

    def __init__(self, psp: str) -> None:
        self.records: list[Record] = []
        self.cases: dict[str, Case] = {}
        self.orders: dict[str, PaymentOrder] = {}
        self.notes: dict[str, CaseNote] = {}
        self.noted: list[tuple[str, str]] = []
        self.much = False
        self.verdict: Verdict = Cleared()
        self.stop_id: int | None = None
        """As long as it is set, what asks whether it may move is parked under this stop."""
        self.moves: list[MoveRequest] = []
        self.routed: list[RouteRequest] = []
        self.limits: CascadeLimits | None = CascadeLimits()
        self.reuses_3ds: tuple[str, ...] = ()
        self.everywhere = False
        """The stop leaves no account: routing names none, and says that it is only for stops."""
        self.accounts: tuple[MerchantAccount, ...] = (
            MerchantAccount(psp, "first"),
            MerchantAccount(psp, "second"),
        )

    async def record(self, record: Record) -> None:
        if all(record.version != known.version for known in self.of(record.payment_id)):
            self.records.append(record)

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
        )

    async def open(self, case: Case) -> None:
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

    async def screen(self, request: ScreenRequest) -> Verdict:
        return self.verdict

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
