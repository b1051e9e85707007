"""A brand with one of everything, all of it the brand's alone, and all the names in it."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from temporalio.client import Client

from activities.access.credential import Role
from activities.settings import Settings
from tests.api.callers import intent, money, payout
from tests.doors.callers import ALL, OWN, Brands, Caller
from tests.workflows.world import HARD, FakePsp
from workflows.domain.events import PspEvent
from workflows.domain.identity import LATE_EVENT, late_workflow_id
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Operation

FIFTY = Money(5000, "EUR")
Ids = dict[str, str]


@dataclass(frozen=True)
class House:
    brands: Brands
    psp: str
    account: str
    ids: Ids = field(default_factory=dict)
    """By the names that routes give them."""

    @property
    def names(self) -> set[str]:
        """What nobody of another brand may ever read."""
        short = {"version", "change_id", "stop_id", "heard_id", "psp", "name"}
        ids = {name for key, name in self.ids.items() if key not in short}
        return {self.brands.own, self.account, *ids}


@dataclass(frozen=True)
class Builder:
    house: House
    people: dict[tuple[Role | None, str], Caller]
    psp: FakePsp
    app: FastAPI
    client: Client
    settings: Settings

    async def build(self) -> None:
        await self._account_and_policy()
        deposit = await self._deposit("5000.00")
        await self._money_back(deposit)
        await self._case()
        await self._told_by_psps(deposit["intent_id"])
        stop = {"operation": "captures", "psp": self.house.psp, "brand_id": self._brand,
                "merchant_account": self.house.account, "region": "north", "reason": "to look",
                "confirm": True}  # fmt: skip
        self.house.ids["stop_id"] = str((await self._post(self._operator, STOPS, stop))["id"])
        events = (await self._operator.ask("GET", f"{EVENTS}?limit=1")).json()["items"]
        self.house.ids["event_id"] = events[0]["id"]
        self.house.ids["psp"] = self.house.psp

    @property
    def _brand(self) -> str:
        return self.house.brands.own

    @property
    def _platform(self) -> Caller:
        return self.people[Role.PLATFORM, OWN]

    @property
    def _operator(self) -> Caller:
        return self.people[Role.OPERATOR, OWN]

    async def _account_and_policy(self) -> None:
        account = {"psp": self.house.psp, "id": self.house.account, "brands": [self._brand],
                   "kinds": ["deposit", "payout"], "methods": ["card"], "currencies": ["EUR"],
                   "regions": ["*"], "status": "active"}  # fmt: skip
        proposed = await self._post(
            self.people[Role.OPERATOR, ALL], ACCOUNTS, {"account": account, "reason": "new"}
        )
        await self._decide(self.people[Role.APPROVER, ALL], proposed["id"])
        document = policy_document(self.house)
        wish = {"policy": document, "brand_id": self._brand, "reason": "ours"}
        proposed = await self._post(self._operator, POLICIES, wish)
        await self._decide(self.people[Role.APPROVER, OWN], proposed["id"])
        again = document | {"cascade": {"attempts": 2}}
        proposed = await self._post(self._operator, POLICIES, wish | {"policy": again})
        self.house.ids.update({"policy_id": document["id"], "version": "1",
                           "change_id": str(proposed["id"]), "name": EXPERIMENT})  # fmt: skip

    async def _deposit(self, amount: str) -> dict[str, Any]:
        self.house.ids["player_id"] = f"player-{uuid.uuid4().hex}"
        opened = await self._opened(amount)
        done = await self._post(self._platform, f"{INTENTS}/{opened}/authorize", {})
        assert done["status"] == "CAPTURED", done
        self.house.ids.update({"intent_id": opened, "payment_id": opened,
                           "capture_id": done["capture_id"]})  # fmt: skip
        return done

    async def _opened(self, amount: str) -> str:
        wish = intent(player_id=self.house.ids["player_id"], amount=money(amount),
                      metadata=self._metadata, reference=f"ref-{self._brand}")  # fmt: skip
        return str((await self._post(self._platform, INTENTS, wish))["intent_id"])

    @property
    def _metadata(self) -> dict[str, str]:
        return {"brand_id": self._brand, "region": "eu"}

    async def _money_back(self, deposit: dict[str, Any]) -> None:
        refund = {"amount": money("10.00"), "refund_id": f"refund-{uuid.uuid4().hex}"}
        back = await self._post(
            self._platform, f"/v1/cashier/captures/{deposit['capture_id']}/refunds", refund
        )
        self.house.ids["refund_id"] = back["refund_id"]
        wish = payout(player_id=self.house.ids["player_id"], amount=money("2000.00"),
                      metadata=self._metadata)  # fmt: skip
        sent = await self._post(self._platform, PAYOUTS, wish)
        self.house.ids["payout_id"] = sent["payout_id"]

    async def _case(self) -> None:
        """A deposit that failed, and a PSP that says it did not."""
        self.psp.will_answer(Operation.AUTHORIZE, HARD)
        failed = await self._opened("50.00")
        await self._post(self._platform, f"{INTENTS}/{failed}/authorize", {})
        late = await self.client.start_workflow(
            LATE_EVENT,
            failed,
            id=late_workflow_id(failed),
            task_queue=self.settings.temporal.core_queue,
            start_signal="psp_event",
            start_signal_args=[self._event(failed, "capture", Operation.CAPTURE)],
        )
        await late.result()
        cases = (await self._operator.ask("GET", f"/v1/cases?payment_id={failed}")).json()
        self.house.ids["case_id"] = cases["items"][0]["id"]

    async def _told_by_psps(self, payment_id: str) -> None:
        event = self._event(payment_id, "authorize:1", Operation.AUTHORIZE)
        await self.app.state.webhooks.inbox.store([event])
        path = f"/v1/webhooks/events?payment_id={payment_id}"
        heard = (await self._operator.ask("GET", path)).json()["items"]
        self.house.ids["heard_id"] = str(heard[0]["id"])

    def _event(self, payment_id: str, step: str, operation: Operation) -> PspEvent:
        return PspEvent(
            psp=self.house.psp, event_id=f"evt-{uuid.uuid4().hex}", key=f"{payment_id}:{step}",
            operation=operation, reply=Approved("psp-9", FIFTY), amount=FIFTY,
            account=self.house.account, occurred_at="2031-01-31T12:00:00Z",
        )  # fmt: skip

    async def _decide(self, approver: Caller, change: int) -> None:
        word = {"decision": "approve", "reason": "seen"}
        await self._post(approver, f"/v1/routing/changes/{change}/decision", word)

    @staticmethod
    async def _post(caller: Caller, path: str, body: dict[str, Any]) -> dict[str, Any]:
        done = await caller.ask("POST", path, body)
        assert done.status_code in (200, 201, 202), (path, done.text)
        answer: dict[str, Any] = done.json()
        return answer


INTENTS, PAYOUTS, EVENTS = "/v1/cashier/intents", "/v1/cashier/payouts", "/v1/events"
ACCOUNTS, POLICIES = "/v1/routing/accounts", "/v1/routing/policies"
STOPS = "/v1/routing/stops"
EXPERIMENT = "spring"

Build = Callable[[], Awaitable[House]]


def policy_document(house: House) -> dict[str, Any]:
    account = f"{house.psp}/{house.account}"
    arms = [{"name": name, "weight": 1, "accounts": [account]} for name in ("control", "second")]
    experiment = {"name": EXPERIMENT, "salt": "s", "unit": "player", "minimum_sample": 500,
                  "arms": arms}  # fmt: skip
    rule = {"name": "french", "when": {"field": "card_country", "in": ["FR"]},
            "then": {"experiment": experiment}}  # fmt: skip
    return {"id": f"p-{house.brands.own}", "rules": [rule], "default": {"order": [account]}}
