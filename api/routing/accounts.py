"""Merchant accounts: what each serves, within what limits, at what cost."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from activities.routing.changes.change import Change, ChangeRefused, Subject
from activities.routing.changes.versions import approved_versions, open_twin
from activities.routing.switches import ANY
from api.http.bodies import Body
from api.http.endpoint import Endpoint
from api.http.fields import Reason
from api.http.idempotency import Reply, once
from api.http.listing import Page, shown
from api.http.openapi import reads, writes
from api.routing.changes import ChangeView, view
from api.routing.documents import Document, Version, refused_change, refused_document
from api.routing.parts import DeskRead, OperatorWrite, Write
from api.routing.scope import accounts_of, require_all_brands
from workflows.domain.routing.account_documents import write_account
from workflows.domain.routing.accounts import MerchantAccountProfile, key_of_account
from workflows.domain.routing.proofs.flaws import PolicyRefused

router = APIRouter(prefix="/v1/routing/accounts", tags=["Routing"], route_class=Endpoint)


_EXAMPLE: dict[str, Any] = {
    "account": {
        "psp": "sandbox",
        "id": "secondary",
        "kinds": ["deposit", "payout"],
        "brands": ["*"],
        "regions": ["*"],
        "methods": ["card"],
        "currencies": ["EUR", "USD"],
        "limits": [{"currency": "EUR", "minimum": "1.00", "maximum": "5000.00"}],
        "costs": [{"currency": "EUR", "fixed": "0.10", "percent": "1.4"}],
        "reuses_3ds": False,
        "holds": [],
        "status": "active",
    },
    "reason": "a second acquirer for cards",
}


class ProposeAccount(Body, example=_EXAMPLE):
    account: Document = Field(
        description="psp and id are needed; `*` is every brand, region, method or currency, and "
        "the default. Limits hold for one payment; costs are fixed per attempt and percent of an "
        "approved amount. reuses_3ds: it takes a 3-D Secure result given at another account. "
        "holds: methods by which money is always held first and captured then, `*` for all; by the "
        "others it is taken at once where capture is automatic and the PSP can. "
        "status: active, paused or closed. No credentials: those are the PSP's settings.",
        json_schema_extra={"required": ["psp", "id"]},
    )
    reason: Reason
    based_on: Version | None = Field(
        None, description="the version that was edited (0: none); refused if it is not active now"
    )


class AccountView(BaseModel):
    name: str = Field(description="as rules name it: `psp/id`", examples=["sandbox/primary"])
    version: int = Field(description="0: as the settings list it")
    account: dict[str, Any]


@router.get(
    "",
    summary="Merchant accounts as they count now",
    description="In the order in which they are asked where no policy says otherwise: those of the "
    "settings, as changed since, then those that were added. An account never shows credentials.",
    responses=reads(Page[AccountView]),
)
async def listed(ask: DeskRead) -> Response:
    snapshot = await ask.parts.snapshots.latest()
    versions = await approved_versions(ask.parts.pool, Subject.ACCOUNT)
    items = [
        _view(profile, versions.get(key_of_account(profile.account), 0))
        for profile in accounts_of(ask, snapshot)
    ]
    return shown(Page(items=items, next_cursor=None))


@router.post(
    "",
    status_code=201,
    summary="Propose a merchant account, or a change of one",
    description="The whole document, not a part of it. It counts once a second person approves the "
    "change: POST /v1/routing/changes/{id}/decision. Its PSP must be connected (the answer to "
    "another one names those that are). An account is ended by status closed, once no active "
    "policy names it.",
    responses=writes(ChangeView, 201),
)
async def propose(ask: OperatorWrite, body: ProposeAccount) -> Response:
    require_all_brands(ask, "a merchant account is everybody's: proposing one")
    by = ask.caller.person
    claim = ask.claim(ANY, "routing:account", body.model_dump() | {"by": by})

    async def act(_: str, first: bool) -> Reply:
        return Reply(201, view(await _proposed(ask, body, first)))

    return await once(ask, claim, act)


async def _proposed(ask: Write, body: ProposeAccount, first: bool) -> Change:
    changes, asked, by = ask.parts.changes, body.account, ask.caller.person
    if not first:
        # Whoever asked before may have died between proposing and answering.
        name = f"{asked.get('psp')}/{asked.get('id')}"
        twin = await open_twin(changes, Subject.ACCOUNT, name, asked, reason=body.reason, by=by)
        if twin is not None:
            return twin
    try:
        return await changes.propose_account(
            asked, reason=body.reason, by=by, based_on=body.based_on
        )
    except PolicyRefused as refused:
        raise await refused_document(ask, refused.flaws, "/account") from None
    except ChangeRefused as refused:
        raise refused_change(refused) from None


def _view(profile: MerchantAccountProfile, version: int) -> AccountView:
    name = key_of_account(profile.account)
    return AccountView(name=name, version=version, account=write_account(profile))
