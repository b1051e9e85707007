"""Routing policies: which rules count for whom, in words and as documents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from activities.routing.changes.change import Change, ChangeRefused, Subject
from activities.routing.changes.versions import open_twin
from activities.routing.snapshot import BUILTIN, Snapshot
from api.http.bodies import Body
from api.http.endpoint import Endpoint
from api.http.errors import not_found
from api.http.fields import BrandId, Reason
from api.http.idempotency import Reply, once
from api.http.listing import Page, shown
from api.http.openapi import reads, writes
from api.routing.changes import ChangeSummary, ChangeView, summary, view
from api.routing.documents import Document, Version, refused_change, refused_document
from api.routing.parts import DeskRead, OperatorWrite, Read, Write
from api.routing.scope import may_see, named, scope
from api.routing.wording import in_words
from workflows.domain.routing.accounts import ANY
from workflows.domain.routing.policy.rules import Policy
from workflows.domain.routing.policy.writing import write_policy
from workflows.domain.routing.proofs.flaws import PolicyRefused

router = APIRouter(prefix="/v1/routing/policies", tags=["Routing"], route_class=Endpoint)

PolicyId = Annotated[str, Path(description="the id of a policy, such as cards-of-acme")]
_MOST_VERSIONS = 200

_SHAPE = """The first rule whose `when` holds decides, else `default`.
when: {"all": [when, …]}, {"any": [when, …]}, {"not": when}, or a comparison: {"field": F, "in":
[…]}, not_in, between [low, high], at_least, at_most, prefix […] (of a bin), known true.
F: kind, brand, region, method, amount, currency, player_country, card_country, bin, card_type,
scheme, segment, risk_band, weekday, hour, three_ds. A fact that is not known compares false.
then and default: {"order": ["psp/id", …]}, {"cheapest": […]}, {"split": [{account, weight}, …]},
{"bandit": {accounts, target, exploration, segmented_by, enough, chargeback_weight, worth}},
{"experiment": {name, salt, unit, minimum_sample, arms: [{name, weight, accounts}, …], guardrail:
{metric, worse_by}}} or {"refuse": "a reason"}.
if_none_allowed: refuse (the default) or next_rule. cascade: how far one payment goes.
The version is given to it: one that stands here is not looked at, so that what GET shows can be
edited and sent."""


_EXAMPLE: dict[str, Any] = {
    "policy": {
        "id": "cards-of-acme",
        "rules": [
            {
                "name": "small German cards",
                "when": {
                    "all": [
                        {"field": "card_country", "in": ["DE"]},
                        {"field": "amount", "at_most": {"amount": "50.00", "currency": "EUR"}},
                        {"not": {"field": "bin", "prefix": ["400000"]}},
                    ]
                },
                "then": {
                    "split": [
                        {"account": "sandbox/primary", "weight": 80},
                        {"account": "sandbox/secondary", "weight": 20},
                    ]
                },
                "if_none_allowed": "next_rule",
            }
        ],
        "default": {"order": ["sandbox/primary", "sandbox/secondary"]},
        "cascade": {"attempts": 3, "seconds": 60, "scheme_reattempts": 15},
    },
    "brand_id": "acme",
    "reason": "try the second acquirer on small German cards",
}


class ProposePolicy(Body, example=_EXAMPLE):
    policy: Document = Field(
        description=_SHAPE, json_schema_extra={"required": ["id", "rules", "default"]}
    )
    brand_id: BrandId | None = Field(
        None, description="whose payments; without it, those of every brand without a policy"
    )
    reason: Reason
    based_on: Version | None = Field(
        None, description="the version that was edited (0: none); refused if it is not active now"
    )


class PolicyView(BaseModel):
    id: str
    brand_id: str | None = Field(description="null: every brand without a policy of its own")
    version: int = Field(description="0: built in, every merchant account as listed")
    state: Literal["active"]
    readable: list[str] = Field(description="its rules in words, in their order")
    policy: dict[str, Any]


class PolicyWithVersions(BaseModel):
    id: str
    brand_id: str | None
    active: PolicyView | None = Field(description="null: none is, or another policy's is")
    versions: list[ChangeSummary] = Field(description="newest first, at most 200")


@router.get(
    "",
    summary="Policies that count now, with their rules in words",
    description="One for each brand that has one; the one without a brand is for all others. "
    "`builtin` stands for it as long as nobody has written one.",
    responses=reads(Page[PolicyView]),
)
async def listed(ask: DeskRead) -> Response:
    snapshot = await ask.parts.snapshots.latest()
    policies = {ANY: snapshot.builtin, **snapshot.policies}
    items = [
        _view(brand, policy)
        for brand, policy in sorted(policies.items(), key=lambda each: each[0])
        if may_see(ask, brand)
    ]
    return shown(Page(items=items, next_cursor=None))


@router.post(
    "",
    status_code=201,
    summary="Propose a policy, or a new version of one",
    description="It is read and judged at once: what could never work (a rule that no payment "
    "reaches, an account that is not there, an action without a result) is refused, with a pointer "
    "and with what is allowed. It counts once a second person approves the change; until then ask "
    "what it would have done: POST /v1/routing/policies/{id}/estimate.",
    responses=writes(ChangeView, 201),
)
async def propose(ask: OperatorWrite, body: ProposePolicy) -> Response:
    brand = scope(ask, body.brand_id, "a policy")
    by = ask.caller.person
    claim = ask.claim(brand, "routing:policy", body.model_dump() | {"by": by})

    async def act(_: str, first: bool) -> Reply:
        return Reply(201, view(await _proposed(ask, body, brand, first)))

    return await once(ask, claim, act)


@router.get(
    "/{policy_id}",
    summary="Look at a policy and all its versions",
    responses=reads(PolicyWithVersions),
)
async def one(ask: DeskRead, policy_id: PolicyId) -> Response:
    snapshot = await ask.parts.snapshots.latest()
    versions = await versions_of(ask, policy_id)
    active = _active(snapshot, policy_id)
    if active is None and not versions:
        raise not_found("policy")
    brand = versions[0].brand if versions else ANY
    found = PolicyWithVersions(
        id=policy_id,
        brand_id=named(brand),
        active=None if active is None else _view(brand, active),
        versions=[summary(change) for change in versions],
    )
    if not may_see(ask, brand):
        raise not_found("policy")
    return shown(found)


@router.get(
    "/{policy_id}/versions/{version}",
    summary="Look at one version of a policy",
    responses=reads(ChangeView),
)
async def version(
    ask: DeskRead,
    policy_id: PolicyId,
    version: Annotated[str, Path(description="1, 2, 3 …")],
) -> Response:
    wanted = int(version) if re.fullmatch("[1-9][0-9]{0,5}", version) else 0
    newest = await versions_of(ask, policy_id, 1)
    if not newest or not 1 <= wanted <= newest[0].version:
        raise not_found("version")
    # They have no gaps: so many are not older.
    found = await versions_of(ask, policy_id, newest[0].version - wanted + 1)
    for change in found:
        if change.version == wanted:
            return shown(view(change))
    raise not_found("version")


async def versions_of(
    ask: Read | Write, policy_id: str, limit: int = _MOST_VERSIONS
) -> Sequence[Change]:
    """Newest first; none of a policy that the caller may not see."""
    if not (policy_id.isascii() and policy_id.isprintable() and len(policy_id) <= 64):
        return []
    found = await ask.parts.changes.versions(Subject.POLICY, policy_id, limit)
    return [change for change in found if may_see(ask, change.brand)]


async def _proposed(ask: Write, body: ProposePolicy, brand: str, first: bool) -> Change:
    asked, changes, by = body.policy, ask.parts.changes, ask.caller.person
    name = asked.get("id")
    name = name if isinstance(name, str) else ""
    if not first:
        # Whoever asked before may have died between proposing and answering.
        twin = await open_twin(changes, Subject.POLICY, name, asked, reason=body.reason, by=by)
        if twin is not None and twin.brand == brand:
            return twin
    try:
        return await changes.propose_policy(
            name, asked, brand=brand, reason=body.reason, by=by, based_on=body.based_on
        )
    except PolicyRefused as refused:
        raise await refused_document(ask, refused.flaws, "/policy") from None
    except ChangeRefused as refused:
        raise refused_change(refused) from None


def _active(snapshot: Snapshot, policy_id: str) -> Policy | None:
    if policy_id == BUILTIN:
        return None if ANY in snapshot.policies else snapshot.builtin
    found = (policy for policy in snapshot.policies.values() if policy.id == policy_id)
    return next(found, None)


def _view(brand: str, policy: Policy) -> PolicyView:
    return PolicyView(
        id=policy.id,
        brand_id=named(brand),
        version=policy.version,
        state="active",
        readable=in_words(policy),
        policy=write_policy(policy),
    )
