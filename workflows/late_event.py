"""The late event: a fact about a payment whose run is over, decided against what we know."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import FailureError

from . import visibility
from .domain.events import PspEvent
from .domain.identity import LATE_EVENT, late_workflow_id
from .steps import messages, stubs
from .steps.door import Door
from .steps.late_facts import LateFacts
from .steps.names import require_own_name
from .steps.psp_operations import PspOperations


@workflow.defn(name=LATE_EVENT)
class LateEvent:
    """Lives as long as there is something to see to; a later fact starts the next one."""

    @workflow.init
    def __init__(self, payment_id: str) -> None:
        self._payment_id = payment_id
        self._door = Door(payment_id)
        self._psp = PspOperations(payment_id, tell_of_doubt=self._tell_of_doubt)
        self._late_facts = LateFacts(payment_id, self._psp)
        self._waiting: list[PspEvent] = []
        self._known: set[tuple[str, str]] = set()
        self._seen_to: list[str] = []

    @workflow.run
    async def run(self, payment_id: str) -> list[str]:
        """Gives what each fact came to. Input: the payment's id."""
        try:
            require_own_name(late_workflow_id(payment_id))
            visibility.show_late(await stubs.recall(self._payment_id))
        except FailureError:
            # Of a payment that nobody opened, or another's: what is being checked is let finish.
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise
        while self._waiting or not workflow.all_handlers_finished():
            while self._waiting:
                await self._see_to(self._waiting.pop(0))
            await workflow.wait_condition(workflow.all_handlers_finished)
            await self._psp.account_for_the_rest()
        return self._seen_to

    @workflow.signal(dynamic=True, description="`psp_event`: a verified fact from the PSP")
    async def message(self, signal: str, arguments: Sequence[RawValue]) -> None:
        came = workflow.now()
        event = await self._door.fact(signal, arguments)
        if event is None:
            return
        if self._psp.waits_for(event.key):
            await self._psp.hear(event, came)
        elif (event.psp, event.event_id) not in self._known:
            self._known.add((event.psp, event.event_id))
            self._waiting.append(event)

    async def _see_to(self, event: PspEvent) -> None:
        why = await messages.guarded(self._late_facts.see_to(event), event, self._payment_id)
        line = f"{event.operation} {event.reply.kind} of {event.amount}"
        self._seen_to.append(f"{line} ({event.psp} {event.event_id}): {why}")
        workflow.set_current_details("\n".join(f"- {line}" for line in self._seen_to[-50:]))

    async def _tell_of_doubt(self) -> None:
        workflow.set_current_details("Waits for certainty about an answer that was lost")
