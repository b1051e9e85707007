"""What Adyen's errors promise: a type says whether anything was done, whatever the HTTP status."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import structlog

from activities.psp.plugins.adyen.adapter import AdyenAdapter
from activities.psp.plugins.adyen.certification.suite import settings_at
from activities.psp.plugins.adyen.faults import BUSY, FAULTS, Kind, not_taken
from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp import peer
from tests.activities.psp.adyen.far import LINK, adyen, asked, fault, says
from workflows.domain.declines import SOFT, DeclineReason
from workflows.domain.psp import Declined, Pending

MISCONFIGURED = DeclineReason.ACCOUNT_MISCONFIGURED
LINKED = f"link_{LINK}"


def no_token() -> Any:
    return replace(asked("authorize"), payment_token=None)


EVERYWHERE: dict[str, tuple[str, Any]] = {
    "payments": ("authorize", lambda: asked("authorize")),
    "payment links": ("authorize", no_token),
    "captures": ("capture", lambda: asked("capture")),
    "cancels": ("void", lambda: asked("void")),
    "cancels by reference": ("void", lambda: replace(asked("void"), psp_ref=None)),
    "reversals": ("void", lambda: replace(asked("void"), sale=True)),
    "refunds": ("refund", lambda: asked("refund")),
    "transfers": ("payout", lambda: asked("payout")),
}


async def outcome(answer: Any, where: str = "payments") -> Any:
    operation, make = EVERYWHERE[where]
    async with adyen(answer) as far:
        return await getattr(far.adapter, operation)(make())


@pytest.mark.parametrize("where", EVERYWHERE)
@pytest.mark.parametrize("status", [400, 422, 500])
@pytest.mark.parametrize("code", ["905_1", "added_next_year"])
async def test_a_misconfigured_account_is_a_soft_no_at_every_endpoint_and_status(
    where: str, status: int, code: str
) -> None:
    outcome_found = await outcome(fault(status, code, "configuration"), where)
    assert outcome_found == Declined(MISCONFIGURED, soft=True, code=code)


@pytest.mark.parametrize("where", EVERYWHERE)
@pytest.mark.parametrize("status", [422, 500])
async def test_a_key_without_rights_is_a_soft_no_and_an_alert(where: str, status: int) -> None:
    with structlog.testing.capture_logs() as lines:
        outcome_found = await outcome(fault(status, "901", "security"), where)
    assert outcome_found == Declined(MISCONFIGURED, soft=True, code="901")
    (alert,) = [line for line in lines if line["log_level"] == "error"]
    assert (alert["event"], alert["code"]) == ("psp_key_refused", "901")
    assert alert["merchant_account"] == "CertifiedEU"


@pytest.mark.parametrize("where", EVERYWHERE)
@pytest.mark.parametrize("status", [400, 422, 500])
async def test_a_request_that_is_wrong_is_a_hard_no_and_our_bug(where: str, status: int) -> None:
    with structlog.testing.capture_logs() as lines:
        outcome_found = await outcome(fault(status, "702"), where)
    assert outcome_found == Declined("invalid_request", soft=False, code="702")
    assert [line["event"] for line in lines] == ["psp_request_invalid"]
    assert lines[0]["log_level"] == "error"


@pytest.mark.parametrize("where", EVERYWHERE)
@pytest.mark.parametrize(
    "answer",
    [
        fault(500, "905", "internal"),
        fault(500, "added_next_year", "of another type"),
        says(500, {}),
        says(500, {"errorCode": "905"}),
        says(500, {"errorCode": "702", "errorType": "validation"}, transient_error="true"),
        fault(502, "702"),
        fault(503, "905", "configuration"),
        fault(429, "702"),
        fault(429, "000", "security"),
        fault(409, "704"),
        fault(408, "702"),
        *(fault(status, code) for status in (422, 500) for code in sorted(BUSY)),
    ],
)
async def test_what_is_busy_internal_or_of_no_type_is_in_doubt(where: str, answer: Any) -> None:
    with pytest.raises(InDoubt):
        await outcome(answer, where)


@pytest.mark.parametrize("where", EVERYWHERE)
@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_is_not_taken_did_nothing_and_alerts(where: str, status: int) -> None:
    with structlog.testing.capture_logs() as lines, pytest.raises(NeverSent):
        await outcome(fault(status, "000", "security"), where)
    assert [line["event"] for line in lines] == ["psp_key_refused"]


@pytest.mark.parametrize(
    ("page", "becomes"),
    [
        ("validation", Declined("invalid_request", soft=False, code="702")),
        ("configuration", Declined(MISCONFIGURED, soft=True, code="702")),
        ("forbidden", Declined(MISCONFIGURED, soft=True, code="702")),
    ],
)
async def test_the_younger_interfaces_name_the_type_by_a_page(page: str, becomes: Any) -> None:
    body = {"errorCode": "702", "type": f"https://docs.adyen.com/errors/{page}", "status": 422}
    assert await outcome(says(422, body), "transfers") == becomes


async def test_a_page_that_names_no_type_leaves_doubt() -> None:
    for page in ("internal-error", "added-next-year"):
        body = {"errorCode": "1", "type": f"https://docs.adyen.com/errors/{page}", "status": 500}
        with pytest.raises(InDoubt):
            await outcome(says(500, body), "transfers")


async def test_both_steps_of_an_older_payout_hear_typed_errors() -> None:
    answer = peer.says(fault(500, "905_1", "configuration"))
    async with peer.listening(answer) as far:
        adapter = AdyenAdapter(settings_at(far.url, "payout"))
        outcome = await adapter.payout(asked("payout"))
        await adapter.aclose()
    assert outcome == Declined(MISCONFIGURED, soft=True, code="905_1")


async def test_coming_back_to_an_account_that_is_misconfigured_ends_the_authorization() -> None:
    async with adyen(fault(500, "905_1", "configuration")) as far:
        outcome = await far.adapter.complete(asked("complete"))
    assert outcome == Declined(MISCONFIGURED, soft=True, code="905_1")


@pytest.mark.parametrize("kind", ["validation", "security"])
async def test_what_a_browser_brought_ends_nothing_however_it_is_refused(kind: str) -> None:
    async with adyen(fault(500, "901", kind)) as far:
        assert isinstance(await far.adapter.complete(asked("complete")), Pending)


@pytest.mark.parametrize("code", FAULTS)
def test_what_is_soft_may_be_and_every_other_code_is_hard(code: str) -> None:
    reason, soft = FAULTS[code]
    assert not soft or reason in SOFT
    assert not_taken(code, Kind.VALIDATION) == Declined(reason, soft, code)
    assert not_taken(code, Kind.CONFIGURATION).soft


def test_every_code_that_was_seen_in_public_is_mapped() -> None:
    seen = {"000", "0", "10", "132", "161", "187", "702", "905"}
    seen |= {"14_006", "14_012", "14_018", "14_030"}
    assert seen <= FAULTS.keys()
    assert not_taken("905_1", Kind.VALIDATION) == Declined(MISCONFIGURED, True, "905_1")


def test_a_code_that_no_table_knows_is_hard_counted_and_our_bug() -> None:
    with structlog.testing.capture_logs() as lines:
        outcome = not_taken("77_001", Kind.VALIDATION)
    assert outcome == Declined(DeclineReason.UNMAPPED, False, "77_001")
    assert [line["event"] for line in lines] == ["psp_decline_unmapped", "psp_request_invalid"]


def test_a_card_that_is_wrong_is_nobodys_bug() -> None:
    with structlog.testing.capture_logs() as lines:
        assert not_taken("101", Kind.VALIDATION).reason == DeclineReason.INVALID_CARD
    assert not lines
