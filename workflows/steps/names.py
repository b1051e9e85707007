"""Which run a name is of: each payment and case has one."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ApplicationError


def require_own_name(name: str) -> None:
    """That the run has the one name of its payment or case, under which it alone may ask a PSP, and
    does not keep another one from its messages. Raises ApplicationError `NotItsName`, which ends
    it: a second run of a payment, started by hand, does nothing."""
    given = workflow.info().workflow_id
    if given != name:
        raise ApplicationError(
            f"this run is called {given}, and does nothing: its own name would be {name}",
            type="NotItsName",
            non_retryable=True,
        )
