"""Telling an outage of Postgres or Temporal, which passes, from a bug, which does not."""

from __future__ import annotations

import asyncpg
import sqlalchemy.exc
from temporalio.service import RPCError, RPCStatusCode

from api.http.errors import Problem, unavailable
from infra.postgres import AWAY

_DATABASE = (*AWAY, asyncpg.DeadlockDetectedError, sqlalchemy.exc.TimeoutError)
_TEMPORAL = {
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.ABORTED,
    RPCStatusCode.INTERNAL,
    RPCStatusCode.UNKNOWN,
}


def problem_of(error: BaseException) -> Problem | None:
    """The 503 for an outage; None for anything else."""
    if isinstance(error, RPCError) and error.status is RPCStatusCode.FAILED_PRECONDITION:
        # Its tasks fail or time out: no worker is well, or a bug in it is being mended.
        return unavailable("the worker that runs this payment", retry_after=5)
    if isinstance(error, RPCError):
        return unavailable("Temporal") if error.status in _TEMPORAL else None
    if isinstance(error, _DATABASE) or _lost_while_reading(error):
        return unavailable("the database")
    return None


def _lost_while_reading(error: BaseException) -> bool:
    if not isinstance(error, sqlalchemy.exc.DBAPIError):
        return False
    causes = (error.orig, getattr(error.orig, "__cause__", None))
    return error.connection_invalidated or any(isinstance(cause, _DATABASE) for cause in causes)
