"""Adyen's deliveries: every item is verified, or the whole delivery is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from Adyen.util import generate_notification_sig, is_valid_hmac_notification

from activities.psp.contract import Acknowledgement, AcknowledgesInItsWay
from activities.psp.plugins.adyen.certification.suite import MERCHANT, AdyenCertification, signature
from tests.activities.psp.adyen.far import PAYMENT
from tests.activities.psp.adyen.hearing import (
    KEY,
    OTHER_KEY,
    delivered,
    hear,
    item,
    refusal,
    signed,
    two_accounts,
)


@pytest.mark.parametrize(
    "each",
    [
        item("CAPTURE", "in_1:capture"),
        item("AUTHORISATION", originalReference=""),
        item("REFUND", "re_1:refund", amount={"currency": "JPY", "value": 0}),
        item("REPORT_AVAILABLE", "Zürich: \u0161kola", pspReference="report_1.csv"),
        item("REPORT_AVAILABLE", "", pspReference="report_2026-11-20T10:00:00.csv"),
    ],
    ids=lambda each: str(each["eventCode"]),
)
def test_adyens_own_library_signs_as_we_do(each: dict[str, Any]) -> None:
    plain = {name: value for name, value in each.items() if name != "additionalData"}
    theirs = generate_notification_sig(plain, KEY).decode()
    assert signature(each, KEY) == theirs
    body = delivered({**plain, "additionalData": {"hmacSignature": theirs}})
    assert is_valid_hmac_notification(json.loads(body), KEY)
    assert not is_valid_hmac_notification(json.loads(body), OTHER_KEY)
    heard = hear(body)
    assert len(heard.events) + len(heard.ignored) == 1


def test_one_wrong_item_refuses_the_whole_delivery() -> None:
    right, wrong = item("CAPTURE", "in_1:capture"), item("REFUND", "re_1:refund")
    signed(right), signed(wrong, key=OTHER_KEY)
    assert refusal(delivered(right, wrong)) == "401 signature"
    assert refusal(delivered(wrong, right)) == "401 signature"
    del wrong["additionalData"]
    assert refusal(delivered(right, wrong)) == "401 missing_signature"


def test_a_delivery_carries_several_events_in_any_order() -> None:
    heard = hear(
        signed(
            item("REFUND", "re_1:refund"),
            item("CAPTURE", "in_1:capture"),
            item("AUTHORISATION", originalReference=""),
        )
    )
    assert [event.key for event in heard.events] == [
        "re_1:refund",
        "in_1:capture",
        "in_1:authorize:1",
    ]


def test_an_item_is_of_the_account_whose_key_signed_it() -> None:
    both, second = two_accounts(), item("CAPTURE", "in_1:capture", merchantAccountCode="SecondEU")
    (event,) = hear(signed(second, key=OTHER_KEY), both).events
    assert event.account == "second"
    assert refusal(signed(second, key=KEY), both) == "401 signature"
    first = item("CAPTURE", "in_1:capture")
    assert refusal(signed(first, key=OTHER_KEY), both) == "401 signature"


def test_a_merchant_account_that_is_not_ours_is_refused() -> None:
    stranger = item("CAPTURE", "in_1:capture", merchantAccountCode="Stranger")
    assert refusal(signed(stranger)) == "401 unknown_account"
    del stranger["merchantAccountCode"]
    assert refusal(delivered(stranger)) == "401 unknown_account"


def test_the_previous_key_is_honoured_while_it_is_rotated() -> None:
    rotated = two_accounts(hmac_key=hashlib.sha256(b"new").hexdigest(), hmac_key_previous=OTHER_KEY)
    second = item("CAPTURE", "in_1:capture", merchantAccountCode="SecondEU")
    assert hear(signed(second, key=OTHER_KEY), rotated).events


def test_the_password_of_the_endpoint_is_asked_for_where_there_is_one() -> None:
    body = signed(item("CAPTURE", "in_1:capture"))
    wrong = "Basic " + base64.b64encode(b"paysaga:wrong").decode()
    assert refusal(body, authorization=wrong) == "401 signature"
    assert refusal(body, authorization="") == "401 signature"
    free = item("CAPTURE", "in_1:capture", merchantAccountCode="SecondEU")
    assert hear(signed(free, key=OTHER_KEY), two_accounts(), authorization="").events


def test_a_signed_text_that_could_be_read_in_two_ways_moves_no_money() -> None:
    """`in_1:capture` cut at its colon: the same text, and another payment's event."""
    one = item("CAPTURE", "in_1:capture")
    other = item("CAPTURE", "capture", originalReference=f"{PAYMENT}:{MERCHANT}")
    other["merchantAccountCode"] = "in_1"
    assert signature(one, KEY) == signature(other, KEY)
    assert refusal(signed(other)) == "401 unknown_account"
    shifted = item("CAPTURE", "capture", originalReference=f"{PAYMENT}:in_1")
    assert refusal(signed(shifted)) == "401 ambiguous"


