"""The late event: a fact about a payment whose run is over, decided against what we know."""

from __future__ import annotations

from temporalio import workflow

from . import books, visibility
from .aftermath import Aftermath
from .conversation import Conversation
from .domain.late_events import Decision
from .domain.psp import PspEvent


@workflow.defn(name=visibility.LATE_EVENT)
class LateEvent:
    """Lives as long as there is something to see to; a later fact starts the next one."""

    @workflow.init
    def __init__(self, payment_id: str) -> None:
        self._psp = Conversation(tell_of_doubt=self._tell_of_doubt)
        self._aftermath = Aftermath(payment_id, self._psp)
        self._waiting: list[PspEvent] = []
        self._known: set[tuple[str, str]] = set()
        self._seen_to: list[str] = []

    @workflow.run
    async def run(self, payment_id: str) -> list[str]:
        """Gives what each fact came to. Input: the payment's id."""
        visibility.show_late(await books.recall(payment_id))
        while self._waiting or not workflow.all_handlers_finished():
            while self._waiting:
                event = self._waiting.pop(0)
                self._note(event, await self._aftermath.see_to(event))
            await workflow.wait_condition(workflow.all_handlers_finished)
            await self._psp.account_for_the_rest()
        return self._seen_to

    @workflow.signal(description="A verified fact from the PSP: a webhook or a report line")
    async def psp_event(self, event: PspEvent) -> None:
        if self._psp.waits_for(event.key):
            await self._psp.hear(event)
        elif (event.psp, event.event_id) not in self._known:
            self._known.add((event.psp, event.event_id))
            self._waiting.append(event)

    def _note(self, event: PspEvent, decision: Decision) -> None:
        told = f"{event.operation} {event.reply.kind} of {event.amount}"
        self._seen_to.append(f"{told} ({event.psp} {event.event_id}): {decision.why}")
        workflow.set_current_details("\n".join(f"- {line}" for line in self._seen_to[-50:]))

    async def _tell_of_doubt(self) -> None:
        workflow.set_current_details("Waits for certainty about an answer that was lost")
