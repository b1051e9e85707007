"""Faults to order: the next matching requests meet them, whatever they ask. What each does:

lost_before, lost_after: the connection is closed without an answer, before or after executing
status_<n>_before (500): not executed · status_<n>_after (500): executed, the answer is an error
status_409, status_429, status_503: not executed, the PSP's own words for it
garbage: executed, the answer is cut in the middle
html: not executed, a page of HTML with status 200 comes from something in front of the PSP
slow: executed at once, answered after a while
reset: executed, the answer begins and then the connection is reset
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, Response

from infra.local.psps.base.wire import LostAnswer, TornAnswer

_MAINTENANCE = "<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"


class Fault(BaseModel):
    """What a request must be to meet it is each PSP's own. `times` null: until deleted."""

    model_config = ConfigDict(extra="forbid")

    times: Annotated[int, Field(ge=1)] | None = 1


class Orders(Protocol):
    """Where the faults that were ordered are kept, as JSON."""

    def load(self) -> list[tuple[int, str]]:
        """The oldest first, by number."""
        ...

    def add(self, document: str) -> int:
        """Returns its number."""
        ...

    def change(self, number: int, document: str) -> None: ...

    def delete(self, number: int) -> None: ...

    def clear(self) -> None: ...


Known = TypeVar("Known", bound=Fault)


class Faults(Generic[Known]):
    def __init__(self, kind: type[Known], orders: Orders) -> None:
        self.kind, self._orders = kind, orders
        loaded = orders.load()
        self._ordered = {number: kind.model_validate_json(text) for number, text in loaded}

    def order(self, fault: Known) -> None:
        self._ordered[self._orders.add(fault.model_dump_json())] = fault

    def strike(self, meets: Callable[[Known], bool]) -> Known | None:
        """The oldest that this request meets; it is used up by that."""
        for number, fault in self._ordered.items():
            if meets(fault):
                self._use(number, fault)
                return fault
        return None

    def read(self) -> list[Known]:
        return list(self._ordered.values())

    def clear(self) -> None:
        self._orders.clear()
        self._ordered.clear()

    def _use(self, number: int, fault: Known) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times > 0:
            self._orders.change(number, fault.model_dump_json())
        else:
            self._orders.delete(number)
            del self._ordered[number]


async def handed_over(
    response: Response,
    fault: str | None,
    answer: Callable[[int], Response],
    *,
    seconds: float,
    closing: asyncio.Event,
) -> Response:
    """The response as the caller gets it; `answer` makes the PSP's own words for a status.

    Nobody waits on purpose once the process is `closing`.
    """
    match fault:
        case "lost_before" | "lost_after":
            return LostAnswer()
        case "status_500_before" | "status_500_after":
            return answer(500)
        case "status_409" | "status_429" | "status_503":
            return answer(int(fault.removeprefix("status_")))
        case "html" | "html_200":
            return HTMLResponse(_MAINTENANCE)
        case "garbage":
            cut = bytes(response.body)[: len(response.body) // 2]
            return Response(cut, response.status_code, media_type="application/json")
        case "reset":
            return TornAnswer(response.body)
        case "slow":
            return LostAnswer() if await _has_come(closing, seconds) else response
    return response


async def _has_come(closing: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await closing.wait()
    except TimeoutError:
        return False
