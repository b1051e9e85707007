"""The ten stories. Each plays one payment through the front door and says how it must end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from infra.local.demo.cashier import Body, Cashier
from infra.local.demo.expecting import NotWith, expect, expect_one_of
from infra.local.demo.money import amount_of, text_of
from infra.local.psps.base.profile import Destinations


@dataclass(frozen=True)
class Told:
    """How a story ended. `before` and `after` are what the player could spend."""

    state: str
    before: str
    after: str
    run: str
    """The workflow id to look at."""


@dataclass(frozen=True)
class Story:
    number: int
    title: str
    play: Callable[[Cashier], Awaitable[Told]]
    """Raises NotWith, Deviation, or what HTTP raises."""


async def captured_at_once(at: Cashier) -> Told:
    before = await at.wallet("ada", "EUR")
    intent_id = await at.open("ada", "50.10 EUR")
    answer = await at.authorize(intent_id)
    expect_one_of("the answer to authorize", answer["status"], "CAPTURED", "PENDING")
    seen = await at.final_intent(intent_id)
    expect("the captured amount", text_of(seen["captured"]), "50.10 EUR")
    expect("a capture_id", seen["capture_id"], "cap_" + intent_id.removeprefix("in_"))
    await _psp_did(
        at,
        intent_id,
        "authorization 50.10 EUR approved at primary",
        "capture 50.10 EUR approved at primary",
    )
    return await _deposit_told(at, seen, "CAPTURED", before, "50.10 EUR")


async def challenge_on_the_hosted_page(at: Cashier) -> Told:
    if at.cast.page_field is not None:
        raise NotWith("every payment goes by its page")
    before = await at.wallet("ben", "EUR")
    intent_id = await at.open("ben", "120.25 EUR", at.cast.tokens.challenge)
    answer = await at.tell(intent_id, "authorize")
    expect("the answer to authorize", answer["status"], "REQUIRES_ACTION")
    await at.return_from(answer, "approve")
    seen = await at.final_intent(intent_id)
    expect("the ECI", seen["eci"], "05")
    evidence = seen["cavv"] or seen["three_ds"]["ds_trans_id"]
    expect("evidence of the authentication", bool(evidence), True)
    return await _deposit_told(at, seen, "CAPTURED", before, "120.25 EUR")


async def soft_decline_then_approved(at: Cashier) -> Told:
    before = await at.wallet("cleo", "USD")
    seen = await at.deposit("cleo", "75.50 USD", at.cast.tokens.soft)
    expect("who said yes", seen["merchant_account"], "secondary")
    await _psp_did(
        at,
        seen["intent_id"],
        "authorization 75.50 USD declined at primary",
        "authorization 75.50 USD approved at secondary",
        "capture 75.50 USD approved at secondary",
    )
    return await _deposit_told(at, seen, "CAPTURED", before, "75.50 USD")


async def hard_decline_without_second_try(at: Cashier) -> Told:
    before = await at.wallet("dan", "EUR")
    seen = await at.deposit("dan", "33.30 EUR", at.cast.tokens.hard)
    expect("a code of the PSP's own", bool(seen["decline"]["code"]), True)
    expect("whether another may say yes", seen["decline"]["soft"], False)
    await _psp_did(at, seen["intent_id"], "authorization 33.30 EUR declined at primary")
    return await _deposit_told(at, seen, "FAILED", before, "0.00 EUR")


async def part_captured_rest_voided(at: Cashier) -> Told:
    before = await at.wallet("eve", "JPY")
    intent_id = await at.open("eve", "20000 JPY", capture_method="manual")
    answer = await at.authorize(intent_id)
    expect("the answer to authorize", answer["status"], "AUTHORIZED")
    answer = await at.tell(intent_id, "capture", {"amount": amount_of("8100 JPY")})
    expect_one_of("the answer to capture", answer["status"], "CAPTURED", "PENDING")
    seen = await at.final_intent(intent_id)
    await _psp_did(
        at,
        intent_id,
        "authorization 20000 JPY approved at primary",
        "capture 8100 JPY approved at primary",
        "void 11900 JPY approved at primary",
    )
    return await _deposit_told(at, seen, "CAPTURED", before, "8100 JPY")


async def capture_refused_hold_voided(at: Cashier) -> Told:
    before = await at.wallet("finn", "GBP")
    refused = at.cast.tokens.capture_refused
    intent_id = await at.open("finn", "64.20 GBP", refused, capture_method="manual")
    answer = await at.authorize(intent_id)
    expect("the answer to authorize", answer["status"], "AUTHORIZED")
    await at.tell(intent_id, "capture")
    seen = await at.final_intent(intent_id)
    await _psp_did(
        at,
        intent_id,
        "authorization 64.20 GBP approved at primary",
        "capture 64.20 GBP declined at primary",
        "void 64.20 GBP approved at primary",
    )
    return await _deposit_told(at, seen, "FAILED", before, "0.00 GBP")


async def refunds_within_the_capture(at: Cashier) -> Told:
    deposit = await at.deposit("gwen", "90.00 EUR")
    before = await at.wallet("gwen", "EUR")
    expect("the wallet before", before, "90.00 EUR")
    run = ""
    for amount in ("20.15 EUR", "30.35 EUR"):
        answer = await at.refund(deposit["capture_id"], amount)
        expect("asking for a refund", answer.status, 202)
        refunded = await at.final_refund(answer.body["id"])
        expect(f"the refund of {amount}", refunded["status"], "REFUND_PROCESSED")
        await _psp_did(at, refunded["id"], f"refund {amount} approved at primary")
        run = f"refund-{refunded['id']}"
    # One cent more than what is left of the capture.
    beyond = await at.refund(deposit["capture_id"], "39.51 EUR")
    expect("the third refund", (beyond.status, beyond.problem), (422, "refund-exceeds-capture"))
    after = await at.wallet("gwen", "EUR")
    expect("the wallet after", after, "39.50 EUR")
    return Told("REFUND_PROCESSED", before, after, run)


async def small_payout_settled(at: Cashier) -> Told:
    destinations = _destinations(at)
    deposited, paid, left = "150.000 KWD", "45.605 KWD", "104.395 KWD"
    if not at.cast.three_decimals:
        deposited, paid, left = "150.00 CHF", "45.60 CHF", "104.40 CHF"
    before = await _funded(at, "hugo", deposited)
    payout_id = await at.pay_out("hugo", paid, destinations.ok)
    seen = await at.final_payout(payout_id)
    expect("who decided on a small payout", seen["decided_by"], None)
    await _psp_did(at, payout_id, f"payout {paid} approved at primary")
    return await _payout_told(at, seen, "PAYOUT_SETTLED", before, left)


async def large_payout_by_four_eyes(at: Cashier) -> Told:
    destinations = _destinations(at)
    before = await _funded(at, "iris", "2400.00 EUR")
    payout_id = await at.pay_out("iris", "1250.75 EUR", destinations.ok, by="supervisor")
    await at.until(f"/v1/cashier/payouts/{payout_id}", "PAYOUT_AWAITING_APPROVAL")
    expect("what is held meanwhile", await at.wallet("iris", "EUR", "held"), "1250.75 EUR")
    own = await at.approve(payout_id, by="supervisor")
    expect("the requester's own approval", (own.status, own.problem), (403, "four-eyes"))
    expect("what the PSP did meanwhile", await at.psp.story(payout_id), [])
    second = await at.approve(payout_id, by="approver")
    expect("a second person's approval", second.status in (201, 202), True)
    seen = await at.final_payout(payout_id)
    expect("who decided", seen["decided_by"]["person"], "local-approver")
    await _psp_did(at, payout_id, "payout 1250.75 EUR approved at primary")
    return await _payout_told(at, seen, "PAYOUT_SETTLED", before, "1149.25 EUR")


async def failed_payout_given_back(at: Cashier) -> Told:
    if at.cast.destinations is None:
        return await _nobody_pays_out(at)
    before = await _funded(at, "jack", "300.00 EUR")
    payout_id = await at.pay_out("jack", "110.90 EUR", at.cast.destinations.fails)
    seen = await at.final_payout(payout_id)
    expect("a code of the PSP's own", bool(seen["decline"]["code"]), True)
    await _psp_did(at, payout_id, "payout 110.90 EUR declined at primary")
    return await _payout_told(at, seen, "PAYOUT_FAILED", before, "300.00 EUR")


async def _nobody_pays_out(at: Cashier) -> Told:
    """The PSP cannot pay players: the payout ends as what no route leads to."""
    before = await _funded(at, "jack", "300.00 EUR")
    payout_id = await at.pay_out("jack", "110.90 EUR", "nowhere")
    seen = await at.final_payout(payout_id)
    expect("the reason", seen["decline"]["reason"], "no_route")
    await _psp_did(at, payout_id)
    return await _payout_told(at, seen, "PAYOUT_FAILED", before, "300.00 EUR")


def _destinations(at: Cashier) -> Destinations:
    if at.cast.destinations is None:
        raise NotWith("it pays no players")
    return at.cast.destinations


async def _funded(at: Cashier, player: str, amount: str) -> str:
    """A player who has deposited; what it can spend."""
    await at.deposit(player, amount)
    before = await at.wallet(player, amount.rpartition(" ")[2])
    expect("the wallet before", before, amount)
    return before


async def _psp_did(at: Cashier, payment_id: str, *expected: str) -> None:
    expect("what the PSP did", await at.psp.story(payment_id), list(expected))


async def _deposit_told(at: Cashier, seen: Body, state: str, before: str, after: str) -> Told:
    run = f"deposit-{seen['intent_id']}"
    return await _told(at, seen, state, before, after, run)


async def _payout_told(at: Cashier, seen: Body, state: str, before: str, after: str) -> Told:
    run = f"payout-{seen['payout_id']}"
    held = await at.wallet(seen["player_id"], seen["amount"]["currency"], "held")
    expect("what is still held", held.split()[0].strip("0."), "")
    return await _told(at, seen, state, before, after, run)


async def _told(at: Cashier, seen: Body, state: str, before: str, after: str, run: str) -> Told:
    expect("the final state", seen["status"], state)
    spendable = await at.wallet(seen["player_id"], seen["amount"]["currency"])
    expect("the wallet after", spendable, after)
    return Told(state, before, spendable, run)


STORIES = (
    Story(1, "Card deposit, captured at once", captured_at_once),
    Story(2, "3-D Secure challenge answered", challenge_on_the_hosted_page),
    Story(3, "Soft decline, second approves", soft_decline_then_approved),
    Story(4, "Hard decline, no second try", hard_decline_without_second_try),
    Story(5, "Part captured, the rest voided", part_captured_rest_voided),
    Story(6, "Capture refused, hold voided", capture_refused_hold_voided),
    Story(7, "Two refunds, a third refused", refunds_within_the_capture),
    Story(8, "Small payout, settled", small_payout_settled),
    Story(9, "Large payout under four eyes", large_payout_by_four_eyes),
    Story(10, "Failed payout, given back", failed_payout_given_back),
)
