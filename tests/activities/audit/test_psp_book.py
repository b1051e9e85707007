"""What the PSP says of itself is held against the ledger, to the last minor unit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from activities.audit.psp_book import NoJournal, journal
from tests.activities.audit.conftest import Books
from tests.activities.audit.sound import LONG_AGO, did

PER_PAYMENT = "I3 What the PSP took and gave for a payment is what the ledger says"
PER_ACCOUNT = "I4 What a merchant account owes us is what its clearing account says"
LEFT_HELD = "I4 Nothing stays held at the PSP for a payment that is over"
BOUNDS = "I5 The PSP captured at most what it had authorized, refunded at most what it captured"
ONCE = "I6 One key moved money once at the PSP"


async def test_a_capture_that_was_never_credited_is_found(kept: Books) -> None:
    kept.journal += [did("authorization", "in_c:authorize:2", 700), did("capture", "in_c:x", 700)]
    assert await kept.broken() == {
        PER_PAYMENT: ["in_c at psp:sandbox:primary: the PSP has 700, the ledger 0 EUR"],
        PER_ACCOUNT: ["psp:sandbox:primary: the PSP has 4900, the ledger 4500 EUR, under way -300"],
    }


async def test_a_credit_that_the_psp_never_captured_is_found_at_once(kept: Books) -> None:
    kept.journal = [each for each in kept.journal if each["reference"] != "in_a:capture"]
    broken = await kept.broken()
    assert broken[PER_PAYMENT] == [
        "in_a at psp:sandbox:primary: the PSP has 0, the ledger 5000 EUR"
    ]
    assert broken[LEFT_HELD] == ["in_a (CAPTURED) at psp:sandbox:primary: 5000 EUR held"]
    assert broken[BOUNDS] == ["in_a: authorized 5000, captured 0, refunded 1500 EUR"]


async def test_money_at_another_merchant_account_is_found(kept: Books) -> None:
    for each in kept.journal:
        if each["reference"].startswith("in_j"):
            each["merchant_account"] = "secondary"
    broken = await kept.broken()
    assert broken[PER_ACCOUNT] == [
        "psp:sandbox:primary: the PSP has 0, the ledger 900 JPY, under way 0",
        "psp:sandbox:secondary: the PSP has 900, the ledger 0 JPY, under way 0",
    ]


async def test_a_payout_paid_twice_under_one_key_is_found(kept: Books) -> None:
    kept.journal.append(did("payout", "po_a:payout:1", 1000))
    broken = await kept.broken()
    assert broken[ONCE] == ["po_a:payout:1 at psp:sandbox:primary: 2 times, 2000 EUR"]
    assert broken[PER_PAYMENT] == [
        "po_a at psp:sandbox:primary: the PSP has -2000, the ledger -1000 EUR"
    ]


async def test_a_capture_beyond_its_authorization_is_found(kept: Books) -> None:
    kept.journal.append(did("capture", "in_b:capture:2", 1001))
    assert (await kept.broken())[BOUNDS] == ["in_b: authorized 3000, captured 3001, refunded 0 EUR"]


async def test_a_hold_that_nobody_released_is_found(kept: Books) -> None:
    kept.journal.append(did("authorization", "in_c:authorize:2", 700))
    assert await kept.broken() == {
        LEFT_HELD: ["in_c (FAILED) at psp:sandbox:primary: 700 EUR held"]
    }


async def test_what_the_psp_did_just_now_is_under_way(kept: Books) -> None:
    now = datetime.now(UTC)
    kept.journal += [
        did("authorization", "in_o:authorize:1", 100, at=now),
        did("capture", "in_o:capture", 100, at=now),
    ]
    assert await kept.broken() == {}
    assert len(await kept.broken(patience=timedelta(0))) > 1


async def test_a_wrong_amount_is_not_excused_by_being_young(kept: Books) -> None:
    for each in kept.journal:
        if each["reference"] == "in_a:capture":
            each |= {"amount": 4999, "at": datetime.now(UTC).isoformat()}
    assert PER_PAYMENT in await kept.broken()


async def test_an_entry_of_no_transfer_is_found_on_the_clearing_account(kept: Books) -> None:
    await kept.forge(
        "INSERT INTO entries (transfer_id, account_id, amount_minor) SELECT 0, id, 5 "
        "FROM accounts WHERE name = 'psp:sandbox:primary' AND currency = 'EUR'"
    )
    assert (await kept.broken())[PER_PAYMENT] == [
        "no transfer at psp:sandbox:primary: the PSP has 0, the ledger -5 EUR"
    ]


async def test_what_the_psp_refused_counts_for_nothing(kept: Books) -> None:
    kept.journal.append(did("capture", "in_c:capture", 700, outcome="declined", at=LONG_AGO))
    assert await kept.broken() == {}


@asynccontextmanager
async def answering(body: bytes) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_book_that_is_not_shown_is_no_empty_book() -> None:
    async with answering(b'{"entries": []}') as url:
        assert await journal(url) == []
    for body in (b"{}", b"<html>"):
        async with answering(body) as url:
            with pytest.raises(NoJournal, match="did not show its book"):
                await journal(url)
    with pytest.raises(NoJournal):
        await journal(url)
