"""A process with a bug: it fails a deposit that it has captured."""

from __future__ import annotations

from temporalio import workflow

from workflows.domain.deposits import NEXT, DepositOrder, Status, credit_key_of
from workflows.domain.identity import Kind
from workflows.domain.psp import MerchantAccount
from workflows.domain.records import Result
from workflows.domain.wallet import Credit
from workflows.steps.payment import Payment


@workflow.defn(name="lawless")
class Lawless(Payment[Status]):
    @workflow.init
    def __init__(self, order: DepositOrder) -> None:
        super().__init__(Kind.DEPOSIT, order, Status.INITIATED, NEXT, Status.CLARIFYING, {})
        self._order = order

    @workflow.run
    async def run(self, order: DepositOrder) -> Result:
        return await self.to_the_end(self._break_the_law, when_cancelled=lambda: None)

    async def _break_the_law(self) -> None:
        self.move(Status.AUTHORIZED)
        await self.advance(Status.CAPTURED)
        await self.advance(Status.FAILED)
        await self.close(
            Status.CAPTURED,
            Credit(
                key=credit_key_of(self.id),
                player=self._order.player,
                amount=self._order.amount,
                source=MerchantAccount("nobody", "none"),
                payment_id=self.id,
            ),
        )
