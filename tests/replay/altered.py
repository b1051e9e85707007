"""Deposits as a careless deploy might make them, each under the name of the real one."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

from workflows.deposit import Deposit
from workflows.domain.deposits import DepositOrder, Status
from workflows.domain.identity import Kind
from workflows.domain.records import Result
from workflows.steps.ending import Ending
from workflows.steps.psp_hold import PspHold


@workflow.defn(name=Kind.DEPOSIT)
class WithAnotherStep(Deposit):
    @workflow.run
    async def run(self, order: DepositOrder) -> Result:
        await workflow.sleep(timedelta(seconds=1))
        return await self.to_the_end(self._deposit, self._cancel_if_possible)


@workflow.defn(name=Kind.DEPOSIT)
class WithoutItsCapture(Deposit):
    @workflow.run
    async def run(self, order: DepositOrder) -> Result:
        return await self.to_the_end(self._without_capture, self._cancel_if_possible)

    async def _without_capture(self) -> None:
        await self._player_stays_away()
        held = await self._authorized()
        if isinstance(held, PspHold):
            await self._let_go(held, Ending(Status.VOIDED))
