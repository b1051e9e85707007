"""Cases through the API: looked at, assigned, resolved by commands that a run executes."""

from __future__ import annotations

import uuid
from typing import Any

import asyncpg
import pytest
from temporalio.client import Client

from activities.access.credential import Role
from activities.cases.books import CaseBooks
from activities.settings import Settings
from tests.api.callers import Caller, intent, money, slug
from tests.api.conftest import Issue
from tests.sealing import sealing
from tests.workflows.world import HARD, FakePsp
from workflows.domain.escalations import CaseKind, NewCase
from workflows.domain.events import PspEvent
from workflows.domain.identity import LATE_EVENT, late_workflow_id
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Declined, Operation

CASES = "/v1/cases"
FIFTY = Money(5000, "EUR")


async def failed(platform: Caller, psp: FakePsp, amount: str = "50.00") -> dict[str, Any]:
    """A deposit that the PSP declined."""
    psp.will_answer(Operation.AUTHORIZE, HARD)
    wish = intent(amount=money(amount), player_id=f"player-{uuid.uuid4().hex}")
    opened = (await platform.post("/v1/cashier/intents", wish)).json()
    done = await platform.post(f"/v1/cashier/intents/{opened['intent_id']}/authorize")
    deposit: dict[str, Any] = done.json()
    assert deposit["status"] == "FAILED", deposit
    return deposit


@pytest.fixture
def tell_late(temporal_client: Client, settings: Settings, pool: asyncpg.Pool) -> Any:
    """The PSP tells of a payment that is over, as the relay passes it on."""

    async def tell(step: str, operation: Operation, payment_id: str, amount: Money = FIFTY) -> None:
        account = settings.routing.accounts[0]
        event = PspEvent(
            psp=account.psp,
            event_id=f"evt-{uuid.uuid4().hex}",
            key=f"{payment_id}:{step}",
            operation=operation,
            reply=Approved("psp-9", amount),
            amount=amount,
            account=account.id,
        )
        late = await sealing(temporal_client, pool).start_workflow(
            LATE_EVENT,
            payment_id,
            id=late_workflow_id(payment_id),
            task_queue=settings.temporal.core_queue,
            start_signal="psp_event",
            start_signal_args=[event],
        )
        await late.result()

    return tell


async def of_payment(caller: Caller, payment_id: str) -> dict[str, Any]:
    [case] = (await caller.get(f"{CASES}?payment_id={payment_id}")).json()["items"]
    with_history: dict[str, Any] = (await caller.get(f"{CASES}/{case['id']}")).json()
    return with_history


async def contradiction(
    platform: Caller, psp: FakePsp, operator: Caller, tell_late: Any, amount: str = "50.00"
) -> dict[str, Any]:
    deposit = await failed(platform, psp, amount)
    await tell_late("capture", Operation.CAPTURE, deposit["intent_id"], Money.parse(amount, "EUR"))
    return await of_payment(operator, deposit["intent_id"])


async def test_a_case_shows_both_facts_its_age_and_what_can_be_done(
    platform: Caller, operator: Caller, psp: FakePsp, tell_late: Any
) -> None:
    case = await contradiction(platform, psp, operator, tell_late)
    assert (case["kind"], case["state"], case["owner"]) == ("contradiction", "open", None)
    assert case["money_at_risk"] == money("50.00")
    assert (case["facts"]["our_status"], case["facts"]["reply"]) == ("FAILED", "approved")
    assert case["allowed_actions"] == ["credit", "refund", "dismiss"]
    assert 0 <= case["age_seconds"] < 60
    assert [event["what"] for event in case["history"]] == ["opened"]


async def test_a_case_has_an_owner_once_it_is_assigned(
    platform: Caller, operator: Caller, psp: FakePsp, tell_late: Any
) -> None:
    case = await contradiction(platform, psp, operator, tell_late)
    path, owner = f"{CASES}/{case['id']}/assign", f"ann-{uuid.uuid4().hex[:8]}"
    first = await operator.post(path, {"owner": owner}, key=f"k-{owner}")
    again = await operator.post(path, {"owner": owner}, key=f"k-{owner}")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    mine = (await operator.get(f"{CASES}?owner={owner}&state=open&kind=contradiction")).json()
    assert [item["id"] for item in mine["items"]] == [case["id"]]
    history = (await operator.get(f"{CASES}/{case['id']}")).json()["history"]
    assert [event["what"] for event in history] == ["opened", "assigned"]


