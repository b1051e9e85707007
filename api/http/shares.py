"""What brands share in this process, and how much of it one of them may have.

`Seats` are refused when a brand has taken its share: what takes long. `Turns` are waited for, brand
by brand in turn: what takes milliseconds, such as a connection to the database. However much one
brand asks, another one waits for one turn at most.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from activities.access.credential import ALL_BRANDS, Credential
from api.http.errors import Problem


def used_up(share: str, whose: str, most: int, retry_after: int) -> Problem:
    """429 `share-used-up`, with `share` and `at_most`; `whose` names a brand or credential."""
    return Problem(
        429,
        "share-used-up",
        "The share of the brand is used up",
        f"{whose} has {most} of at most {most} {share}; other brands are not touched. "
        f"Try again in {retry_after} s",
        headers={"Retry-After": str(retry_after)},
        extra={"share": share, "at_most": most},
    )


class Seats:
    """Places that nobody waits for: taken, or refused at once."""

    def __init__(self, share: str, *, each: int, most: int, retry_after: int = 5) -> None:
        """`each` for one brand, `most` for all of them in this process."""
        self._share = share
        self._each = each
        self._most = most
        self._retry_after = retry_after
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken(self, brand: str) -> Iterator[None]:
        """Raises Problem `share-used-up`, or `busy` when the whole process has no more."""
        if self._taken[brand] >= self._each:
            raise used_up(self._share, f"brand {brand}", self._each, self._retry_after)
        if self._taken.total() >= self._most:
            raise Problem(
                503,
                "busy",
                "Nothing is free for the moment",
                f"this process has {self._most} {self._share}, of all brands together",
                headers={"Retry-After": str(self._retry_after)},
            )
        self._taken[brand] += 1
        try:
            yield
        finally:
            self._taken[brand] -= 1
            if not self._taken[brand]:
                del self._taken[brand]


class Turns:
    """Places that are waited for, and go to the brands in turn."""

    def __init__(self, places: int, *, waiting: int) -> None:
        """Of `places` one brand has four in five at most, and `waiting` requests that wait."""
        self._free = places
        self._each = max(1, places * 4 // 5)
        self._waiting = waiting
        self._held: Counter[str] = Counter()
        self._queues: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        """By brand; the first is served next."""

    async def enter(self, brand: str, *, always: bool = False) -> None:
        """Raises Problem `share-used-up` when too many of the brand wait, unless `always`."""
        if self._free and self._held[brand] < self._each and brand not in self._queues:
            self._take(brand)
            return
        queue = self._queues.setdefault(brand, deque())
        if len(queue) >= self._waiting and not always:
            raise used_up("requests that wait for the database", brand, self._waiting, 1)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(brand)
            raise

    def leave(self, brand: str) -> None:
        """The place goes to whoever waits next, of whichever brand."""
        self._held[brand] -= 1
        if not self._held[brand]:
            del self._held[brand]
        self._free += 1
        self._serve()

    def _take(self, brand: str) -> None:
        self._free -= 1
        self._held[brand] += 1

    def _serve(self) -> None:
        for brand in list(self._queues):
            if not self._free:
                return
            if self._held[brand] < self._each and self._call_next(brand):
                self._take(brand)
                if brand in self._queues:
                    self._queues.move_to_end(brand)

    def _call_next(self, brand: str) -> bool:
        """Whether somebody was there who still waits."""
        queue, called = self._queues[brand], False
        while queue and not called:
            turn = queue.popleft()
            if not turn.done():
                turn.set_result(None)
                called = True
        if not queue:
            del self._queues[brand]
        return called


class _Turn:
    """One request's."""

    def __init__(self, turns: Turns, brand: str) -> None:
        self._turns = turns
        self._brand = brand
        self._holds = False

    async def take(self, *, always: bool = False) -> None:
        if not self._holds:
            await self._turns.enter(self._brand, always=always)
            self._holds = True

    def leave(self) -> None:
        if self._holds:
            self._holds = False
            self._turns.leave(self._brand)


_turn: ContextVar[_Turn | None] = ContextVar("the turn of the request", default=None)


async def take_turn(request: Request, turns: Turns, credential: Credential) -> None:
    """For the rest of the request. A credential of several brands has a share of its own."""
    only = next(iter(credential.brands)) if len(credential.brands) == 1 else ALL_BRANDS
    whose = f"credential {credential.name}" if only == ALL_BRANDS else f"brand {only}"
    turn = _Turn(turns, whose)
    await turn.take()
    request.state.turn = turn
    _turn.set(turn)


@asynccontextmanager
async def elsewhere() -> AsyncIterator[None]:
    """While something else than the database is waited for, the turn is another's."""
    turn = _turn.get()
    if turn is not None:
        turn.leave()
    try:
        yield
    finally:
        if turn is not None:
            await turn.take(always=True)


class Sharing:
    """Gives back a request's turn when it has been answered, or when its stream begins."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        state = scope.setdefault("state", {})
        try:
            return await self._app(scope, receive, send)
        finally:
            give_back(state)


def give_back(state: dict[str, _Turn]) -> None:
    """Out of a request's state; once, however often it is called."""
    turn = state.pop("turn", None)
    if turn is not None:
        turn.leave()
