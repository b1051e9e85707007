"""Whatever a person has in hand finds the payment, and nobody else's."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import asyncpg
import pytest

from activities.access.credential import Role
from tests.api.callers import Caller, a_player, captured, intent, money, payout, slug
from tests.api.cashier.test_labels import known
from tests.api.conftest import Issue
from tests.workflows.world import FakePsp
from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Authentication, Operation

SEARCH = "/v1/payments"


async def found(caller: Caller, **wanted: Any) -> list[dict[str, Any]]:
    answer = await caller.get(f"{SEARCH}?{urlencode(wanted)}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def ids(caller: Caller, **wanted: Any) -> set[str]:
    return {item["id"] for item in await found(caller, **wanted)}


def a_name(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


async def test_every_name_of_a_deposit_and_its_refund_finds_them(
    platform: Caller, psp: FakePsp
) -> None:
    held, taken, back, scheme = (a_name(what) for what in ("pi", "ch", "re", "ds"))
    proof = Authentication(scheme="visa", ds_trans_id=scheme)
    psp.will_answer(Operation.AUTHORIZE, Approved(held, Money(5000, "EUR"), proof))
    psp.will_answer(Operation.CAPTURE, Approved(taken, Money(5000, "EUR")))
    order, shelf = a_name("order"), a_name("shelf")
    trace = a_name("trace")
    wish = intent(
        player_id=a_player(),
        reference=order,
        metadata={"brand_id": "acme", "region": "eu", "shelf": shelf},
    )
    opened = await platform.post("/v1/cashier/intents", wish, X_Trace_Id=trace)
    intent_id = opened.json()["intent_id"]
    done = await platform.post(f"/v1/cashier/intents/{intent_id}/authorize")
    capture_id = done.json()["capture_id"]
    psp.will_answer(Operation.REFUND, Approved(back, Money(100, "EUR")))
    mine = a_name("mine")
    refund = await platform.post(
        f"/v1/cashier/captures/{capture_id}/refunds",
        {"refund_id": mine, "amount": money("1")},
    )
    refund_id = refund.json()["id"]
    for q in (held, taken, scheme, trace, order, shelf, f"{intent_id}:authorize:1"):
        assert intent_id in await ids(platform, q=q), q
    for q in (mine, refund_id, f"{refund_id}:refund"):
        assert await ids(platform, q=q) == {refund_id}, q
    for q in (intent_id, capture_id):
        assert await ids(platform, q=q) == {intent_id, refund_id}, q
    await eventually_found(platform, back, refund_id)


async def eventually_found(caller: Caller, q: str, payment_id: str) -> None:
    async with asyncio.timeout(60):
        while payment_id not in await ids(caller, q=q):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_it_says_what_the_text_is_and_can_be_told(platform: Caller, psp: FakePsp) -> None:
    text = a_name("both")
    one = (await platform.post("/v1/cashier/intents", intent(reference=text))).json()
    labels = {"brand_id": "acme", "order": text}
    other = (await platform.post("/v1/cashier/intents", intent(metadata=labels))).json()
    by = {item["id"]: item["found_by"] for item in await found(platform, q=text)}
    assert by == {one["intent_id"]: ["reference"], other["intent_id"]: ["metadata"]}
    assert await ids(platform, q=text, by="reference") == {one["intent_id"]}
    assert await ids(platform, q=text, by="psp_ref") == set()
    assert await ids(platform, q=text[:-1]) == set()


async def test_last_four_with_amount_and_day_find_a_card_payment(
    platform: Caller, psp: FakePsp
) -> None:
    player, other = a_player(), a_player()
    right = intent(player_id=player, last_four="9138", amount=money("37.19"))
    made = (await platform.post("/v1/cashier/intents", right)).json()
    for wrong in (
        intent(player_id=other, last_four="9138", amount=money("37.18")),
        intent(player_id=other, last_four="9139", amount=money("37.19")),
        intent(player_id=other, last_four="9138", amount=money("37.19", "USD")),
    ):
        await platform.post("/v1/cashier/intents", wrong)
    today = datetime.now(UTC).date().isoformat()
    card = {"last_four": "9138", "amount": "37.19", "currency": "EUR"}
    assert await ids(platform, **card, day=today) == {made["intent_id"]}
    assert await ids(platform, **card, day="2001-01-01") == set()
    assert await ids(platform, amount="37.19", currency="EUR", player_id=player) == {
        made["intent_id"]
    }
    assert made["last_four"] == "9138"


async def test_a_players_payments_of_every_kind_come_newest_first_and_by_pages(
    platform: Caller, operator: Caller, psp: FakePsp
) -> None:
    player = a_player()
    deposit = await captured(platform, player_id=player)
    await known(operator, player)
    paid = await platform.post("/v1/cashier/payouts", payout(player_id=player))
    refund = await platform.post(
        f"/v1/cashier/captures/{deposit['capture_id']}/refunds", {"amount": money("1")}
    )
    expected = [refund.json()["id"], paid.json()["payout_id"], deposit["intent_id"]]
    seen, cursor = [], ""
    for _ in expected:
        page = (await platform.get(f"{SEARCH}?player_id={player}&limit=1{cursor}")).json()
        seen += [item["id"] for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert (seen, page["next_cursor"]) == (expected, None)
    assert [item["kind"] for item in await found(platform, player_id=player)] == [
        "refund",
        "payout",
        "deposit",
    ]
    assert await ids(platform, player_id=player, kind="payout") == {paid.json()["payout_id"]}


async def test_what_a_psp_calls_it_in_a_webhook_finds_it_too(
    platform: Caller, psp: FakePsp, app: Any, name: str
) -> None:
    opened = (await platform.post("/v1/cashier/intents", intent())).json()
    about, own = a_name("charge"), a_name("dispute")
    event = PspEvent(
        psp=name,
        event_id=a_name("evt"),
        key=f"{opened['intent_id']}:authorize:1",
        operation=Operation.CHARGEBACK,
        reply=Approved(own, Money(5000, "EUR")),
        amount=Money(5000, "EUR"),
        unasked=True,
        about=(about,),
    )
    await app.state.webhooks.inbox.store([event])
    for q in (about, own):
        assert await ids(platform, q=q) == {opened["intent_id"]}


async def test_nobody_finds_another_brands_payment(issue: Issue, psp: FakePsp) -> None:
    text = a_name("order")
    acme, bravo = await issue(Role.PLATFORM), await issue(Role.OPERATOR, brands=("bravo",))
    everybody = await issue(Role.APPROVER, brands=("*",))
    made = (await acme.post("/v1/cashier/intents", intent(reference=text))).json()
    for q in (text, made["intent_id"], made["trace_id"]):
        assert await ids(bravo, q=q) == set()
        assert await ids(everybody, q=q) == {made["intent_id"]}


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "day=2031-01-31",
        "by=reference&last_four=4242",
        "q=",
        "q=a%00b",
        "q=x&by=name",
        "last_four=42424",
        "amount=50.00",
        "currency=EUR&q=x",
        "amount=50.001&currency=EUR",
        "amount=50&currency=XXX",
        "amount=0&currency=EUR",
        "q=x&day=2031-02-31",
        "q=x&day=2031-01-31&created_from=2031-01-31T00:00:00Z",
        "q=x&cursor=nothing",
        "q=x&limit=0",
        "q=x&kind=intent",
        "q=4111111111111111",
        "name=x",
    ],
)
async def test_a_search_that_means_nothing_is_refused(platform: Caller, wrong: str) -> None:
    refused = await platform.get(f"{SEARCH}?{wrong}")
    assert refused.status_code == 422, refused.text
    assert slug(refused) in ("invalid-request", "card-data-refused")


async def test_refunds_and_payouts_are_listed_by_their_intent(
    platform: Caller, operator: Caller, psp: FakePsp
) -> None:
    player = a_player()
    deposit, other = [await captured(platform, player_id=player) for _ in range(2)]
    await known(operator, player)
    of, refunds = deposit["intent_id"], []
    for amount in ("1", "2"):
        made = await platform.post(
            f"/v1/cashier/captures/{deposit['capture_id']}/refunds", {"amount": money(amount)}
        )
        refunds.append(made.json()["id"])
    paid = await platform.post("/v1/cashier/payouts", payout(player_id=player, intent_id=of))
    assert paid.json()["intent_id"] == of, paid.text
    listing = (await platform.get(f"/v1/cashier/refunds?intent_id={of}")).json()["items"]
    assert [item["id"] for item in listing] == refunds[::-1]
    listing = (await platform.get(f"/v1/cashier/payouts?intent_id={of}")).json()["items"]
    assert [item["payout_id"] for item in listing] == [paid.json()["payout_id"]]
    for what in ("refunds", "payouts"):
        none = await platform.get(f"/v1/cashier/{what}?intent_id={other['intent_id']}")
        assert none.json()["items"] == []
        wrong = await platform.get(f"/v1/cashier/{what}?intent_id=7")
        assert (wrong.status_code, slug(wrong)) == (422, "invalid-request")
    rest = await platform.post(f"/v1/cashier/captures/{deposit['capture_id']}/refunds")
    assert rest.json()["amount"] == money("47.00"), "a payout is no refund"


async def test_a_payout_names_only_a_deposit_of_its_own_player(
    platform: Caller, psp: FakePsp
) -> None:
    deposit = (await platform.post("/v1/cashier/intents", intent(player_id=a_player()))).json()
    for player, intent_id in (
        (a_player(), deposit["intent_id"]),
        (deposit["player_id"], "in_" + "0" * 32),
    ):
        wish = payout(player_id=player, intent_id=intent_id)
        refused = await platform.post("/v1/cashier/payouts", wish)
        assert (refused.status_code, slug(refused)) == (422, "invalid-request")


async def test_the_first_page_of_a_search_reads_by_the_index(owner: asyncpg.Pool) -> None:
    """However many payments there are of one amount, and however few of one name."""
    async with owner.acquire() as connection, connection.transaction():
        # A table that is small would be read whole, whatever index it has.
        await connection.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"
        )
        plan = await connection.fetch(
            "EXPLAIN SELECT created_at, payment_id, array_agg(word) FROM search_terms "
            "WHERE value = 'EUR 5000' AND word IN ('amount') GROUP BY 1, 2 "
            "ORDER BY created_at DESC, payment_id DESC LIMIT 50"
        )
    text = "\n".join(row[0] for row in plan)
    assert "search_terms_pkey" in text
    assert "Sort" not in text, text