async def test_a_credit_is_ordered_once_and_executed_once(
    platform: Caller, operator: Caller, psp: FakePsp, tell_late: Any, pool: asyncpg.Pool
) -> None:
    case = await contradiction(platform, psp, operator, tell_late)
    path, key = f"{CASES}/{case['id']}/resolutions", uuid.uuid4().hex
    order = {"action": "credit", "reason": "seen in the PSP's portal"}
    done = await operator.post(path, order, key=key)
    again = await operator.post(path, order, key=key)
    assert (done.status_code, again.status_code) == (201, 200), done.text
    assert done.json() == again.json()
    assert done.json()["state"] == "resolved"
    assert done.json()["resolution"]["action"] == "credit"
    deposit = (await platform.get(f"/v1/cashier/intents/{case['payment_id']}")).json()
    assert (deposit["status"], deposit["captured"]) == ("CAPTURED", money("50.00"))
    credited = await pool.fetchval(
        "SELECT count(*) FROM transfers WHERE payment_id = $1", case["payment_id"]
    )
    assert credited == 1
    history = (await operator.get(f"{CASES}/{case['id']}")).json()["history"]
    assert [event["what"] for event in history] == ["opened", "proposed", "resolved"]
    late = await operator.post(path, {"action": "dismiss", "reason": "again"})
    assert (late.status_code, slug(late)) == (409, "illegal-state")


async def test_a_refund_goes_back_to_the_source_and_not_to_the_wallet(
    platform: Caller, operator: Caller, psp: FakePsp, tell_late: Any, pool: asyncpg.Pool
) -> None:
    case = await contradiction(platform, psp, operator, tell_late)
    done = await operator.post(
        f"{CASES}/{case['id']}/resolutions", {"action": "refund", "reason": "not ours"}
    )
    assert done.status_code == 201, done.text
    assert f"{case['payment_id']}:case-refund" in [asked.key for asked in psp.asked]
    moved = await pool.fetchval(
        "SELECT count(*) FROM transfers WHERE payment_id = $1", case["payment_id"]
    )
    assert moved == 0


async def test_much_money_waits_for_a_second_person(
    platform: Caller,
    operator: Caller,
    approver: Caller,
    issue: Issue,
    psp: FakePsp,
    tell_late: Any,
) -> None:
    case = await contradiction(platform, psp, operator, tell_late, "5000.00")
    path = f"{CASES}/{case['id']}/resolutions"
    ann = f"ann-{uuid.uuid4().hex[:8]}"
    first = await issue(Role.OPERATOR, person=ann)
    asked = await first.post(path, {"action": "credit", "reason": "seen"})
    assert asked.status_code == 202, asked.text
    assert asked.json()["proposal"]["action"] == "credit"
    second = await issue(Role.APPROVER, person=ann)
    own = await second.post(f"{path}/approvals", {"decision": "approve", "reason": "mine"})
    assert (own.status_code, slug(own)) == (403, "four-eyes"), "two tokens of one person"
    not_theirs = await operator.post(f"{path}/approvals", {"decision": "approve", "reason": "x"})
    assert not_theirs.status_code == 403
    other = await operator.post(path, {"action": "dismiss", "reason": "quick"})
    assert (other.status_code, slug(other)) == (409, "illegal-state")
    yes = await approver.post(f"{path}/approvals", {"decision": "approve", "reason": "seen too"})
    assert (yes.status_code, yes.json()["state"]) == (201, "resolved"), yes.text
    assert yes.json()["resolution"]["approved_by"]
    late = await approver.post(f"{path}/approvals", {"decision": "decline", "reason": "no"})
    assert (late.status_code, slug(late)) == (409, "illegal-state")


