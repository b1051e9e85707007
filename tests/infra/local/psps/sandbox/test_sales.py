"""What the sandbox PSP takes at once because it was asked to, and gives back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.infra.local.psps.sandbox.client import SandboxPsp, authorization, fresh, sandbox_psp


@pytest.fixture(scope="module")
async def psp(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxPsp]:
    async with sandbox_psp(tmp_path_factory.mktemp("sales")) as running:
        yield running


async def written(psp: SandboxPsp, *references: str) -> list[tuple[str, int]]:
    return [
        (entry["operation"], entry["amount"])
        for reference in references
        for entry in await psp.journal(reference)
        if entry["outcome"] == "approved"
    ]


async def given_back(psp: SandboxPsp, sale: dict[str, Any], reference: str) -> dict[str, Any]:
    path = f"/authorizations/{sale['id']}/voids"
    return await psp.do(path, reference=reference, give_back=True)


async def test_a_card_is_charged_at_once_where_the_merchant_asks_for_it(psp: SandboxPsp) -> None:
    sale = await psp.authorize(capture=True, reference=(reference := fresh("in")))
    assert (sale["status"], sale["captured"]) == ("approved", True)
    assert (await psp.capture(sale, 5000))["status"] == "declined"
    assert (await psp.void(sale))["status"] == "declined"
    assert await written(psp, reference) == [("authorization", 5000), ("capture", 5000)]


async def test_a_card_that_no_capture_is_made_of_is_not_sold_to(psp: SandboxPsp) -> None:
    refused = await psp.authorize("tok_capture_refused", capture=True)
    assert (refused["status"], refused["captured"]) == ("declined", False)
    assert refused["decline"]["code"] == "capture_refused"


async def test_what_was_sold_is_given_back_once_and_only_what_is_left_of_it(
    psp: SandboxPsp,
) -> None:
    sale = await psp.authorize(capture=True)
    await psp.refund(sale, 1500)
    back, again = fresh("void"), fresh("void")
    assert (await given_back(psp, sale, back))["amount"] == 3500
    assert (await given_back(psp, sale, again))["amount"] == 0
    assert await written(psp, back, again) == [("refund", 3500), ("void", 0), ("void", 0)]


async def test_a_sale_on_the_page_that_is_given_up_takes_nothing(psp: SandboxPsp) -> None:
    asked = await psp.authorize(None, capture=True, reference=(reference := fresh("in")))
    assert (asked["status"], asked["captured"]) == ("requires_action", False)
    assert (await given_back(psp, asked, fresh("void")))["status"] == "approved"
    assert await written(psp, reference) == []
    assert (await psp.look_up(reference)).json()["status"] == "declined"


@pytest.mark.parametrize(
    ("ordered", "met"), [("sale", [False, True]), ("authorization", [True, False])]
)
async def test_a_fault_of_sales_meets_them_alone_and_one_of_authorizations_both(
    psp: SandboxPsp, ordered: str, met: list[bool]
) -> None:
    await psp.control("POST", "faults", {"operation": ordered, "fault": "lost_after"})
    lost = []
    for capture in (False, True):
        body = authorization(capture=capture)
        try:
            await psp.write("/authorizations", body)
            lost.append(False)
        except httpx.TransportError:
            lost.append(True)
        assert (await psp.look_up(body["reference"])).json()["captured"] is capture
    assert lost == met
