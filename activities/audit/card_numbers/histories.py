"""Every word of the runs' histories."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.message import Message
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.audit.asking import each
from activities.audit.card_numbers.place import shown
from activities.audit.report import Finding, finding
from workflows.domain.card_data import has_card_data


async def in_histories(client: Client, newest: int | None) -> Finding:
    """Every word of the newest runs' histories (None: of all), whatever their workflow."""
    found = client.list_workflows(limit=newest)
    runs = [(execution.id, execution.run_id) async for execution in found]

    async def hits_of(run: tuple[str, str]) -> list[str]:
        workflow_id, run_id = run
        try:
            history = await client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return []
            raise
        return [
            f"{shown(workflow_id)} (run {run_id}): event {event.event_id}"
            for event in history.events
            if any(has_card_data(text) for text in _texts(event))
        ]

    hits = [hit for found in await each(runs, hits_of) for hit in found]
    searched = f"{len(runs)} histories" + ("" if newest is None else ", the newest")
    return finding("I12", "No card number is in a history", searched, hits)


def _texts(message: Message) -> Iterator[str]:
    """Every string in it, and every payload's data as text."""
    for field, value in message.ListFields():
        values = value if field.is_repeated else [value]
        if field.message_type and field.message_type.GetOptions().map_entry:
            yield from (key for key in value if isinstance(key, str))
            values = value.values()
        for inner in values:
            if isinstance(inner, Message):
                yield from _texts(inner)
            elif isinstance(inner, str):
                yield inner
            elif isinstance(inner, bytes):
                yield inner.decode(errors="replace")
