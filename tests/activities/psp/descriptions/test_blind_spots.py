"""What the descriptions cannot judge, listed: a blind spot that nobody knows of is a lie."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.activities.psp.descriptions import description, needs_descriptions
from tests.activities.psp.descriptions.dialect import closed, is_open, modern
from tests.activities.psp.descriptions.loading import ABSENT, ROOT, Description
from tests.activities.psp.descriptions.right import (
    CHECKOUT,
    EVENTS,
    NOTIFICATIONS,
    ORDERS,
    PAYMENTS,
    PAYOUTS,
    REPORTING,
    STRIPE,
    THIRD_PARTY,
)
from tests.activities.psp.descriptions.validating import Sense, problem
from tests.activities.psp.descriptions.values import FORMATS, pattern

NAMES = [
    *(ORDERS, PAYMENTS, PAYOUTS, REPORTING, NOTIFICATIONS),
    *(CHECKOUT, THIRD_PARTY, EVENTS, STRIPE),
]
PROBES = ("", " ", "a", "A", "1", "é", "😀", "-", "~", "{}", "/", "a" * 400, "\x00", "no such")


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node:
        if isinstance(inner, dict | list):
            yield from nodes(inner)


def values_of(keyword: str) -> set[str]:
    found = (node.get(keyword) for name in NAMES for node in nodes(description(name).document))
    return {word for word in found if isinstance(word, str)}


@needs_descriptions
def test_every_pattern_compiles_and_those_that_refuse_nothing_are_known() -> None:
    never_refuse = {
        source for source in values_of("pattern") if all(map(pattern(source).search, PROBES))
    }
    # It refuses line breaks alone; lengths and enums judge these members, or nothing does.
    assert never_refuse == {"^.*$"}


@needs_descriptions
def test_the_patterns_that_look_for_a_part_of_the_text_only_are_known() -> None:
    """They say nothing of what stands before or behind; PayPal's for emails is broken besides."""
    loose = {
        source for source in values_of("pattern") if not (source[0] == "^" and source[-1] == "$")
    }
    assert {source if len(source) < 70 else source[:20] for source in loose} == {
        "(?:[a-zA-Z0-9!#$%&'*",
        "([a-zA-Z0-9])",
        "[0-9]{2,}",
        "[a-zA-Z0-9]{4}",
        "[0-9]{4}",
        r"^(https:)([/|.|\w|\s|-])*\.(?:jpg|gif|png|jpeg|JPG|GIF|PNG|JPEG)"[:70],
        r"^(?!\d+$)\w+\S+",
        "payTo|upi_collect",
        *(source for source in loose if source.startswith("^/v1/")),
    }


@needs_descriptions
def test_the_formats_that_are_not_judged_are_known() -> None:
    """PayPal's own have a pattern next to them; `double` says no more than `number`."""
    assert values_of("format") - FORMATS.keys() == {
        "double",
        "merchant_common_email_address_v2",
        "openapi",
        "payer_v1",
        "ppaas_common_country_code_v2",
        "ppaas_common_email_address_v2",
        "ppaas_common_language_v3",
        "ppaas_common_percentage_v2",
        "ppaas_date_notime_v2",
        "ppaas_date_time_v3",
        "ppaas_ip_address_v1",
        "ppaas_payer_id_v3",
    }


def wildcards(at: Description) -> Iterator[str]:
    """Named schemas and their members of which nothing is said but words."""
    for name, schema in at.document["components"]["schemas"].items():
        members = [(f"{name}.{key}", value) for key, value in schema.get("properties", {}).items()]
        for place, each in ((name, schema), *members):
            if not {*modern(each, at.at)} - {"readOnly"}:
                yield place


@needs_descriptions
def test_the_values_of_which_nothing_is_said_are_known() -> None:
    assert {place for name in NAMES for place in wildcards(description(name))} == {
        "altpay_recurring_attributes",
        "altpay_recurring_attributes_request",
        "apple_pay_attributes",
        "authentication_flow",
        "exemption_details",
        "google_pay_request",
        "patch.value",
        "tracker_status",
        "universal_product_code",
        "vault_owner_id",
    }


@needs_descriptions
def test_objects_are_open_only_where_the_description_says_so() -> None:
    """Elsewhere a misspelt member shows. Stripe's four are an event's object and the SDK's own."""
    silent = [
        name
        for name in NAMES
        for node in nodes(description(name).document)
        if node.get("type") == "object" and "additionalProperties" not in node
        if is_open(node, description(name).at)
    ]
    assert silent == [STRIPE] * 4


@needs_descriptions
@pytest.mark.parametrize("name", NAMES)
def test_every_schema_is_translated_without_a_keyword_left_over(name: str) -> None:
    at = description(name)
    schemas = at.document["components"]["schemas"]
    assert len([at.schema(f"#/components/schemas/{each}") for each in schemas]) >= 25


def examples(at: Description) -> Iterator[tuple[str, dict[str, Any], Any, Sense]]:
    """The descriptions' own requests and replies: name, schema, value, sense."""
    for template, item in at.document.get("paths", {}).items():
        for method, spec in item.items():
            if not isinstance(spec, dict):
                continue
            replies = [(status, reply, Sense.REPLY) for status, reply in spec["responses"].items()]
            for place, node, sense in (("", spec.get("requestBody"), Sense.REQUEST), *replies):
                for content in ((at.resolve(node) or {}).get("content") or {}).values():
                    for each in content.get("examples", {}).values():
                        value = at.resolve(each)["value"]
                        schema = closed(content["schema"], at.at)
                        yield f"{method} {template} {place}".strip(), schema, value, sense


LOST = "/payment_source/paypal/experience_context nobody describes payment_method_selected"
"""A member that the schema of orders has no more, and its examples keep."""


@needs_descriptions
@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        (CHECKOUT, 200, {}),
        (THIRD_PARTY, 13, {}),
        (PAYMENTS, 3, {}),
        (PAYOUTS, 1, {}),
        (
            ORDERS,
            2,
            dict.fromkeys(
                (
                    "post /v2/checkout/orders",
                    "post /v2/checkout/orders/{id}/confirm-payment-source",
                ),
                LOST,
            ),
        ),
        # "cert_url": "cert_url"
        (
            NOTIFICATIONS,
            2,
            {"post /v1/notifications/verify-webhook-signature": "/cert_url is no uri"},
        ),
    ],
)
def test_the_psps_own_examples_pass_but_for_their_slips(
    name: str, right: int, wrong: dict[str, str]
) -> None:
    at = description(name)
    found = [(place, problem(at, *rest)) for place, *rest in examples(at)]
    assert {place: broken for place, broken in found if broken} == wrong
    assert len(found) == right + len(wrong)


def test_without_the_descriptions_the_tests_are_skipped_and_say_why(tmp_path: Path) -> None:
    asked = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    asked += [f"{Path(__file__).parent.relative_to(ROOT)}/test_controls.py"]
    environment = {"PAYSAGA_SPECS_DIR": str(tmp_path / "nowhere"), "PATH": ""}
    ended = subprocess.run(asked, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0
    assert ABSENT in ended.stdout
    assert "passed" not in ended.stdout
