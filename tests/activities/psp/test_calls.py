"""A question to a PSP is asked once, and ends as an outcome whatever the plugin does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.psp import calls
from activities.psp.calls import PspCalls
from activities.psp.catalog import Catalog
from activities.psp.contract import Adapter
from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp.orders import AMOUNT, instructions, lookup_of
from workflows.domain.psp import (
    Approved,
    CaptureInstruction,
    Declined,
    Finding,
    Lookup,
    MerchantAccount,
    NotFound,
    NotSent,
    Operation,
    Pending,
    Reply,
    Unknown,
)
from workflows.policies import PSP_CALL
from workflows.steps.psp_calls import NOT_CAPABLE

CAPTURE: Any = instructions(MerchantAccount("tale", "primary"))[Operation.CAPTURE]
LOOKUP = lookup_of(CAPTURE, Operation.CAPTURE)


class TaleAdapter:
    """Captures and resolves as it is told, and nothing else."""

    def __init__(self, tell: Callable[[], Any]) -> None:
        self._tell = tell
        self.asked = 0
        self.closed = False

    async def capture(self, instruction: CaptureInstruction) -> Reply:
        self.asked += 1
        reply: Reply = await self._told()
        return reply

    async def look_up(self, lookup: Lookup) -> Finding:
        self.asked += 1
        finding: Finding = await self._told()
        return finding

    async def aclose(self) -> None:
        self.closed = True

    async def _told(self) -> Any:
        reply = self._tell()
        return await reply if asyncio.iscoroutine(reply) else reply


class TalePlugin:
    name = "tale"

    def __init__(self, tell: Callable[[], Any]) -> None:
        self.adapter = TaleAdapter(tell)

    def connect(self) -> Adapter:
        return self.adapter


def raising(error: Exception) -> Callable[[], Any]:
    def tell() -> Any:
        raise error

    return tell


async def outcome_of(tell: Callable[[], Any], deadline_seconds: float = 5.0) -> Any:
    plugin = TalePlugin(tell)
    psp = PspCalls(Catalog({"tale": plugin}), deadline_seconds=deadline_seconds)
    outcome = await ActivityEnvironment().run(psp.capture, CAPTURE)
    assert plugin.adapter.asked == 1
    return outcome


async def finding_of(tell: Callable[[], Any]) -> Any:
    psp = PspCalls(Catalog({"tale": TalePlugin(tell)}))
    return await ActivityEnvironment().run(psp.look_up, LOOKUP)


async def test_what_the_psp_says_comes_back() -> None:
    assert await outcome_of(lambda: Approved("cap_1", AMOUNT)) == Approved("cap_1", AMOUNT)
    assert await outcome_of(lambda: Pending("cap_1")) == Pending("cap_1")


async def test_what_never_left_is_not_sent() -> None:
    assert await outcome_of(raising(NeverSent("no connection"))) == NotSent("no connection")


async def test_a_lost_answer_is_unknown() -> None:
    assert await outcome_of(raising(InDoubt("no answer"))) == Unknown("no answer")


async def test_a_plugin_that_breaks_leaves_doubt_and_tells_no_secret() -> None:
    with structlog.testing.capture_logs() as lines:
        outcome = await outcome_of(raising(KeyError("sk_secret")))
    assert outcome == Unknown("the plugin failed (KeyError)")
    assert [line["log_level"] for line in lines] == ["error", "info"]
    assert lines[0]["where"].startswith("tests.activities.psp.test_calls:")
    assert "sk_secret" not in str(lines)


async def test_a_plugin_that_answers_nothing_leaves_doubt() -> None:
    assert await outcome_of(lambda: None) == Unknown("the plugin failed (TypeError)")
    assert await outcome_of(NotFound) == Unknown("the plugin failed (TypeError)")


async def test_a_plugin_that_does_not_end_leaves_doubt() -> None:
    outcome = await outcome_of(lambda: asyncio.sleep(60), deadline_seconds=0.05)
    assert outcome == Unknown("no answer within 0.05 s")


async def test_a_lookup_that_was_not_sent_found_nothing_out() -> None:
    assert await finding_of(raising(NeverSent("no connection"))) == Unknown("no connection")
    assert await finding_of(raising(InDoubt("no answer"))) == Unknown("no answer")
    assert await finding_of(raising(ValueError("x"))) == Unknown("the plugin failed (ValueError)")
    assert await finding_of(lambda: Approved("cap_1", AMOUNT)) == Approved("cap_1", AMOUNT)


async def test_what_a_psp_cannot_do_is_refused_before_anything_is_sent() -> None:
    plugin = TalePlugin(lambda: None)
    psp = PspCalls(Catalog({"tale": plugin}))
    others: dict[Operation, Any] = {
        Operation.AUTHORIZE: psp.authorize,
        Operation.VOID: psp.void,
        Operation.REFUND: psp.refund,
        Operation.PAYOUT: psp.payout,
    }
    for operation, method in others.items():
        with pytest.raises(ApplicationError, match=f"tale cannot {operation}") as raised:
            await ActivityEnvironment().run(method, instructions(CAPTURE.account)[operation])
        assert raised.value.type == NOT_CAPABLE
        assert raised.value.non_retryable
    assert plugin.adapter.asked == 0


async def test_a_psp_that_this_worker_does_not_speak_to_is_refused_likewise() -> None:
    with pytest.raises(ApplicationError, match="does not speak to tale") as raised:
        await ActivityEnvironment().run(PspCalls(Catalog()).look_up, LOOKUP)
    assert raised.value.type == NOT_CAPABLE


async def test_a_call_beats_while_it_lasts() -> None:
    beats: list[Any] = []
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: beats.append(details)
    plugin = TalePlugin(lambda: asyncio.sleep(0.1, NotFound()))
    await environment.run(PspCalls(Catalog({"tale": plugin}), beat_seconds=0.01).look_up, LOOKUP)
    seen = len(beats)
    assert seen >= 3
    await asyncio.sleep(0.05)
    assert len(beats) == seen


async def test_a_worker_that_stops_ends_its_calls() -> None:
    environment = ActivityEnvironment()
    psp = PspCalls(Catalog({"tale": TalePlugin(lambda: asyncio.sleep(60))}))
    call = asyncio.create_task(environment.run(psp.capture, CAPTURE))
    await asyncio.sleep(0.02)
    environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_every_call_is_written_down_once() -> None:
    with structlog.testing.capture_logs() as lines:
        await outcome_of(lambda: Declined("capture_refused", False, "X"))
    (line,) = lines
    assert line.pop("milliseconds") < 1000
    assert line == {
        "event": "psp_called",
        "log_level": "info",
        "operation": "capture",
        "psp": "tale",
        "merchant_account": "primary",
        "key": "in_cert:capture",
        "trace_id": "trace_1",
        "outcome": "declined",
        "code": "X",
        "why": None,
    }


def test_a_call_ends_before_its_activity() -> None:
    assert PSP_CALL["start_to_close_timeout"].total_seconds() > calls.DEADLINE_SECONDS
    assert PSP_CALL["heartbeat_timeout"].total_seconds() > 2 * calls.BEAT_SECONDS
