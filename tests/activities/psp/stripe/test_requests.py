"""Whatever is sent, and whatever Stripe is played to say, is as Stripe's own description has it."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import pytest

import activities.psp.plugins.stripe.certification.replies as certification
from activities.psp.certification import Canned, Heard, Verdict
from tests.activities.psp.descriptions import (
    check_component,
    description,
    needs_descriptions,
    refuses_mutations,
)
from tests.activities.psp.stripe.exchanges import every_exchange, every_statement
from tests.activities.psp.stripe.judging import (
    UNDESCRIBED,
    judge,
    judge_reply,
    plain,
    request_of,
)
from workflows.domain.money import Money

pytestmark = needs_descriptions

STRIPE = "stripe/openapi.json"
AMOUNTS = [Money(5000, "JPY"), Money(5001, "EUR"), Money(5010, "KWD"), Money(5000, "ISK")]
EXAMPLES = sorted((Path(certification.__file__).parents[1] / "examples").glob("*.json"))
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("amount", AMOUNTS, ids=str)
@pytest.mark.parametrize("verdict", Verdict)
async def test_every_request_and_reply_is_as_described(verdict: Verdict, amount: Money) -> None:
    exchanges = await every_exchange(verdict, amount)
    assert len(exchanges.heard) > 20
    for heard, reply in exchanges.pairs:
        judge(heard, reply)


async def test_every_call_is_among_those_that_are_judged() -> None:
    heard = (await every_exchange(Verdict.APPROVED, AMOUNTS[1])).heard
    asked = {f"{each.method} {urlsplit(each.path).path}" for each in heard}
    assert asked == {
        "POST /v1/checkout/sessions",
        "GET /v1/checkout/sessions",
        "GET /v1/checkout/sessions/cs_1",
        "POST /v1/checkout/sessions/cs_1/expire",
        "POST /v1/payment_intents",
        "GET /v1/payment_intents",
        "GET /v1/payment_intents/search",
        "GET /v1/payment_intents/pi_1",
        "GET /v1/payment_intents/pi_certified",
        "GET /v1/payment_intents/pi_ref_sold",
        "GET /v1/payment_intents/ref_sold",
        "POST /v1/payment_intents/pi_1/capture",
        "POST /v1/payment_intents/pi_1/cancel",
        "POST /v1/payment_intents/pi_certified/cancel",
        "POST /v1/refunds",
        "GET /v1/refunds",
        "GET /v1/refunds/re_1",
    }


@pytest.mark.parametrize("amount", AMOUNTS, ids=str)
async def test_the_judge_is_not_blind_to_what_could_be_wrong_with_them(amount: Money) -> None:
    heard = [
        *(await every_exchange(Verdict.APPROVED, amount)).heard,
        *(await every_statement()).heard,
    ]
    described = [each for each in heard if not each.path.startswith(UNDESCRIBED)]
    for each in {(r.method, r.path): r for r in described}.values():
        assert refuses_mutations(description(STRIPE), request_of(each)) >= 4, each.path


async def test_the_statement_is_asked_and_told_as_described() -> None:
    for heard, reply in (await every_statement()).pairs:
        judge(heard, reply)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_as_described(path: Path) -> None:
    example = json.loads(path.read_text())
    if "webhook" in example:
        thing = example["webhook"]["data"]["object"]
        check_component(description(STRIPE), "event", orjson.dumps(example["webhook"]))
        if thing["object"] in ("payment_intent", "refund"):
            check_component(description(STRIPE), thing["object"], plain(orjson.dumps(thing)))
        return
    asked, answer = example["request"], example["answer"]
    headers = {**asked["headers"], "authorization": "Bearer sk"}
    heard = Heard(asked["method"], asked["path"], headers, asked["body"].encode())
    judge(heard, Canned(answer["status"], orjson.dumps(answer["body"]), JSON))


@pytest.mark.parametrize(
    ("member", "wrong"),
    [("status", "captured"), ("amount", "5000"), ("created", None), ("currency", 978)],
)
def test_the_judge_of_replies_is_not_blind(member: str, wrong: object) -> None:
    heard = Heard("POST", "/v1/payment_intents", {}, b"")
    spoilt = {**certification.intent(), member: wrong}
    judge_reply(heard, Canned(200, orjson.dumps(certification.intent()), JSON))
    with pytest.raises(AssertionError):
        judge_reply(heard, Canned(200, orjson.dumps(spoilt), JSON))
