"""Whatever order the PSP's facts come in, before the end or after it, the money ends the same."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import permutations

from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

from tests.workflows.asking import Handle, authorize, complete
from tests.workflows.orders import FIFTY, deposit
from tests.workflows.world import CHALLENGE, HARD, FakePsp, World, a_world, working
from workflows.domain.deposits import DepositOrder
from workflows.domain.events import PspEvent
from workflows.domain.psp import (
    Approved,
    AuthorizeInstruction,
    CaptureInstruction,
    Finding,
    Lookup,
    Operation,
    Outcome,
    Pending,
    Ready,
)
from workflows.domain.psp import Fact as Told

YES = Approved("psp-1", FIFTY)
AT_ONCE = 24
Fact = tuple[str, Operation, Told, str]

CONTRADICTORY: tuple[Fact, ...] = (
    ("authorize:1", Operation.AUTHORIZE, YES, "evt-yes"),
    ("authorize:1", Operation.AUTHORIZE, YES, "evt-yes"),
    ("authorize:1", Operation.AUTHORIZE, HARD, "evt-no"),
    ("capture", Operation.CAPTURE, YES, "evt-captured"),
    ("void:1", Operation.VOID, YES, "evt-void"),
)
PROMISED: tuple[Fact, ...] = (
    ("authorize:1", Operation.AUTHORIZE, YES, "evt-yes"),
    ("authorize:1", Operation.AUTHORIZE, YES, "evt-yes"),
    ("authorize:1", Operation.AUTHORIZE, CHALLENGE, "evt-page"),
    ("capture", Operation.CAPTURE, YES, "evt-captured"),
    ("capture", Operation.CAPTURE, YES, "evt-again"),
)
COMPLETED: tuple[Fact | None, ...] = (
    None,
    ("authorize:1", Operation.AUTHORIZE, Ready("psp-1"), "evt-ready"),
    ("authorize:1", Operation.AUTHORIZE, YES, "evt-yes"),
    ("capture", Operation.CAPTURE, YES, "evt-captured"),
)
"""None is the player who comes back."""


class Decided(FakePsp):
    """Says the same to every deposit."""

    def __init__(self, authorized: Outcome, captured: Outcome = YES) -> None:
        super().__init__()
        self._authorized, self._captured = authorized, captured

    async def authorize(self, instruction: AuthorizeInstruction) -> Outcome:
        await super().authorize(instruction)
        return self._authorized

    async def capture(self, instruction: CaptureInstruction) -> Outcome:
        await super().capture(instruction)
        return self._captured

    async def look_up(self, lookup: Lookup) -> Finding:
        return Pending("psp-1")

    def of(self, payment_id: str) -> Counter[str]:
        """What it was asked about one payment, and how often."""
        keys = [asked.key for asked in self.asked if asked.payment_id == payment_id]
        return Counter(key.partition(":")[2] for key in keys)


def orders(facts: Sequence[Fact]) -> Iterator[tuple[Fact, ...]]:
    """Every order once: two facts that are the same make no difference."""
    yield from dict.fromkeys(permutations(facts))


def splits(facts: Sequence[Fact]) -> Iterator[tuple[tuple[Fact, ...], int]]:
    """Every order, with the end of the payment before, behind or somewhere in it."""
    for number, order in enumerate(orders(facts)):
        yield order, number % (len(order) + 1)


def event_of(world: World, order: DepositOrder, fact: Fact) -> PspEvent:
    step, operation, reply, name = fact
    event_id = f"{order.intent_id}-{name}"
    return world.event(f"{order.intent_id}:{step}", operation, reply, event_id=event_id)


async def tell(world: World, handle: Handle, event: PspEvent) -> None:
    """As the relay does: to the payment's run, or to the one that sees to late facts."""
    try:
        await handle.signal("psp_event", event)
    except RPCError as error:
        assert error.status is RPCStatusCode.NOT_FOUND
        await world.late(event)