async def test_a_second_person_s_no_leaves_the_case_open(
    platform: Caller, operator: Caller, approver: Caller, psp: FakePsp, tell_late: Any
) -> None:
    case = await contradiction(platform, psp, operator, tell_late, "5000.00")
    path = f"{CASES}/{case['id']}/resolutions"
    nothing = await approver.post(f"{path}/approvals", {"decision": "approve", "reason": "x"})
    assert (nothing.status_code, slug(nothing)) == (409, "illegal-state")
    await operator.post(path, {"action": "credit", "reason": "seen"})
    no = await approver.post(f"{path}/approvals", {"decision": "decline", "reason": "not seen"})
    assert (no.status_code, no.json()["state"], no.json()["proposal"]) == (201, "open", None)
    again = await operator.post(path, {"action": "dismiss", "reason": "nothing there"})
    assert again.status_code == 202


async def test_a_refund_that_the_psp_declines_leaves_the_case_open(
    platform: Caller, operator: Caller, psp: FakePsp, tell_late: Any
) -> None:
    case = await contradiction(platform, psp, operator, tell_late)
    psp.will_answer(Operation.REFUND, Declined("too_old", soft=False, code="R1"))
    path = f"{CASES}/{case['id']}/resolutions"
    refused = await operator.post(path, {"action": "refund", "reason": "not ours"})
    assert (refused.status_code, slug(refused)) == (409, "illegal-state")
    assert "too_old" in refused.json()["detail"]
    assert (await operator.get(f"{CASES}/{case['id']}")).json()["state"] == "open"
    done = await operator.post(path, {"action": "credit", "reason": "then it is the player's"})
    assert done.status_code == 201


async def test_only_what_is_legal_for_a_case_can_be_ordered(
    platform: Caller, operator: Caller, psp: FakePsp, tell_late: Any
) -> None:
    case = await contradiction(platform, psp, operator, tell_late)
    path = f"{CASES}/{case['id']}/resolutions"
    for action in ("void", "mark_approved", "mark_declined"):
        refused = await operator.post(path, {"action": action, "reason": "x"})
        assert (refused.status_code, slug(refused)) == (422, "invalid-request")
        assert "credit, refund, dismiss" in refused.json()["detail"]
    for wrong in (
        {"action": "credit"},
        {"action": "credit", "reason": ""},
        {"action": "steal", "reason": "x"},
        {"action": "credit", "reason": "x", "amount": money("50.01")},
        {"action": "credit", "reason": "x", "amount": money("50", "JPY")},
        {"action": "dismiss", "reason": "x", "amount": money("50.00")},
    ):
        refused = await operator.post(path, wrong)
        assert (refused.status_code, slug(refused)) == (422, "invalid-request"), wrong


async def test_a_case_about_a_stranger_s_payment_can_only_be_dismissed(
    operator: Caller, issue: Issue, pool: asyncpg.Pool
) -> None:
    payment_id = f"in_{uuid.uuid4().hex}"
    await CaseBooks(pool, {}).open(
        NewCase(
            key=f"sandbox:{payment_id}",
            payment_id=payment_id,
            kind=CaseKind.UNKNOWN_REFERENCE,
            summary="nobody knows it",
            money_at_risk=FIFTY,
            facts={},
        )
    )
    everywhere = await issue(Role.OPERATOR, brands=("*",))
    case = await of_payment(everywhere, payment_id)
    assert case["allowed_actions"] == ["dismiss"]
    hidden = await operator.get(f"{CASES}/{case['id']}")
    assert (hidden.status_code, slug(hidden)) == (404, "not-found")
    path = f"{CASES}/{case['id']}/resolutions"
    done = await everywhere.post(path, {"action": "dismiss", "reason": "a test of the PSP"})
    assert (done.status_code, done.json()["state"]) == (201, "resolved")


async def test_cases_are_for_operators_and_nobody_guesses_their_names(
    platform: Caller, operator: Caller
) -> None:
    for path in (f"{CASES}/case_0", f"{CASES}/case_{uuid.uuid4().hex}", f"{CASES}/%00"):
        assert (await operator.get(path)).status_code == 404
    assert (await platform.get(f"{CASES}/case_0")).status_code == 403
    body = {"action": "dismiss", "reason": "x"}
    assert (await platform.post(f"{CASES}/case_0/resolutions", body)).status_code == 403
    assert (await operator.post(f"{CASES}/case_0/resolutions", body)).status_code == 404
    for bad in ("cursor=x", "state=closed", "kind=none", "owner=a%20b", "limit=0"):
        assert (await operator.get(f"{CASES}?{bad}")).status_code == 422, bad
