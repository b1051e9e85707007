"""What every lookalike does: journal, idempotency, faults, page."""

from __future__ import annotations

import time

import httpx
import pytest

from infra.local.demo.forms import forms_of
from tests.infra.local.psps.running import Running, until
from tests.infra.local.psps.toy import CREDENTIALS


async def pay(
    at: Running, key: str = "in_1:capture", amount: int = 500, account: str = "primary"
) -> httpx.Response:
    headers = {"Api-Key": CREDENTIALS[account]["key"], "Key": key}
    return await at.http.post("/pay", params={"amount": amount}, headers=headers)


async def test_the_journal_has_what_was_done_by_our_names_and_keys(toy: Running) -> None:
    await pay(toy)
    await pay(toy, "in_2:capture", account="secondary")
    [done] = await toy.psp.journal("in_1")
    at = done.pop("at")
    assert at.endswith("Z")
    assert done == {
        "operation": "capture",
        "id": "cap_1",
        "reference": "in_1:capture",
        "merchant_account": "primary",
        "amount": 500,
        "currency": "EUR",
        "outcome": "approved",
        "code": None,
    }
    assert await toy.psp.story("in_2") == ["capture 5.00 EUR approved at secondary"]
    assert len(await toy.psp.journal()) == 2


async def test_what_was_promised_happens_by_itself(toy: Running) -> None:
    headers = {"Api-Key": CREDENTIALS["primary"]["key"], "Key": "po_1:payout"}
    assert (await toy.http.post("/promise", headers=headers)).status_code == 202

    async def done() -> bool:
        return await toy.psp.story("po_1") == ["payout 0.05 EUR declined at primary"]

    await until(done)


async def test_the_same_request_under_a_key_is_done_once(toy: Running) -> None:
    assert (await pay(toy)).json() == (await pay(toy)).json() == {"id": "cap_1"}
    assert (await pay(toy, amount=501)).status_code == 409
    # Keys are each merchant account's own.
    assert (await pay(toy, account="secondary")).json() == {"id": "cap_2"}
    assert len(await toy.psp.journal()) == 2


@pytest.mark.parametrize(
    ("fault", "status", "effects"),
    [
        ("status_500_before", 500, 0),
        ("status_500_after", 500, 1),
        ("status_409", 409, 0),
        ("status_429", 429, 0),
        ("status_503", 503, 0),
    ],
)
async def test_an_ordered_status_comes_in_the_psps_words(
    toy: Running, fault: str, status: int, effects: int
) -> None:
    await toy.order("faults", path="^/pay$", fault=fault)
    met = await pay(toy)
    assert (met.status_code, met.json()) == (status, {"toy": status})
    assert len(await toy.psp.journal()) == effects
    # It is used up, and the repeat is answered as if the first answer had arrived.
    assert (await pay(toy)).json() == {"id": "cap_1"}
    assert len(await toy.psp.journal()) == 1


@pytest.mark.parametrize(("fault", "effects"), [("lost_before", 0), ("lost_after", 1)])
async def test_a_lost_answer_may_hide_an_effect(toy: Running, fault: str, effects: int) -> None:
    await toy.order("faults", method="POST", fault=fault, times=2)
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            await pay(toy)
        assert len(await toy.psp.journal()) == effects
    assert (await pay(toy)).json() == {"id": "cap_1"}


async def test_garbage_is_an_answer_cut_in_the_middle(toy: Running) -> None:
    await toy.order("faults", fault="garbage")
    assert (await pay(toy)).text == '{"id": '
    assert len(await toy.psp.journal()) == 1


async def test_a_page_from_something_in_front_is_not_the_psp(toy: Running) -> None:
    await toy.order("faults", fault="html")
    met = await pay(toy)
    assert (met.status_code, met.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert await toy.psp.journal() == []


async def test_a_slow_answer_hides_an_effect_for_a_while(toy: Running) -> None:
    await toy.order("faults", fault="slow", seconds=0.2)
    before = time.monotonic()
    assert (await pay(toy)).json() == {"id": "cap_1"}
    assert time.monotonic() - before >= 0.2


async def test_a_fault_meets_only_its_method_and_path(toy: Running) -> None:
    await toy.order("faults", method="GET", path="^/pay", fault="html")
    await toy.order("faults", method="POST", path="^/refunds/", fault="html", times=None)
    assert (await pay(toy)).json() == {"id": "cap_1"}
    ordered = (await toy.http.get("/_control/faults")).json()["faults"]
    assert [each["method"] for each in ordered] == ["GET", "POST"]
    assert (await toy.http.delete("/_control/faults")).json() == {"faults": []}


async def test_an_order_that_makes_no_sense_is_refused(toy: Running) -> None:
    for wrong in (
        {"fault": "earthquake"},
        {"fault": "html", "path": "("},
        {"fault": "html", "x": 1},
    ):
        assert (await toy.http.post("/_control/faults", json=wrong)).status_code == 422
    assert (await toy.http.post("/_control/webhooks", json={"mode": "x"})).status_code == 422


async def test_a_call_that_is_none_gets_the_psps_words(toy: Running) -> None:
    for method, status in (("GET", 405), ("POST", 404)):
        path = "/pay" if status == 405 else "/nowhere"
        answer = await toy.http.request(method, path)
        assert (answer.status_code, answer.json()) == (status, {"toy": status})
    assert (await toy.http.post("/pay")).json() == {"error": "who are you?"}


@pytest.mark.parametrize("action", ["approve", "decline", "cancel"])
async def test_the_page_is_answered_as_the_demo_answers_it(toy: Running, action: str) -> None:
    back = await toy.psp.answer(f"{toy.url}/page", action)
    assert back == f"https://casino.example/back?a=1&result={action}"


async def test_the_page_says_what_is_paid_and_knows_its_buttons_only(toy: Running) -> None:
    page = (await toy.http.get("/page")).text
    assert "1,234 <small>JPY" in page
    assert "<Is>" not in page
    [form] = forms_of(page)
    assert form.buttons == {"action": ["approve", "decline", "cancel"]}
    assert (await toy.http.post("/page", data={"action": "steal"})).status_code == 400
