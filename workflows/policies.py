"""How long we wait and how often we ask, by kind of step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TypedDict

from temporalio.common import RetryPolicy


class PspCallOptions(TypedDict):
    start_to_close_timeout: timedelta
    schedule_to_start_timeout: timedelta
    heartbeat_timeout: timedelta
    retry_policy: RetryPolicy


class QuickCallOptions(TypedDict):
    start_to_close_timeout: timedelta
    retry_policy: RetryPolicy


class BookOptions(TypedDict):
    start_to_close_timeout: timedelta
    retry_policy: RetryPolicy


PSP_CALL: PspCallOptions = {
    # Longer than the HTTP deadline and what is written down before and after it, so that it is the
    # call that gives up, with its reason.
    "start_to_close_timeout": timedelta(seconds=20),
    "schedule_to_start_timeout": timedelta(minutes=10),
    # A call beats while it lasts: a dead worker is noticed before the deadline.
    "heartbeat_timeout": timedelta(seconds=5),
    "retry_policy": RetryPolicy(maximum_attempts=1),
}

QUICK_CALL: QuickCallOptions = {
    # The call itself gives up its place after QUICK_SECONDS; this is for a worker that is stuck.
    "start_to_close_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(maximum_attempts=1),
}

QUICK_SECONDS = 2.0
"""A call keeps its run's task no longer: a task that lasts longer than the server waits for it
would be written in pieces, or begun again elsewhere."""

BOOK: BookOptions = {
    "start_to_close_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(milliseconds=100), maximum_interval=timedelta(seconds=10)
    ),
}

UNSENT_PAUSES = tuple(timedelta(seconds=s) for s in (1, 2, 5, 10, 30, 60, 120, 300))
"""What provably never left us is sent again after these pauses, under the same key."""

TELL_OF_DOUBT_AFTER = 2
"""Looks until the outside is told CLARIFYING: most doubts end before anybody need worry."""

CASE_OF_DOUBT_AFTER = 9
"""Looks (about twenty minutes) until a person is told. Looking goes on."""

COMPLETION_PAUSES = UNSENT_PAUSES[:4]
"""The player is waiting."""

RETURNS_AT_MOST = 20
"""Times that a player's return is told to the PSP: a page may be loaded again and again."""

CASE_OF_SILENCE_AFTER = 4
"""Looks at a PSP that has no status to give (about three days) until a person is told."""

EXPIRED_TOGETHER = 500
"""Intents in one transaction: whoever begins one of them waits for it."""

EXPIRY_EVERY = timedelta(minutes=1)
"""So long an intent may be overdue that nobody looks at; a command that meets it ends it."""

TASK_TIMEOUT = timedelta(seconds=3)
"""After so long a dead worker's workflow task goes to another one."""

KEY_IS_DEAD_AFTER = 6
"""Repetitions (over some minutes) that a PSP answered with an error while it knew of nothing done,
before and after each: it has stored the error under the key, and would give it for ever."""

NEVER_ARRIVED_AFTER = 2
"""Times the PSP must not know an instruction before we act on that."""

HOLD_LASTS = timedelta(days=7)
"""A hold that nobody captures is voided before card schemes let it lapse."""

LOOK_BEFORE_A_HOLD_LAPSES = timedelta(days=1)
"""Of a deposit that is parked: is the hold still there?"""

ASK_AGAIN_AFTER = timedelta(hours=1)
"""A parked run asks by itself whether it may go on: who resumes it may have been lost."""

LET_HISTORY_HAVE_IT = timedelta(milliseconds=1)
"""What ends a payment is a decision: history has it before the books do. A worker or server that
dies in between may have heard a rival decision first when it comes back."""

APPROVAL_LASTS = timedelta(days=30)
"""A payout that nobody decides on is given back to the player."""

PROPOSAL_COMES_WITHIN = timedelta(hours=1)
"""The run of a case's resolution is started for a proposal: without one it ends."""

POSTPONED_AT_MOST = timedelta(days=30)


def doubt_rhythm() -> Iterator[timedelta]:
    """When we look for an answer that was lost."""
    yield from (timedelta(seconds=s) for s in (1, 2, 4, 8, 15, 30, 60, 300, 600, 1800, 3600))
    yield from _for_days()


def pending_rhythm() -> Iterator[timedelta]:
    """When we look for a result that the PSP promised: its webhook may be lost."""
    yield from (timedelta(seconds=s) for s in (30, 60, 120, 300, 600, 1800, 3600))
    yield from _for_days()


def silent_rhythm() -> Iterator[timedelta]:
    """How long we only listen to a PSP that cannot be asked, until we try again."""
    while True:
        yield timedelta(days=1)


def _for_days() -> Iterator[timedelta]:
    """Four times on the first day, then daily: a month of waiting stays a short history."""
    yield from [timedelta(hours=6)] * 4
    while True:
        yield timedelta(days=1)
