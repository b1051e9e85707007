"""What PSPs said to a payment, as platforms and operators see it."""

from __future__ import annotations

from activities.settings import Settings
from tests.api.callers import Caller, payout
from tests.api.cashier.test_intents import opened
from tests.workflows.world import SOFT, FakePsp
from workflows.domain.declines import Advice, Retry
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Authentication, Declined, NotSent, Operation, Pending

FIFTY = Money(5000, "EUR")
ADVICE = Advice(Retry.LATER, 86400, scheme="mastercard", scheme_code="51", advice_code="25")
NOBODY = {"retry": None, "retry_after_seconds": None, "scheme": None}
NO_CODES = {"scheme_code": None, "advice_code": None}


async def test_a_decline_says_whether_and_when_the_same_card_may_be_tried_again(
    platform: Caller, psp: FakePsp, settings: Settings
) -> None:
    advised = Declined("insufficient_funds", soft=False, code="2000", advice=ADVICE)
    psp.will_answer(Operation.AUTHORIZE, advised)
    path = await opened(platform)
    deposit = (await platform.post(f"{path}/authorize")).json()
    why = {
        "reason": "insufficient_funds",
        "code": "2000",
        "soft": False,
        "retry": "later",
        "retry_after_seconds": 86400,
        "scheme": "mastercard",
        "scheme_code": "51",
        "advice_code": "25",
    }
    assert deposit["decline"] == why | {"ended": "hard_decline"}
    assert deposit["attempts"] == [
        why
        | {
            "psp": settings.routing.accounts[0].psp,
            "merchant_account": "primary",
            "step": "authorize:1",
            "outcome": "declined",
        }
    ]
    assert (await platform.get(path)).json()["decline"] == deposit["decline"]
    assert deposit["route"] == {"policy": "builtin", "version": 0, "rule": None, "refusal": None}
    assert deposit["stop_id"] is None


async def test_every_question_is_listed_with_its_answer(platform: Caller, psp: FakePsp) -> None:
    path = await opened(platform)
    deposit = (await platform.post(f"{path}/authorize")).json()
    assert [(a["step"], a["outcome"], a["reason"]) for a in deposit["attempts"]] == [
        ("authorize:1", "approved", None),
        ("capture", "approved", None),
    ]
    assert deposit["attempts"][0].items() >= (NOBODY | NO_CODES).items()


async def test_a_payout_lists_them_too(platform: Caller, psp: FakePsp) -> None:
    psp.will_answer(Operation.PAYOUT, SOFT)
    await platform.post(f"{await opened(platform)}/authorize")
    made = (await platform.post("/v1/cashier/payouts", payout())).json()
    seen = made
    while not seen["final"]:
        seen = (await platform.get(f"/v1/cashier/payouts/{made['payout_id']}")).json()
    assert [(a["step"], a["soft"]) for a in seen["attempts"]] == [("payout:1", True)]


async def test_what_never_left_us_is_no_word_of_the_psps(platform: Caller, psp: FakePsp) -> None:
    psp.will_answer(Operation.AUTHORIZE, NotSent("connection refused"))
    deposit = (await platform.post(f"{await opened(platform)}/authorize")).json()
    assert deposit["decline"]["reason"] == "psp_unreachable"
    [attempt] = deposit["attempts"]
    assert (attempt["outcome"], attempt["code"], attempt["soft"]) == ("not_sent", None, None)


async def test_a_cavv_that_the_psp_only_says_is_there_counts(
    platform: Caller, psp: FakePsp
) -> None:
    for proof, present in (
        (Authentication(scheme="visa", eci="05", cavv_present=True), True),
        (Authentication(scheme="visa", eci="07", cavv_present=False), False),
        (Authentication(scheme="visa", eci="05", cavv="AAAB"), True),
        (Authentication(avs="Y", cvv="M"), None),
    ):
        psp.will_answer(Operation.AUTHORIZE, Approved("psp-1", FIFTY, proof))
        deposit = (await platform.post(f"{await opened(platform)}/authorize")).json()
        assert deposit["three_ds"]["cavv_present"] is present
        assert deposit["three_ds"]["avs"] == proof.avs


async def test_without_checks_there_is_nothing_to_show(platform: Caller, psp: FakePsp) -> None:
    psp.will_answer(Operation.AUTHORIZE, Pending("psp-1", "https://psp.example/1"))
    path = await opened(platform)
    deposit = (await platform.post(f"{path}/authorize")).json()
    assert (deposit["three_ds"], deposit["attempts"]) == (None, [])
    await platform.post(f"{path}/cancel")
