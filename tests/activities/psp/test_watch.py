"""Whoever watches PSPs is told how each call ends, and spares payments a PSP that is broken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.psp.calls import PspCalls
from activities.psp.catalog import Catalog
from activities.psp.contract import Adapter
from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp.orders import AMOUNT, instructions, lookup_of
from workflows.domain.identity import SALE
from workflows.domain.psp import (
    Approved,
    Declined,
    MerchantAccount,
    NotSent,
    Operation,
    Outcome,
    Pending,
    Unknown,
)

ACCOUNT = MerchantAccount("tale", "primary")
CALLS = [*instructions(ACCOUNT)]


class Diary:
    """Writes down what it is told; refuses what it is told to."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.outcomes: list[tuple[str, Outcome | None]] = []
        self.begun_calls = 0
        self._refuses = refuses

    def refuses(self, account: MerchantAccount, method: str) -> bool:
        return self._refuses and account == ACCOUNT

    def begun(self, account: MerchantAccount, method: str) -> Callable[[Outcome | None], None]:
        assert account == ACCOUNT
        self.begun_calls += 1
        return lambda outcome: self.outcomes.append((method, outcome))


class AbleAdapter:
    """Can do everything, and does as it is told."""

    parameters = ("redirectResult",)

    def __init__(self, tell: Callable[[], Any]) -> None:
        self._tell = tell
        self.asked = 0

    async def _answer(self, question: Any) -> Any:
        self.asked += 1
        reply = self._tell()
        return await reply if asyncio.iscoroutine(reply) else reply

    authorize = sell = complete = capture = void = refund = payout = look_up = _answer

    async def aclose(self) -> None:
        """Nothing is open."""


class AblePlugin:
    name = "tale"

    def __init__(self, tell: Callable[[], Any]) -> None:
        self.adapter = AbleAdapter(tell)

    def connect(self) -> Adapter:
        return self.adapter


def approves() -> Approved:
    return Approved("ref_1", AMOUNT)


def raising(error: Exception) -> Callable[[], Any]:
    def tell() -> Any:
        raise error

    return tell


async def ask(plugin: AblePlugin, diary: Diary, operation: str) -> Outcome:
    psp = PspCalls(Catalog({"tale": plugin}), diary, deadline_seconds=1)
    question: Any = instructions(ACCOUNT)[operation]
    name = "sell" if operation == SALE else operation
    outcome: Outcome = await ActivityEnvironment().run(getattr(psp, name), question)
    return outcome


@pytest.mark.parametrize("operation", CALLS)
async def test_every_call_that_moves_money_is_told_once(operation: str) -> None:
    diary = Diary()
    await ask(AblePlugin(approves), diary, operation)
    method = getattr(instructions(ACCOUNT)[operation], "method", "")
    assert diary.outcomes == [(method, approves())]
    assert diary.begun_calls == 1


@pytest.mark.parametrize(
    ("tell", "outcome"),
    [
        (lambda: Declined("lost_card", False, "41"), Declined("lost_card", False, "41")),
        (lambda: Pending("ref_1"), Pending("ref_1")),
        (raising(NeverSent("no connection")), NotSent("no connection")),
        (raising(InDoubt("no answer")), Unknown("no answer")),
        (raising(KeyError("x")), Unknown("the plugin failed (KeyError)")),
        (lambda: asyncio.sleep(60), Unknown("no answer within 1 s")),
    ],
)
async def test_it_is_told_whatever_comes_of_it(tell: Callable[[], Any], outcome: Outcome) -> None:
    diary = Diary()
    assert await ask(AblePlugin(tell), diary, Operation.CAPTURE) == outcome
    assert diary.outcomes == [("", outcome)]


async def test_looking_moves_nothing_and_is_not_told() -> None:
    diary, plugin = Diary(), AblePlugin(approves)
    psp = PspCalls(Catalog({"tale": plugin}), diary)
    lookup = lookup_of(instructions(ACCOUNT)[Operation.CAPTURE], Operation.CAPTURE)
    await ActivityEnvironment().run(psp.look_up, lookup)
    assert (diary.outcomes, plugin.adapter.asked) == ([], 1)


async def test_a_call_that_a_stopping_worker_breaks_off_is_told_as_nothing() -> None:
    diary, environment = Diary(), ActivityEnvironment()
    plugin = AblePlugin(lambda: asyncio.sleep(60))
    psp = PspCalls(Catalog({"tale": plugin}), diary)
    question: Any = instructions(ACCOUNT)[Operation.CAPTURE]
    call = asyncio.create_task(environment.run(psp.capture, question))
    await asyncio.sleep(0.02)
    environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert diary.outcomes == [("", None)]


@pytest.mark.parametrize("operation", CALLS)
async def test_a_broken_psp_is_begun_with_by_nobody_and_what_has_begun_goes_on(
    operation: str,
) -> None:
    diary, plugin = Diary(refuses=True), AblePlugin(approves)
    outcome = await ask(plugin, diary, operation)
    if operation in (Operation.AUTHORIZE, SALE, Operation.PAYOUT):
        assert outcome == NotSent("its circuit breaker is open")
        # It tells nothing new of the PSP: nobody asked it.
        assert (diary.outcomes, plugin.adapter.asked) == ([], 0)
    else:
        assert (outcome, plugin.adapter.asked) == (approves(), 1)
