"""Items of Adyen's altered, in what is signed and in what is not, for the certification suite."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

SIGNED = ("pspReference", "originalReference", "merchantAccountCode", "merchantReference")


def tampered(body: bytes) -> Iterator[bytes]:
    """Each of the fields that the signature covers another, and the signature gone."""
    for name in (*SIGNED, "eventCode"):
        yield altered(body, partial(_lengthened, name))
    turned = {"true": "false", "false": "true"}
    yield altered(body, lambda item: item.update(success=turned[item["success"]]))
    yield altered(body, lambda item: item["amount"].update(value=item["amount"]["value"] + 1))
    yield altered(body, lambda item: item["amount"].update(currency="USD"))
    yield altered(body, lambda item: item.pop("additionalData"))
    yield altered(body, _shifted)


_UNSIGNED: Sequence[dict[str, Any]] = (
    {"eventDate": "2031-01-01T00:00:00+01:00"},
    {"eventDate": "yesterday"},
    {"reason": "Not enough balance"},
    {"reason": "FRAUD"},
    {"reason": "Refused", "paymentMethod": "mc"},
    {"operations": ["REFUND"]},
    {"operations": ["CANCEL", "CAPTURE", "REFUND"]},
    {"additionalData": {"modification.action": "refund"}},
    {"additionalData": {"modification.action": "cancel"}},
    {"additionalData": {"paymentLinkId": "PLFORGED"}},
    {"additionalData": {"merchantAdviceCode": "01 : New account information available"}},
    {"additionalData": {"refusalReasonRaw": "51 : Insufficient funds", "refusalCodeRaw": "51"}},
    {"additionalData": {"cavv": "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "liabilityShift": "true"}},
)
"""What may be written beside the signed fields."""


def unsigned(body: bytes) -> Iterator[bytes]:
    """What the signature does not cover is another, each time in one thing."""
    yield from (_beside(body, members) for members in _UNSIGNED)


def _beside(body: bytes, members: dict[str, Any]) -> bytes:
    def write(item: dict[str, Any]) -> None:
        for name, value in members.items():
            item[name] = {**item.get(name, {}), **value} if isinstance(value, dict) else value

    return altered(body, write)


def _lengthened(name: str, item: dict[str, Any]) -> None:
    item[name] = f"{item.get(name, '')}0"


def _shifted(item: dict[str, Any]) -> None:
    """The same signed text, read otherwise: a colon moved from one field into another."""
    reference, _, rest = item["merchantReference"].partition(":")
    item["merchantAccountCode"] = f"{item['merchantAccountCode']}:{reference}"
    item["merchantReference"] = rest


def altered(body: bytes, change: Callable[[Any], Any]) -> bytes:
    """The first item another."""
    delivery = copy.deepcopy(json.loads(body))
    change(delivery["notificationItems"][0]["NotificationRequestItem"])
    return json.dumps(delivery).encode()
