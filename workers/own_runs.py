"""What our activities do, they do for our own runs alone.

Anybody who reaches Temporal can have a worker of their own, whose runs may schedule any activity on
any queue. A local activity cannot be scheduled from outside, and a name is one run's at a time.
"""

from __future__ import annotations

from typing import Any

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from workflows.domain.identity import late_workflow_id, payment_of, workflow_of
from workflows.domain.psp import Instruction, Lookup

NOT_OUR_RUN = "NotOurRun"
_FOR_A_CASE = ("psp.void", "psp.refund", "psp.look_up")
_AFTERWARDS = ("psp.void", "psp.look_up")
"""What is asked for a payment that is over, by the run that sees to late facts."""

log = structlog.get_logger("paysaga.security")


class LocalOnly(Interceptor):
    """Of the worker on the core queue: raises ApplicationError `NotOurRun`, and does nothing."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Local(next)


class OwnRunOnly(Interceptor):
    """Of what asks PSPs, on their queues and in the quick lane: a payment's own run asks, the run
    of late facts undoes, the run of a case undoes what a person has ordered. Raises
    ApplicationError `NotOurRun` likewise."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _OfItsOwnRun(next)


def may_ask(run: str, activity_type: str, payment_id: str) -> bool:
    """Whether a run of this name may have a PSP asked this about a payment."""
    own = run == workflow_of(payment_id)
    late = run == late_workflow_id(payment_id) and activity_type in _AFTERWARDS
    of_a_case = run.startswith("case-case_") and activity_type in _FOR_A_CASE
    return own or late or of_a_case


class _Local(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        asked = activity.info()
        if not asked.is_local:
            raise _not_our_run(asked)
        return await super().execute_activity(input)


class _OfItsOwnRun(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        asked = activity.info()
        if not asked.activity_type.startswith("psp."):
            return await super().execute_activity(input)
        about = input.args[0] if input.args else None
        payment_id = payment_of(about.key) if isinstance(about, Instruction | Lookup) else ""
        if not may_ask(str(asked.workflow_id), asked.activity_type, payment_id):
            raise _not_our_run(asked)
        return await super().execute_activity(input)


def _not_our_run(asked: activity.Info) -> ApplicationError:
    log.warning("asked_by_a_strangers_run", activity=asked.activity_type)
    return ApplicationError(
        f"{asked.activity_type} is asked by our own runs alone",
        type=NOT_OUR_RUN,
        non_retryable=True,
    )
