"""MAPPING.md says of everything what the tables in the code say."""

from __future__ import annotations

import pytest

from activities.psp.plugins.adyen.amounts import DEVIATIONS
from activities.psp.plugins.adyen.certification.suite import AdyenCertification
from activities.psp.plugins.adyen.events import TRANSLATED, UNASKED
from activities.psp.plugins.adyen.payments import DONE, NOT_DONE
from activities.psp.plugins.adyen.settings import AdyenAccount
from activities.psp.plugins.adyen.settlement import MOVEMENTS
from tests.activities.psp.descriptions import description, needs_descriptions

PAGE = AdyenCertification().examples.with_name("MAPPING.md").read_text()
INSTRUCTED, _, UNINSTRUCTED = PAGE.partition("Without an instruction of ours")


@pytest.mark.parametrize("field", AdyenAccount.model_fields)
def test_every_setting_is_told(field: str) -> None:
    assert f"`{field}`" in PAGE


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_event_that_is_translated_is_told(code: str) -> None:
    assert TRANSLATED[code].operation in row_of(code, INSTRUCTED)


@pytest.mark.parametrize("code", UNASKED)
def test_every_event_that_nobody_asked_for_is_told(code: str) -> None:
    assert row_of(code, UNINSTRUCTED)


def row_of(code: str, part: str) -> str:
    (row,) = [line for line in part.splitlines() if line.startswith("|") and code in words(line)]
    return row


@pytest.mark.parametrize("kind", MOVEMENTS)
def test_every_kind_of_settlement_line_is_told(kind: str) -> None:
    assert kind in words(PAGE)


def test_every_deviating_currency_is_told() -> None:
    for currency, places in DEVIATIONS.items():
        assert f"{currency} {places}" in PAGE


@needs_descriptions
def test_every_result_that_adyen_describes_is_told_and_no_final_one_is_made_up() -> None:
    schemas = description("adyen/CheckoutService-v71.json").document["components"]["schemas"]
    described = set(schemas["PaymentResponse"]["properties"]["resultCode"]["enum"])
    assert described <= words(PAGE)
    assert described >= DONE | NOT_DONE


def words(text: str) -> set[str]:
    return {word.strip("`|,.;:()") for word in text.split()}
