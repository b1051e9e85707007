"""The ten stories of the demo, told to pytest; each says itself how it must end."""

from __future__ import annotations

from infra.local.demo import stories
from infra.local.demo.cashier import Cashier


async def test_a_card_deposit_is_captured_at_once_and_credited(cashier: Cashier) -> None:
    await stories.captured_at_once(cashier)


async def test_a_challenge_is_answered_on_the_psps_page_and_the_webhook_tells(
    cashier: Cashier,
) -> None:
    await stories.challenge_on_the_hosted_page(cashier)


async def test_a_soft_decline_asks_the_second_merchant_account(cashier: Cashier) -> None:
    await stories.soft_decline_then_approved(cashier)


async def test_a_hard_decline_asks_nobody_else(cashier: Cashier) -> None:
    await stories.hard_decline_without_second_try(cashier)


async def test_a_part_is_captured_by_hand_and_the_rest_of_the_hold_voided(
    cashier: Cashier,
) -> None:
    await stories.part_captured_rest_voided(cashier)


async def test_a_refused_capture_voids_the_hold_and_leaves_the_wallet_alone(
    cashier: Cashier,
) -> None:
    await stories.capture_refused_hold_voided(cashier)


async def test_refunds_stay_within_the_capture_to_the_cent(cashier: Cashier) -> None:
    await stories.refunds_within_the_capture(cashier)


async def test_a_small_payout_needs_nobody_and_is_settled_by_webhook(cashier: Cashier) -> None:
    await stories.small_payout_settled(cashier)


async def test_a_large_payout_waits_for_somebody_other_than_its_requester(
    cashier: Cashier,
) -> None:
    await stories.large_payout_by_four_eyes(cashier)


async def test_a_payout_that_fails_at_the_psp_gives_the_money_back(cashier: Cashier) -> None:
    await stories.failed_payout_given_back(cashier)


def test_every_story_of_the_demo_is_told_here() -> None:
    played = {name for test in globals().values() for name in getattr(_code(test), "co_names", ())}
    assert {story.play.__name__ for story in stories.STORIES} <= played


def _code(test: object) -> object:
    return getattr(test, "__code__", None)
