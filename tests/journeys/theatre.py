"""A stack with the lookalike of a real PSP: the front door, and the other side of its curtain."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx

from activities.audit.audit import audit
from activities.audit.report import Report
from activities.audit.scope import Scope
from infra.local.demo.cashier import Body, Cashier
from infra.local.demo.cast import Cast
from infra.local.demo.play import Scene, scene
from infra.local.stack.addresses import Stack
from infra.local.stack.settings import Ports
from infra.local.stack.stack import local_stack
from infra.postgres import open_pool
from infra.settings import Postgres, Temporal
from infra.temporal import connect
from tests.journeys.drills import books_hold

_LOOKS = 10


@dataclass
class Theatre:
    stack: Stack
    at: Scene
    problems: list[str] = field(default_factory=list)
    """The body of every problem that the API gave."""

    @property
    def cashier(self) -> Cashier:
        return self.at.cashier

    @property
    def cast(self) -> Cast:
        return self.at.cashier.cast

    async def story(self, payment_id: str) -> list[str]:
        return await self.at.psp.story(payment_id)

    async def lose_the_next_answer(self) -> None:
        """Of whatever we ask of the PSP next: it is done, and we do not hear of it."""
        await self.order("faults", method="POST", fault="lost_after")

    async def no_fault_is_left(self) -> bool:
        answer = (await self.at.psp.http.get("/_control/faults")).json()
        return bool(answer["faults"] == [])

    async def order_none(self) -> None:
        """Whatever fault was ordered and met nobody."""
        assert (await self.at.psp.http.delete("/_control/faults")).is_success

    @asynccontextmanager
    async def webhooks(self, mode: str) -> AsyncIterator[None]:
        """Sent in that way meanwhile; what was withheld is sent afterwards."""
        await self.order("webhooks", mode=mode)
        try:
            yield
        finally:
            await self.order("webhooks", mode="in_order")
            await self.order("webhooks/resend")

    async def order(self, what: str, **arguments: object) -> Body:
        answer = await self.at.psp.http.post(f"/_control/{what}", json=arguments)
        assert answer.is_success, answer.text
        body: Body = answer.json()
        return body

    async def switch(self, *, on: bool) -> None:
        """The PSP's method, for new payments, as an operator does it."""
        asked = {"psp": self.cast.psp, "method": self.cast.method, "enabled": on}
        headers = {
            "Authorization": f"Bearer {self.cashier.tokens['operator']}",
            "X-Idempotency-Key": uuid.uuid4().hex,
        }
        answer = await self.cashier.api.put(
            "/v1/routing/switches", json={**asked, "reason": "drill"}, headers=headers
        )
        assert answer.status_code == 201, answer.text

    async def nothing_is_found(self) -> None:
        """The demo's proofs, and every invariant of the audit, down to the last payment."""
        await books_hold(self.at)
        report = await self.audited()
        assert report.holds, report.lines()
        assert [finding.name for finding in report.findings if not finding.checked] == []

    async def audited(self) -> Report:
        """Without patience: what comes last may be on its way still, and is looked at again."""
        scope = Scope(
            patience=timedelta(0),
            histories=None,
            logs=[self.stack.folder / "log"],
            psp=self.cast.psp,
        )
        client = await connect(Temporal(address=self.stack.temporal.address))
        chosen = Postgres.model_validate({"url": self.stack.postgres.database().auditor_url})
        async with await open_pool(chosen) as pool:
            report = await audit(pool, client, self.stack.psp_url, scope)
            for _ in range(_LOOKS):
                if report.holds:
                    break
                await asyncio.sleep(0.2)
                report = await audit(pool, client, self.stack.psp_url, scope)
        return report


@asynccontextmanager
async def theatre_of(psp: str, folder: Path) -> AsyncIterator[Theatre]:
    ports = Ports.free(headless=True)
    async with (
        local_stack(folder, psp=psp, ports=ports, durable=False) as stack,
        scene(stack) as at,
    ):
        opened = Theatre(stack, at)

        async def note(response: httpx.Response) -> None:
            if response.status_code >= 400:
                opened.problems.append((await response.aread()).decode())

        at.cashier.api.event_hooks["response"].append(note)
        yield opened