@pytest.mark.parametrize(
    "odd",
    [
        {"success": True},
        {"success": True, "amount": {"currency": "EUR", "value": "5000"}},
        {"amount": {"currency": "EUR", "value": "5000"}},
    ],
    ids=str,
)
def test_values_are_read_in_every_way_that_adyen_writes_them(odd: dict[str, Any]) -> None:
    plain = hear(signed(item("CAPTURE", "in_1:capture"))).events
    assert hear(signed(item("CAPTURE", "in_1:capture") | odd)).events == plain


@pytest.mark.parametrize(
    "amount", [None, {}, {"currency": None, "value": "0"}, {"currency": None, "value": 0}], ids=str
)
def test_a_report_without_an_amount_is_counted(amount: Any) -> None:
    report = item("REPORT_AVAILABLE", "", pspReference="a:b:c.csv", success=True, amount=amount)
    assert list(hear(signed(report)).ignored) == ["REPORT_AVAILABLE"]


@pytest.mark.parametrize(
    ("odd", "counted"),
    [
        (item("REPORT_AVAILABLE", "", pspReference="a:b.csv"), "ignored"),
        (item("CAPTURE", "x", originalReference=f"{PAYMENT}:in_1"), "unknown"),
        (item("CAPTURE", "in_1:capture", amount={"currency": None, "value": 0}), "unknown"),
        (item("CAPTURE", "in_1:capture", success="maybe"), "unknown"),
        (item("CAPTURE", "in_1:capture", merchantAccountCode="Stranger"), "unknown"),
    ],
    ids=["report", "ambiguous", "no amount", "no success", "stranger"],
)
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_one_item_does_not_cost_the_others_of_its_delivery(
    odd: dict[str, Any], counted: str, first: bool
) -> None:
    genuine = item("CAPTURE", "in_2:capture")
    heard = hear(signed(*((odd, genuine) if first else (genuine, odd))))
    assert [event.key for event in heard.events] == ["in_2:capture"]
    assert list(getattr(heard, counted)) == [odd["eventCode"]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": {"currency": "EUR", "value": True}},
        {"amount": {"currency": "EUR", "value": 50.0}},
        {"amount": {"currency": "EUR", "value": " 5"}},
        {"amount": 5000},
        {"amount": [1]},
        {"amount": {"currency": 978, "value": 1}},
        {"merchantReference": 7},
        {"merchantReference": []},
        {"merchantAccountCode": []},
        {"merchantAccountCode": 0},
        {"eventCode": None},
        {"success": None},
        {"success": 1},
    ],
    ids=str,
)
def test_what_is_written_as_adyen_never_does_is_put_aside(wrong: dict[str, Any]) -> None:
    each = item("CAPTURE", "in_1:capture", additionalData={"hmacSignature": "x"}) | wrong
    assert refusal(delivered(each)) == "401 malformed"
    genuine = item("CAPTURE", "in_2:capture")
    signed(genuine)
    heard = hear(delivered(each, genuine))
    assert [event.key for event in heard.events] == ["in_2:capture"]
    assert len(heard.unknown) == 1


