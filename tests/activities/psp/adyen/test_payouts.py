"""By Payout v68 a payout takes two steps by two users; what is lost between them can be taken up
again."""

from __future__ import annotations

from typing import Any

import pytest

from activities.psp.plugins.adyen.adapter import AdyenAdapter
from activities.psp.plugins.adyen.certification.suite import MERCHANT, settings_at
from activities.psp.plugins.adyen.settings import AdyenSettings
from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp.adyen.far import adyen_of_before, asked, fault, says, usually
from workflows.domain.psp import Declined, Pending

SUBMITTED = {"pspReference": "8815281505580150", "resultCode": "[payout-submit-received]"}


async def test_one_user_submits_and_another_confirms() -> None:
    async with adyen_of_before() as far:
        assert await far.adapter.payout(asked("payout")) == Pending("8815281505580150")
    submit, confirm = far.exchanges
    assert submit.request.headers["x-api-key"] == "AQE_certified_store"
    assert confirm.request.headers["x-api-key"] == "AQE_certified_review"
    assert confirm.body == {"merchantAccount": MERCHANT, "originalReference": "8815281505580150"}
    assert submit.body["recurring"] == {"contract": "PAYOUT"}
    assert submit.body["shopperEmail"] == "payouts@example.com"


@pytest.mark.parametrize(
    "answer",
    [
        says(500, {}),
        says(200, {}),
        fault(422, "702"),
        fault(401, "000", "security"),
        fault(403, "010", "security"),
    ],
    ids=["500", "empty", "422", "401", "403"],
)
async def test_what_was_submitted_and_not_surely_confirmed_is_in_doubt(answer: Any) -> None:
    async with adyen_of_before(confirmThirdParty=answer) as far:
        with pytest.raises(InDoubt):
            await far.adapter.payout(asked("payout"))
    assert len(far.exchanges) == 2


async def test_asked_again_it_is_the_same_payout() -> None:
    """The keys are the same, so Adyen answers the first step from memory and takes the second."""
    failures = iter([says(500, {})])
    usual = usually()

    def confirm(request: Any) -> Any:
        return next(failures, usual)(request)

    async with adyen_of_before(confirmThirdParty=confirm) as far:
        with pytest.raises(InDoubt):
            await far.adapter.payout(asked("payout"))
        assert await far.adapter.payout(asked("payout")) == Pending("8815281505580150")
    keys = [e.request.headers["idempotency-key"] for e in far.exchanges]
    assert keys == ["po_cert:payout", "po_cert:payout:confirm"] * 2
    assert far.exchanges[0].request.body == far.exchanges[2].request.body


async def test_a_submission_that_adyen_did_not_take_is_not_confirmed() -> None:
    refused = {"pspReference": "8815", "resultCode": "Refused", "refusalReason": "Blocked Card"}
    async with adyen_of_before(submitThirdParty=says(200, refused)) as far:
        reply = await far.adapter.payout(asked("payout"))
    assert reply == Declined("restricted_card", soft=False, code="5")
    assert len(far.exchanges) == 1


async def test_a_submission_in_a_word_we_do_not_know_is_not_confirmed() -> None:
    async with adyen_of_before(
        submitThirdParty=says(200, {**SUBMITTED, "resultCode": "held"})
    ) as far:
        assert await far.adapter.payout(asked("payout")) == Pending("8815281505580150")
    assert len(far.exchanges) == 1


async def test_details_that_are_not_stored_are_no_destination() -> None:
    async with adyen_of_before(fault(422, "803")) as far:
        reply = await far.adapter.payout(asked("payout"))
    assert reply == Declined("unknown_destination", soft=False, code="803")


@pytest.mark.parametrize("payouts_by", ["transfers", "payout"])
async def test_an_account_without_payouts_pays_nothing_out(payouts_by: str) -> None:
    account = settings_at("http://127.0.0.1:1", payouts_by).account("casino-eu").model_dump()
    names = ["payout_url", "store_payout_key", "review_payout_key", "payout_email"]
    names += ["transfer_url", "transfer_key", "balance_account", "transfer_hmac_key"]
    account |= dict.fromkeys(names)
    adapter = AdyenAdapter(AdyenSettings.model_validate({"accounts": {"casino-eu": account}}))
    with pytest.raises(NeverSent, match="no settings for payouts"):
        await adapter.payout(asked("payout"))
    await adapter.aclose()