async def lived(world: World, facts: tuple[Fact, ...], cut: int) -> DepositOrder:
    """One deposit: facts before it is authorized, and the others when it is over."""
    order = deposit()
    handle = await world.start(order)
    for fact in facts[:cut]:
        await tell(world, handle, event_of(world, order, fact))
    await authorize(handle)
    await handle.result()
    for fact in facts[cut:]:
        late = await world.late(event_of(world, order, fact))
    if facts[cut:]:
        await late.result()
    return order


async def every_life(world: World) -> list[DepositOrder]:
    room = asyncio.Semaphore(AT_ONCE)

    async def live(facts: tuple[Fact, ...], cut: int) -> DepositOrder:
        async with room:
            return await lived(world, facts, cut)

    return await asyncio.gather(*(live(*life) for life in splits(CONTRADICTORY)))


def credited(world: World, order: DepositOrder) -> int:
    return world.wallet.keys.count(f"{order.intent_id}:credit")


async def test_a_deposit_that_was_declined_ends_without_a_hold_and_without_a_credit(
    temporal_client: Client,
) -> None:
    psp = Decided(HARD)
    async with working(a_world(temporal_client), psp) as world:
        lives = await every_life(world)
    assert len(lives) == 60
    for order in lives:
        assert psp.of(order.intent_id) == {"authorize:1": 1, "void:1": 1}, order
        assert credited(world, order) == 0
        assert world.books.of(order.intent_id)[-1].status == "FAILED"
        versions = [record.version for record in world.books.of(order.intent_id)]
        assert versions == list(range(2, 2 + len(versions)))


async def test_a_deposit_that_was_captured_stays_captured_and_is_credited_once(
    temporal_client: Client,
) -> None:
    psp = Decided(YES)
    async with working(a_world(temporal_client), psp) as world:
        lives = await every_life(world)
    for order in lives:
        assert psp.of(order.intent_id) == {"authorize:1": 1, "capture": 1}, order
        assert credited(world, order) == 1
        assert world.books.of(order.intent_id)[-1].status == "CAPTURED"


async def test_a_promised_deposit_is_captured_whatever_is_heard_first(
    temporal_client: Client,
) -> None:
    psp = Decided(CHALLENGE, Pending("psp-1"))
    async with working(a_world(temporal_client), psp) as world:

        async def live(facts: tuple[Fact, ...]) -> DepositOrder:
            order = deposit()
            handle = await world.start(order)
            asked = asyncio.ensure_future(authorize(handle))
            for fact in facts:
                await tell(world, handle, event_of(world, order, fact))
            await asked
            await handle.result()
            return order

        every = list(orders(PROMISED))
        lives = [
            order
            for start in range(0, len(every), AT_ONCE)
            for order in await asyncio.gather(*map(live, every[start : start + AT_ONCE]))
        ]
    assert len(lives) == 60
    for order in lives:
        assert psp.of(order.intent_id) == {"authorize:1": 1, "capture": 1}, order
        assert credited(world, order) == 1
    assert world.books.cases == {}


async def test_a_completed_deposit_is_captured_whoever_tells_first_that_the_player_is_done(
    temporal_client: Client,
) -> None:
    psp = Decided(CHALLENGE)
    async with working(a_world(temporal_client), psp) as world:

        async def live(facts: tuple[Fact | None, ...]) -> DepositOrder:
            order = deposit()
            handle = await world.start(order)
            await authorize(handle)
            for fact in facts:
                if fact is not None:
                    await tell(world, handle, event_of(world, order, fact))
                else:
                    # Refused, or the run is over: the PSP's word was faster.
                    with suppress(WorkflowUpdateFailedError, RPCError):
                        await complete(handle)
            await handle.result()
            return order

        lives = await asyncio.gather(*map(live, permutations(COMPLETED)))
    assert len(lives) == 24
    completions: Counter[int] = Counter()
    for order in lives:
        asked = psp.of(order.intent_id)
        completions[asked.pop("authorize:1:complete:1", 0)] += 1
        assert asked == {"authorize:1": 1, "capture": 1}, order
        assert credited(world, order) == 1
    assert set(completions) == {0, 1}
    assert world.books.cases == {}
