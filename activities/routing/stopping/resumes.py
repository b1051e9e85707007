"""Telling runs that they may go on."""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from workflows.domain.identity import workflow_of

SIGNAL = "resume"
_SIGNAL_TIMEOUT = timedelta(seconds=3)


class Resumes:
    """Tells runs by the signal `resume`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def __call__(self, payment_id: str) -> bool:
        """False: no run waits. Raises RPCError, or RuntimeError before a server was ever there."""
        workflow_id = workflow_of(payment_id)
        if workflow_id is None:
            return False
        try:
            handle = self._client.get_workflow_handle(workflow_id)
            await handle.signal(SIGNAL, rpc_timeout=_SIGNAL_TIMEOUT)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True
