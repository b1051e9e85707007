"""All that the processes ask of the world, on one page.

A workflow calls a port (`execute_activity_method(Psp.authorize, …)`); a group in `activities/`
answers it by subclassing. Values come back for every answer a business must handle; an exception
is a bug or an outage.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from temporalio import activity

from .domain.bank import BankMatched, BankMatching, StatementFile, StatementTaken
from .domain.cases import CaseFile, CaseNote
from .domain.clearance import ClearanceRequest, ClearedRoute
from .domain.escalations import NewCase
from .domain.payments import Moved, MoveRequest, Route, RouteRequest
from .domain.psp import (
    AuthorizeInstruction,
    CaptureInstruction,
    CompleteInstruction,
    Finding,
    Lookup,
    Outcome,
    PayoutInstruction,
    RefundInstruction,
    SellInstruction,
    VoidInstruction,
)
from .domain.records import Closing, Conclusion, Recalled, Record, Recorded
from .domain.reopened import Reopened
from .domain.risk import ScreenRequest, Verdict
from .domain.seals import Checked, Presented, Seal, Vouched
from .domain.wallet import CaptureHold, Credit, Debit, Hold, Refused, Release, WalletResult


class Port(ABC):  # noqa: B024 - the ports below have the abstract methods
    """A subclass's methods are the activities that its port names."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, answer in vars(cls).items():
            for port in cls.__mro__[1:]:
                definition = getattr(vars(port).get(name), "__temporal_activity_definition", None)
                if definition is not None:
                    activity.defn(name=definition.name)(answer)
                    break


class Psp(Port):
    """One question to one PSP, asked once. On the queue of that PSP."""

    @activity.defn(name="psp.authorize")
    @abstractmethod
    async def authorize(self, instruction: AuthorizeInstruction) -> Outcome: ...

    @activity.defn(name="psp.sell")
    @abstractmethod
    async def sell(self, instruction: SellInstruction) -> Outcome: ...

    @activity.defn(name="psp.complete")
    @abstractmethod
    async def complete(self, instruction: CompleteInstruction) -> Outcome: ...

    @activity.defn(name="psp.capture")
    @abstractmethod
    async def capture(self, instruction: CaptureInstruction) -> Outcome: ...

    @activity.defn(name="psp.void")
    @abstractmethod
    async def void(self, instruction: VoidInstruction) -> Outcome: ...

    @activity.defn(name="psp.refund")
    @abstractmethod
    async def refund(self, instruction: RefundInstruction) -> Outcome: ...

    @activity.defn(name="psp.payout")
    @abstractmethod
    async def payout(self, instruction: PayoutInstruction) -> Outcome: ...

    @activity.defn(name="psp.look_up")
    @abstractmethod
    async def look_up(self, lookup: Lookup) -> Finding: ...


class Wallet(Port):
    """Commands on the ledger: idempotent by key, one database round trip each."""

    @activity.defn(name="wallet.credit")
    @abstractmethod
    async def credit(self, command: Credit) -> WalletResult: ...

    @activity.defn(name="wallet.debit")
    @abstractmethod
    async def debit(self, command: Debit) -> WalletResult: ...

    @activity.defn(name="wallet.hold")
    @abstractmethod
    async def hold(self, command: Hold) -> WalletResult: ...

    @activity.defn(name="wallet.capture_hold")
    @abstractmethod
    async def capture_hold(self, command: CaptureHold) -> WalletResult: ...

    @activity.defn(name="wallet.release")
    @abstractmethod
    async def release(self, command: Release) -> WalletResult: ...

    @activity.defn(name="wallet.close")
    @abstractmethod
    async def close(self, closing: Closing) -> Recorded | Refused:
        """The command and the version that tells of it: both, or neither."""


class Registry(Port):
    """What the outside may know of a payment."""

    @activity.defn(name="registry.record")
    @abstractmethod
    async def record(self, record: Record) -> Recorded: ...

    @activity.defn(name="registry.reopen")
    @abstractmethod
    async def reopen(self, payment_id: str) -> Reopened: ...

    @activity.defn(name="registry.conclude")
    @abstractmethod
    async def conclude(self, conclusion: Conclusion) -> None: ...

    @activity.defn(name="registry.expire")
    @abstractmethod
    async def expire(self, at_most: int) -> int:
        """End intents that nobody has gone ahead with in time; give how many."""

    @activity.defn(name="registry.recall")
    @abstractmethod
    async def recall(self, payment_id: str) -> Recalled: ...


class Cases(Port):
    """What needs a person."""

    @activity.defn(name="cases.open")
    @abstractmethod
    async def open(self, case: NewCase) -> None: ...

    @activity.defn(name="cases.look")
    @abstractmethod
    async def look(self, case_id: str) -> CaseFile: ...

    @activity.defn(name="cases.note")
    @abstractmethod
    async def note(self, note: CaseNote) -> None: ...


class Sealing(Port):
    """Whether what reaches a run was made by our API or inbox. No run ever sees a key."""

    @activity.defn(name="seals.check")
    @abstractmethod
    async def check(self, presented: Presented) -> Checked:
        """What is not genuine is put aside, where people see it."""

    @activity.defn(name="seals.vouch")
    @abstractmethod
    async def vouch(self, vouched: Vouched) -> Seal:
        """For what a person has told by resolving a case."""


class Risk(Port):
    @activity.defn(name="risk.screen")
    @abstractmethod
    async def screen(self, request: ScreenRequest) -> Verdict: ...


class Clearance(Port):
    """Risk and routing at once, of a payment that needs both and nothing between them."""

    @activity.defn(name="clearance.clear")
    @abstractmethod
    async def clear(self, request: ClearanceRequest) -> ClearedRoute: ...


class Routing(Port):
    @activity.defn(name="routing.route")
    @abstractmethod
    async def route(self, request: RouteRequest) -> Route: ...

    @activity.defn(name="routing.may_move")
    @abstractmethod
    async def may_move(self, request: MoveRequest) -> Moved: ...


class Bank(Port):
    """Our own bank accounts: what reached them, and which payout of which PSP that is."""

    @activity.defn(name="bank.take_statement")
    @abstractmethod
    async def take_statement(self, file: StatementFile) -> StatementTaken: ...

    @activity.defn(name="bank.match")
    @abstractmethod
    async def match_bank(self, matching: BankMatching) -> BankMatched: ...
