"""A deposit on DBOS: the steps, the books, the plugin and what is written down are ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import asyncpg
from dbos import DBOS

from activities.psp.asked import Asked
from activities.psp.calls import PspCalls
from activities.psp.catalog import Catalog
from activities.psp.once import AskedOnce
from activities.registry.orders import read_order
from activities.risk.screen import RiskScreen
from activities.settings import Settings
from activities.wallet.ledger import Ledger
from workers.assembly import answers
from workflows.domain.deposits import DepositOrder, Status, credit_key_of
from workflows.domain.identity import SALE, Kind, capture_id_of, key_of
from workflows.domain.payments import Facts, Route
from workflows.domain.psp import (
    Approved,
    AuthorizeInstruction,
    CaptureInstruction,
    MerchantAccount,
    Operation,
    SellInstruction,
)
from workflows.domain.records import Closing, Record
from workflows.domain.risk import Cleared, ScreenRequest
from workflows.domain.routing.accounts import key_of_account
from workflows.domain.seals import digest_of
from workflows.domain.wallet import Credit
from workflows.ports import Routing
from workflows.steps.requests import routing_of

Act = TypeVar("Act", bound=Callable[..., Any])


class Ports:
    """What the steps ask; set once before the first workflow."""

    risk: RiskScreen
    routing: Routing
    psp: AskedOnce
    wallet: Ledger

    @classmethod
    def of(cls, settings: Settings, pool: asyncpg.Pool, catalog: Catalog) -> None:
        books = answers(settings, pool, catalog).books
        cls.risk = next(each for each in books if isinstance(each, RiskScreen))
        cls.routing = next(each for each in books if isinstance(each, Routing))
        cls.wallet = next(each for each in books if isinstance(each, Ledger))
        cls.psp = AskedOnce(Asked(pool), PspCalls(catalog))


def durable(act: Act) -> Act:
    """A workflow of DBOS."""
    made: Act = DBOS.workflow()(act)
    return made


def once(act: Act) -> Act:
    """A step of it: its result is kept, and not asked for again."""
    made: Act = DBOS.step()(act)
    return made


@durable
async def deposit(kept: dict[str, Any]) -> str:
    """Gives the status. Every decline is a failure: what is measured is the plain way."""
    order = read_order(Kind.DEPOSIT, kept)
    assert isinstance(order, DepositOrder)
    route = await routed(order)
    if route is None:
        return Status.FAILED
    account = route.candidates[0]
    step = SALE if key_of_account(account) in route.sells else Operation.AUTHORIZE
    held = await authorized(order, account, step)
    if held is None:
        return Status.FAILED
    taken = held if held.captured else await captured(order, account, held)
    if taken is None:
        return Status.FAILED
    await credited(order, account, held, taken)
    return Status.CAPTURED


@once
async def routed(order: DepositOrder) -> Route | None:
    """Both questions at once, in one step: None when it is stopped or nobody takes it."""
    verdict, route = await asyncio.gather(_screened(order), _route(order))
    return route if isinstance(verdict, Cleared) and route.candidates else None


@once
async def authorized(order: DepositOrder, account: MerchantAccount, step: str) -> Approved | None:
    """By a sale where ours would sell, in one call to the PSP."""
    kind = SellInstruction if step == SALE else AuthorizeInstruction
    instruction = kind(
        key=key_of(order.intent_id, step, 1),
        account=account,
        amount=order.amount,
        trace_id=order.trace_id,
        method=order.method,
        payment_token=order.payment_token,
        player_id=order.player.id,
        return_url=order.return_url,
        order=digest_of(order),
    )
    if isinstance(instruction, SellInstruction):
        outcome = await Ports.psp.sell(instruction)
    else:
        outcome = await Ports.psp.authorize(instruction)
    return outcome if isinstance(outcome, Approved) else None


@once
async def captured(
    order: DepositOrder, account: MerchantAccount, held: Approved
) -> Approved | None:
    instruction = CaptureInstruction(
        key=key_of(order.intent_id, Operation.CAPTURE, 1),
        account=account,
        amount=order.amount,
        trace_id=order.trace_id,
        psp_ref=held.psp_ref,
        authorize_key=key_of(order.intent_id, Operation.AUTHORIZE, 1),
        order=digest_of(order),
    )
    outcome = await Ports.psp.capture(instruction)
    return outcome if isinstance(outcome, Approved) else None


@once
async def credited(
    order: DepositOrder, account: MerchantAccount, held: Approved, taken: Approved
) -> None:
    """The credit and the version that tells of it, in one transaction."""
    facts = Facts(
        account=account,
        psp_ref=held.psp_ref,
        captured=taken.amount,
        capture_id=capture_id_of(order.intent_id),
        capture_ref=taken.psp_ref,
    )
    await Ports.wallet.close(
        Closing(
            command=Credit(
                key=credit_key_of(order.intent_id),
                player=order.player,
                amount=taken.amount,
                source=account,
                payment_id=order.intent_id,
            ),
            record=Record(
                payment_id=order.intent_id,
                version=2,
                status=Status.CAPTURED,
                final=True,
                facts=facts,
                at=datetime.now(UTC).isoformat(),
            ),
        )
    )


async def _screened(order: DepositOrder) -> object:
    return await Ports.risk.screen(
        ScreenRequest(
            kind=Kind.DEPOSIT,
            player=order.player,
            amount=order.amount,
            method=order.method,
            region=order.region,
            segment=order.segment,
            as_of=datetime.now(UTC).isoformat(),
            payment_id=order.intent_id,
        )
    )


async def _route(order: DepositOrder) -> Route:
    return await Ports.routing.route(routing_of(order))
