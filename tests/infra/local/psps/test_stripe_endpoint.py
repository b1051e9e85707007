"""Who may ask, what may be asked, what was asked before."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path

import httpx
import pytest
import stripe

from infra.local.psps.base.profile import find
from tests.infra.local.psps.stripe_caller import Caller, fresh


async def test_the_same_request_under_a_key_is_done_once(merchant: Caller) -> None:
    for method, status in (("pm_card_visa", 200), ("pm_card_chargeDeclined", 402)):
        key = fresh()
        first = await merchant.authorize(method, key=key)
        again = await merchant.authorize(method, key=key)
        assert (first.status_code, first.content) == (status, again.content)
        assert "idempotent-replayed" not in first.headers
        assert again.headers["idempotent-replayed"] == "true"
        assert len(await merchant.at.psp.story(key)) == 1


async def test_another_request_under_a_key_is_refused(merchant: Caller) -> None:
    key = fresh()
    await merchant.authorize(key=key)
    other = await merchant.authorize(key=key, amount="5011")
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")


async def test_a_lost_answer_is_found_again_under_its_key(merchant: Caller) -> None:
    key = fresh()
    await merchant.at.order("faults", method="POST", path="payment_intents$", fault="lost_after")
    with pytest.raises(httpx.RemoteProtocolError):
        await merchant.authorize(key=key, metadata__key=key)
    again = await merchant.authorize(key=key, metadata__key=key)
    assert again.headers["idempotent-replayed"] == "true"
    listed = (await merchant.get("/payment_intents", limit="100")).json()["data"]
    assert [each["id"] for each in listed if each["metadata"].get("key") == key] == [
        again.json()["id"]
    ]


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        ("status_409", 409, "idempotency_error"),
        ("status_429", 429, "invalid_request_error"),
        ("status_500_before", 500, "api_error"),
    ],
)
async def test_faults_speak_as_stripe_does(
    merchant: Caller, fault: str, status: int, kind: str
) -> None:
    await merchant.at.order("faults", fault=fault)
    met = await merchant.authorize()
    assert (met.status_code, met.json()["error"]["type"]) == (status, kind)


async def test_a_wrong_key_is_nobodys(merchant: Caller) -> None:
    for value in ("Bearer sk_test_none", "Basic !", "", "Bearer"):
        headers = {"Authorization": value}
        answer = await merchant.at.http.get("/v1/payment_intents", headers=headers)
        assert (answer.status_code, answer.json()["error"]["type"]) == (
            401,
            "invalid_request_error",
        )


async def test_a_key_may_come_as_the_user_of_basic(merchant: Caller) -> None:
    key = merchant.at.credentials["primary"]["secret_key"]
    basic = base64.b64encode(f"{key}:".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    assert (await merchant.at.http.get("/v1/refunds", headers=headers)).status_code == 200


async def test_one_account_does_not_see_the_other(merchant: Caller) -> None:
    taken = await merchant.captured()
    for path in (f"/payment_intents/{taken['id']}", f"/charges/{taken['latest_charge']}"):
        answer = await merchant.get(path, account="secondary")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "resource_missing")
    refund = await merchant.post("/refunds", account="secondary", payment_intent=taken["id"])
    assert (refund.status_code, refund.json()["error"]["code"]) == (400, "resource_missing")


@pytest.mark.parametrize(
    ("form", "code", "param"),
    [
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"payment_method": "pm_none"}, "resource_missing", "payment_method"),
        ({"capture_method": "later"}, None, "capture_method"),
    ],
)
async def test_what_stripe_does_not_know_is_refused(
    merchant: Caller, form: dict[str, str], code: str | None, param: str
) -> None:
    answer = await merchant.authorize(**form)
    error = answer.json()["error"]
    assert (answer.status_code, error.get("code"), error["param"]) == (400, code, param)


async def test_what_is_missing_is_named(merchant: Caller) -> None:
    answer = await merchant.post("/payment_intents", amount="5")
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("parameter_missing", "currency")
    assert (await merchant.post("/refunds")).json()["error"]["code"] == "parameter_missing"
    headers = merchant.headers("primary")
    sent = await merchant.at.http.post("/v1/refunds", json={"charge": "ch_1"}, headers=headers)
    assert sent.status_code == 400


async def test_confirmation_may_be_a_step_of_its_own(merchant: Caller) -> None:
    made = (await merchant.post("/payment_intents", amount="500", currency="eur")).json()
    assert made["status"] == "requires_payment_method"
    path = f"/payment_intents/{made['id']}/confirm"
    assert (await merchant.post(path)).json()["error"]["param"] == "payment_method"
    done = (await merchant.post(path, payment_method="pm_card_visa")).json()
    # Captured at once where nobody said manual.
    assert (done["status"], done["amount_received"]) == ("succeeded", 500)


async def test_lists_are_read_page_by_page(merchant: Caller) -> None:
    mine = [(await merchant.authorize(account="secondary")).json()["id"] for _ in range(3)]
    read: list[str] = []
    after: dict[str, str] = {}
    while True:
        answer = await merchant.get(
            "/payment_intents", account="secondary", limit="2", created__gte="1", **after
        )
        page = answer.json()
        read += [each["id"] for each in page["data"]]
        if not page["has_more"]:
            break
        after = {"starting_after": read[-1]}
    assert read[:3] == mine[::-1]
    assert len(read) == len(set(read))
    later = await merchant.get("/payment_intents", account="secondary", created__gt="9999999999")
    assert later.json()["data"] == []
    for wrong in ({"limit": "0"}, {"starting_after": "pi_none"}, {"created__gte": "x"}):
        assert (await merchant.get("/payment_intents", **wrong)).status_code == 400


async def test_stripes_own_library_gets_along_with_it(merchant: Caller) -> None:
    def play() -> tuple[str, str, str]:
        client = stripe.StripeClient(
            merchant.at.credentials["primary"]["secret_key"],
            base_addresses={"api": merchant.at.url},
        )
        intents = client.v1.payment_intents
        with pytest.raises(stripe.CardError) as declined:
            intents.create(
                {
                    "amount": 5010,
                    "currency": "eur",
                    "confirm": True,
                    "payment_method": "pm_card_chargeDeclinedStolenCard",
                }
            )
        held = intents.create(
            {
                "amount": 5010,
                "currency": "eur",
                "capture_method": "manual",
                "confirm": True,
                "payment_method": "pm_card_visa",
                "metadata": {"intent": "in_1"},
                "expand": ["latest_charge"],
            },
            {"idempotency_key": fresh()},
        )
        taken = intents.capture(held.id, {"amount_to_capture": 5000})
        refund = client.v1.refunds.create({"payment_intent": held.id, "amount": 10})
        error = declined.value.error
        return str(error and error.decline_code), taken.status, str(refund.status)

    assert await asyncio.to_thread(play) == ("stolen_card", "succeeded", "succeeded")


def test_the_stage_tells_both_sides_the_same_secrets(tmp_path: Path) -> None:
    profile = find("stripe")
    made = profile.credentials(tmp_path)
    assert profile.credentials(tmp_path) == made
    [kept] = tmp_path.iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    for_server = profile.server_environment(made, 1, "http://127.0.0.1:2/webhooks/stripe")
    assert json.loads(for_server["PAYSAGA_LOOKALIKE_CREDENTIALS"]) == made
    ours = json.loads(profile.plugin_environment(made, "http://x")["PAYSAGA_STRIPE_ACCOUNTS"])
    assert ours["secondary"] == {**made["secondary"], "url": "http://x"}
    assert profile.accounts[0] == {"psp": "stripe", "id": "primary"}
    assert (profile.webhook_path, profile.destinations) == ("/webhooks/stripe", None)


def test_a_lookalike_that_is_none_is_named_with_those_there_are() -> None:
    with pytest.raises(LookupError, match="stripe"):
        find("none")
