"""How a card is charged: by which method, in whose name, with which proof, and what a no means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
import stripe.params as params
from stripe.params import PaymentIntentCreateParams

from activities.psp.contract import ListsMethods, Takes
from activities.psp.plugins.stripe.methods import METHODS, MINIMUMS
from activities.psp.wire import InDoubt, NeverSent
from tests.activities.psp.orders import AMOUNT, instructions
from tests.activities.psp.stripe.exchanges import ACCOUNT, Answer, Exchanges, pi, saying, speaking
from tests.activities.psp.stripe.typed import objections
from workflows.domain.declines import Retry
from workflows.domain.identity import SALE
from workflows.domain.psp import (
    Approved,
    Authentication,
    AuthorizeInstruction,
    Declined,
    Operation,
    SellInstruction,
)

PROOF = Authentication(
    scheme="visa",
    eci="05",
    cavv="AAABBEg0VhI0VniQEjRWAAAAAAA=",
    version="2.2.0",
    ds_trans_id="f38e6948-5388-41a6-bca4-b49723c19437",
)
PROVED = "payment_method_options[card][three_d_secure]"


async def ask(answer: Answer, kept: Exchanges | None = None, **change: Any) -> Any:
    asked = instructions(ACCOUNT, AMOUNT)[Operation.AUTHORIZE]
    assert isinstance(asked, AuthorizeInstruction)
    async with speaking(answer, kept) as adapter:
        return await adapter.authorize(replace(asked, **change))


async def form_of(**change: Any) -> dict[str, str]:
    kept = Exchanges()
    await ask(saying(pi(amount_capturable=5000)), kept, **change)
    return dict(parse_qsl(kept.heard[0].body.decode()))


# --- methods ----------------------------------------------------------------------------------


async def test_it_lists_its_methods() -> None:
    async with speaking(saying({})) as adapter:
        assert isinstance(adapter, ListsMethods)
        assert adapter.methods["card"].takes is Takes.HOLD
        assert adapter.methods["ideal"].takes is Takes.SALE


@pytest.mark.parametrize("method", METHODS)
def test_what_is_held_is_what_stripes_own_types_can_hold(method: str) -> None:
    option = f"payment_method_options[{method}][capture_method]"
    can_hold = objections({option: "manual"}, PaymentIntentCreateParams)
    assert (can_hold == []) is (METHODS[method].takes is Takes.HOLD)
    assert objections({"allowed_payment_method_types[]": method}, PaymentIntentCreateParams) == []


@pytest.mark.parametrize("method", METHODS)
async def test_what_cannot_be_held_is_never_asked_to_be(method: str) -> None:
    held = METHODS[method].takes is Takes.HOLD
    form = await form_of(method=method)
    assert form["capture_method"] == ("manual" if held else "automatic")
    assert form["payment_method_types[]"] == method


async def test_what_could_be_held_is_taken_at_once_where_it_is_to_be_sold() -> None:
    kept, asked = Exchanges(), instructions(ACCOUNT, AMOUNT)[SALE]
    assert isinstance(asked, SellInstruction)
    metadata = {"paysaga_key": asked.key}
    taken = pi(status="succeeded", amount_received=5000, capture_method="automatic")
    async with speaking(saying({**taken, "metadata": metadata}), kept) as adapter:
        assert await adapter.sell(asked) == Approved("pi_1", AMOUNT, captured=True)
    form = dict(parse_qsl(kept.heard[0].body.decode()))
    assert (form["capture_method"], form["metadata[paysaga_key]"]) == ("automatic", asked.key)


async def test_a_sale_is_told_as_one_and_a_hold_that_was_captured_since_is_none() -> None:
    taken = {"status": "succeeded", "amount_received": 5000}
    sold = await ask(saying(pi(**taken, capture_method="automatic")), method="ideal")
    assert sold == Approved("pi_1", AMOUNT, captured=True)
    assert await ask(saying(pi(**taken))) == Approved("pi_1", AMOUNT)


async def test_a_method_of_no_table_is_never_sent() -> None:
    kept = Exchanges()
    for token in ("pm_1", None):
        with pytest.raises(NeverSent):
            await ask(saying({}), kept, method="sofort", payment_token=token)
    assert kept.heard == []


def test_minimums_are_by_currency_and_of_every_method() -> None:
    assert (MINIMUMS["EUR"], MINIMUMS["JPY"], MINIMUMS["HUF"]) == (50, 50, 17_500)
    assert all(method.minimum is MINIMUMS for method in METHODS.values())


# --- who pays ---------------------------------------------------------------------------------


async def test_a_saved_payment_method_is_charged_in_its_customers_name() -> None:
    saved = await form_of(payment_token="cus_9s6XKzkNRiz8i3/pm_1")
    assert (saved["customer"], saved["payment_method"]) == ("cus_9s6XKzkNRiz8i3", "pm_1")
    # The player is there.
    assert "off_session" not in saved
    fresh = await form_of(payment_token="pm_1")
    assert "customer" not in fresh


async def test_a_players_proof_is_handed_on() -> None:
    form = await form_of(authentication=PROOF)
    assert {name: form[name] for name in form if name.startswith(PROVED)} == {
        f"{PROVED}[cryptogram]": PROOF.cavv,
        f"{PROVED}[electronic_commerce_indicator]": "05",
        f"{PROVED}[transaction_id]": PROOF.ds_trans_id,
        f"{PROVED}[version]": "2.2.0",
    }


@pytest.mark.parametrize(
    "change", [{"version": None}, {"version": "3.0"}, {"cavv": None}, {"eci": "07"}]
)
async def test_half_a_proof_is_not_handed_on_and_stripe_asks_the_player(
    change: dict[str, Any],
) -> None:
    form = await form_of(authentication=replace(PROOF, **change))
    assert not [name for name in form if name.startswith(PROVED)]
    other = await form_of(authentication=PROOF, method="cashapp")
    assert not [name for name in other if name.startswith(PROVED)]


def test_the_judge_of_proofs_is_not_blind() -> None:
    assert objections({f"{PROVED}[cavv]": "x"}, params.PaymentIntentCreateParams) != []
    assert objections({f"{PROVED}[version]": "3.0"}, params.PaymentIntentCreateParams) != []


# --- what a no means --------------------------------------------------------------------------


NO: dict[str, Any] = {
    "type": "card_error",
    "code": "card_declined",
    "decline_code": "generic_decline",
    "message": "No.",
}
LEFT = pi(status="requires_payment_method", latest_charge="ch_1")


def charge(**outcome: Any) -> dict[str, Any]:
    return {
        "id": "ch_1",
        "object": "charge",
        "amount": 5000,
        "currency": "eur",
        "captured": False,
        "outcome": {"type": "issuer_declined", "network_status": "declined_by_network", **outcome},
    }


def refusing(then: dict[str, Any] | None = None, **members: Any) -> Answer:
    """Then the payment intent, when it is looked at; in doubt without one."""

    def answer(request: Any) -> Any:
        if request.method == "POST":
            return saying({"error": {**NO, **members}}, status=402)(request)
        if then is None:
            return saying({"error": {"type": "api_error", "message": "?"}}, status=500)(request)
        return saying(then)(request)

    return answer


@pytest.mark.parametrize(
    ("outcome", "reason", "soft"),
    [
        ({"type": "blocked", "reason": "highest_risk_level"}, "fraud", False),
        ({"type": "blocked", "reason": "rule"}, "blocked", False),
        ({}, "do_not_honor", True),
    ],
)
async def test_behind_a_generic_decline_the_charge_is_looked_at(
    outcome: dict[str, str], reason: str, soft: bool
) -> None:
    kept = Exchanges()
    seen = {**LEFT, "latest_charge": charge(**outcome)}
    said_no = await ask(refusing(seen, payment_intent=LEFT, charge="ch_1"), kept)
    assert (said_no.reason, said_no.soft) == (reason, soft)
    assert [each.method for each in kept.heard] == ["POST", "GET"]


async def test_where_the_charge_cannot_be_seen_a_generic_decline_does_not_cascade() -> None:
    said_no = await ask(refusing(payment_intent=LEFT, charge="ch_1"))
    assert (said_no.reason, said_no.soft) == ("do_not_honor", False)
    with pytest.raises(InDoubt):
        foreign = {**LEFT, "metadata": {"paysaga_key": "in_2:authorize:1"}}
        await ask(refusing(foreign, payment_intent=LEFT))


async def test_what_the_issuer_itself_said_needs_no_look() -> None:
    kept = Exchanges()
    changes: list[dict[str, Any]] = [
        {"network_decline_code": "05"},
        {"decline_code": "insufficient_funds"},
    ]
    for change in changes:
        said_no = await ask(refusing(payment_intent=LEFT, **change), kept)
        assert said_no.soft is True
    assert [each.method for each in kept.heard] == ["POST", "POST"]


CASES: dict[str, tuple[int, dict[str, Any], str, bool]] = {
    "a block that a shortened answer tells": (
        402,
        {
            **NO,
            "payment_intent": {
                "id": "pi_1",
                "status": "requires_payment_method",
                "latest_charge": {
                    "id": "ch_1",
                    "outcome": {"type": "blocked", "reason": "highest_risk_level"},
                },
            },
        },
        "fraud",
        False,
    ),
    "suspected fraud in Visa's word": (
        402,
        {**NO, "network_decline_code": "59", "payment_method": {"card": {"brand": "visa"}}},
        "fraud",
        False,
    ),
    "a challenge that was not handled": (
        402,
        {**NO, "decline_code": "authentication_not_handled"},
        "authentication_required",
        True,
    ),
    "a limit of transactions": (
        400,
        {"type": "invalid_request_error", "code": "charge_exceeds_transaction_limit"},
        "limit_exceeded",
        True,
    ),
    "a limit of the source": (
        402,
        {"type": "card_error", "code": "charge_exceeds_source_limit"},
        "limit_exceeded",
        True,
    ),
    "a method that is away": (
        400,
        {"type": "invalid_request_error", "code": "payment_method_not_available"},
        "issuer_unavailable",
        True,
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_answers_that_were_once_misread(case: str) -> None:
    status, error, reason, soft = CASES[case]
    undescribed = {"message": "No.", **error}

    async with speaking_undescribed(undescribed, status) as adapter:
        asked = instructions(ACCOUNT, AMOUNT)[Operation.AUTHORIZE]
        assert isinstance(asked, AuthorizeInstruction)
        said_no = await adapter.authorize(asked)
    assert isinstance(said_no, Declined)
    assert (said_no.reason, said_no.soft) == (reason, soft)
    if reason == "authentication_required":
        assert said_no.advice is not None
        assert said_no.advice.retry is Retry.AFTER_CHANGE


def speaking_undescribed(error: dict[str, Any], status: int) -> Any:
    """To a peer whose answers are shorter than the description has them."""
    return speaking(saying({"error": error}, status=status), judged=False)