@pytest.mark.parametrize("junk", [None, 7, "x", {}, {"NotificationRequestItem": 7}], ids=str)
def test_what_is_no_item_costs_no_other(junk: Any) -> None:
    document = json.loads(signed(item("CAPTURE", "in_1:capture")))
    document["notificationItems"].insert(0, junk)
    heard = hear(json.dumps(document).encode())
    assert [event.key for event in heard.events] == ["in_1:capture"]
    assert list(heard.unknown) == ["unreadable"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"success": "maybe"},
        {"amount": {"currency": "EUR", "value": -1}},
        {"amount": {"currency": "eur", "value": 1}},
        {"amount": {"currency": "XXL", "value": 1}},
        {"amount": {"currency": "CLP", "value": 50}},
    ],
    ids=str,
)
def test_what_is_signed_and_makes_no_sense_is_told_apart(wrong: dict[str, Any]) -> None:
    each = item("CAPTURE", "in_1:capture") | wrong
    assert refusal(signed(each)) == "422 malformed"


def test_what_means_nothing_to_us_may_come_without_an_amount() -> None:
    """Signed as Adyen's library would: with nothing between the colons."""
    report = item("REPORT_AVAILABLE", "", pspReference="report_1.csv", originalReference=None)
    text = f"report_1.csv::{MERCHANT}::::REPORT_AVAILABLE:true".encode()
    digest = hmac.digest(bytes.fromhex(KEY), text, hashlib.sha256)
    report |= {"amount": None, "additionalData": {"hmacSignature": _base64(digest)}}
    assert list(hear(delivered(report)).ignored) == ["REPORT_AVAILABLE"]
    text = f"X::{MERCHANT}:in_1:capture:::CAPTURE:true".encode()
    digest = hmac.digest(bytes.fromhex(KEY), text, hashlib.sha256)
    capture = report | {"eventCode": "CAPTURE", "merchantReference": "in_1:capture"}
    capture |= {"pspReference": "X", "additionalData": {"hmacSignature": _base64(digest)}}
    assert refusal(delivered(capture)) == "422 malformed"


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def test_a_payment_of_somebody_else_may_be_in_any_money() -> None:
    foreign = item("AUTHORISATION", "order-1", amount={"currency": "XXL", "value": 1})
    heard = hear(signed(foreign))
    assert (heard.events, heard.ignored, heard.unknown) == ([], ["AUTHORISATION"], [])


def test_younger_webhooks_are_signed_in_a_header() -> None:
    body = b'{"type": "ach.notificationOfChange", "createdAt": "2026-03-01T12:00:00Z"}'
    key = hashlib.sha256(b"certified transfers").digest()
    right = base64.b64encode(hmac.digest(key, body, hashlib.sha256)).decode()
    assert hear(body, hmacsignature=right).ignored == ("ach.notificationOfChange",)
    unheard = body.replace(b"ach.", b"xyz.")
    assert refusal(unheard, hmacsignature=right) == "401 signature"
    assert refusal(body) == "401 malformed"
    # Items are never believed by a header.
    items = delivered(item("CAPTURE", "in_1:capture"))
    header = base64.b64encode(hmac.digest(bytes.fromhex(KEY), items, hashlib.sha256)).decode()
    assert refusal(items, hmacsignature=header) == "401 missing_signature"


def test_adyen_reads_that_it_was_heard() -> None:
    adapter = AdyenCertification().connect("http://127.0.0.1:1")
    assert isinstance(adapter, AcknowledgesInItsWay)
    assert adapter.acknowledgement == Acknowledgement(b"[accepted]")
