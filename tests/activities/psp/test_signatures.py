"""Only what the sender signed, in its own bytes and in time, is believed; in three forms."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import Webhook

from activities.psp.contract import WebhookRefused, WebhookRequest
from activities.psp.signatures import PlainSignature, StampedSignature, StandardWebhooks, nonce_of

NOW = 1_800_000_000
BODY = b'{"id": "evt_1", "amount": 5000}'
SECRET, PREVIOUS, STRANGERS = b"s" * 32, b"p" * 32, b"x" * 32
KEY, OLD_KEY, STRANGERS_KEY = (
    Ed25519PrivateKey.from_private_bytes(seed * 32) for seed in (b"k", b"o", b"x")
)

Headers = Mapping[str, str]


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


STANDARD = StandardWebhooks(secrets=[SECRET, PREVIOUS], public_keys=[public(KEY), public(OLD_KEY)])
PLAIN = PlainSignature([SECRET, PREVIOUS])
VERIFIERS: dict[str, StandardWebhooks | PlainSignature] = {
    "hmac": STANDARD,
    "ed25519": STANDARD,
    "plain": PLAIN,
}


def hmac_signed(secret: bytes = SECRET, at: int = NOW, event_id: str = "evt_1") -> Headers:
    """By the reference implementation: a second opinion."""
    signature = Webhook(secret).sign(event_id, datetime.fromtimestamp(at, UTC), BODY.decode())
    return standard(event_id, at, signature)


def key_signed(key: Ed25519PrivateKey = KEY, at: int = NOW, event_id: str = "evt_1") -> Headers:
    made = key.sign(f"{event_id}.{at}.".encode() + BODY)
    return standard(event_id, at, "v1a," + base64.b64encode(made).decode())


def standard(event_id: str, at: int, signature: str) -> Headers:
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(at),
        "webhook-signature": signature,
    }


def plain_signed(secret: bytes = SECRET, at: int = NOW, nonce: str = "n-1") -> Headers:
    made = hmac.new(secret, f"{at}.{nonce}.".encode() + BODY, hashlib.sha256).hexdigest()
    return {"x-timestamp": str(at), "x-nonce": nonce, "x-signature": f"sha256={made}"}


SIGNED: dict[str, Callable[..., Headers]] = {
    "hmac": hmac_signed,
    "ed25519": key_signed,
    "plain": plain_signed,
}
FORMS = pytest.mark.parametrize("form", SIGNED)


def heard(form: str, headers: Headers, body: bytes = BODY, at: float = NOW) -> str:
    return VERIFIERS[form].verified(WebhookRequest(headers, body, at))


def rule_against(form: str, headers: Headers, body: bytes = BODY, at: float = NOW) -> str:
    with pytest.raises(WebhookRefused) as refused:
        heard(form, headers, body, at)
    assert refused.value.status == 401
    return refused.value.rule


@FORMS
def test_what_the_sender_signed_is_believed(form: str) -> None:
    assert heard(form, SIGNED[form]()) in ("evt_1", "n-1")


@pytest.mark.parametrize(
    ("form", "old"),
    [("hmac", hmac_signed(PREVIOUS)), ("ed25519", key_signed(OLD_KEY)),
     ("plain", plain_signed(PREVIOUS))],
)  # fmt: skip
def test_the_previous_key_counts_while_it_is_rotated_and_not_after(form: str, old: Headers) -> None:
    assert heard(form, old)
    after = StandardWebhooks(secrets=[SECRET], public_keys=[public(KEY)])
    rotated = PlainSignature([SECRET]) if form == "plain" else after
    with pytest.raises(WebhookRefused, match="signature"):
        rotated.verified(WebhookRequest(old, BODY, NOW))


@pytest.mark.parametrize(
    ("form", "forged"),
    [("hmac", hmac_signed(STRANGERS)), ("ed25519", key_signed(STRANGERS_KEY)),
     ("plain", plain_signed(STRANGERS))],
)  # fmt: skip
def test_what_a_stranger_signed_is_refused(form: str, forged: Headers) -> None:
    assert rule_against(form, forged) == "signature"


@FORMS
def test_a_body_that_was_changed_by_a_byte_or_written_anew_is_refused(form: str) -> None:
    for body in (BODY + b" ", BODY.replace(b"5000", b"9000"), BODY.replace(b": ", b":"), b""):
        assert rule_against(form, SIGNED[form](), body) == "signature"


@FORMS
def test_a_header_that_is_missing_or_changed_by_a_character_is_refused(form: str) -> None:
    signed = SIGNED[form]()
    for name, value in signed.items():
        rest = {other: kept for other, kept in signed.items() if other != name}
        assert rule_against(form, rest) == "missing_header"
        changed = [value[:-1], value + "0", value.upper() + "A", value[1:]]
        for other in changed:
            assert rule_against(form, {**signed, name: other}), (name, other)


@FORMS
@pytest.mark.parametrize("seconds", [-301, 301, 10**6, -(10**6)])
def test_what_is_stale_or_from_the_future_is_refused(form: str, seconds: int) -> None:
    assert rule_against(form, SIGNED[form](), at=NOW + seconds) == "timestamp_window"


@FORMS
@pytest.mark.parametrize("seconds", [-300, 300])
def test_clocks_may_disagree_by_five_minutes_on_both_sides(form: str, seconds: int) -> None:
    assert heard(form, SIGNED[form](), at=NOW + seconds)


def test_hex_in_upper_case_or_of_another_length_is_refused() -> None:
    good = plain_signed()["x-signature"]
    digest = good.removeprefix("sha256=")
    for bad in (
        f"sha256={digest.upper()}",
        f"SHA256={digest}",
        digest,
        good[:-2],
        f"{good}00",
        "sha256=",
        f"sha512={digest}",
        f"{good},{good}",
        f"{good} ",
        "\u00e9",
    ):
        assert rule_against("plain", {**plain_signed(), "x-signature": bad}) == "signature", bad


def test_an_ed25519_signature_that_is_encoded_another_way_is_refused() -> None:
    good = key_signed()["webhook-signature"].removeprefix("v1a,")
    made = base64.b64decode(good)
    twin = good[:-3] + chr(ord(good[-3]) + 1) + "=="
    assert base64.b64decode(twin) == made
    texts = (twin, good.rstrip("="), good + "\n", base64.b64encode(made[:63]).decode(), "", "!")
    for text in texts:
        headers = {**key_signed(), "webhook-signature": f"v1a,{text}"}
        assert rule_against("ed25519", headers) == "signature", text


def test_a_public_key_does_not_serve_as_a_secret() -> None:
    only_keys = StandardWebhooks(public_keys=[public(KEY)])
    forged = hmac_signed(public(KEY))
    with pytest.raises(WebhookRefused, match="signature"):
        only_keys.verified(WebhookRequest(forged, BODY, NOW))
    as_key = forged["webhook-signature"].replace("v1,", "v1a,")
    with pytest.raises(WebhookRefused, match="signature"):
        only_keys.verified(WebhookRequest({**forged, "webhook-signature": as_key}, BODY, NOW))


def test_any_good_signature_of_several_counts_but_only_of_the_first_ten() -> None:
    good = key_signed()["webhook-signature"]
    nine = " ".join(["v1a,AAAA"] * 9)
    assert heard("ed25519", {**key_signed(), "webhook-signature": f"{nine} {good}"})
    eleventh = {**key_signed(), "webhook-signature": f"{nine} v1,AAAA {good}"}
    assert rule_against("ed25519", eleventh) == "signature"


@pytest.mark.parametrize("odd", ["a.b", "a b", "a\n", "\u0665", "x" * 129])
def test_an_id_or_nonce_that_could_be_read_in_two_ways_is_refused(odd: str) -> None:
    assert rule_against("hmac", hmac_signed(event_id=odd)) == "malformed_id"
    assert rule_against("ed25519", key_signed(event_id=odd)) == "malformed_id"
    assert rule_against("plain", plain_signed(nonce=odd)) == "malformed_nonce"


@FORMS
@pytest.mark.parametrize("odd", ["1.8e9", "-1", " 1800000000", "\u0661", "9" * 13, "nan", "0x1"])
def test_a_timestamp_that_is_no_plain_number_is_refused(form: str, odd: str) -> None:
    name = "x-timestamp" if form == "plain" else "webhook-timestamp"
    assert rule_against(form, {**SIGNED[form](), name: odd}) == "malformed_timestamp"


def test_a_public_key_must_be_one() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        StandardWebhooks(public_keys=[b"short"])


def test_a_nonce_is_told_of_the_plain_form_alone() -> None:
    both = {**plain_signed(), **hmac_signed()}
    nonces = [nonce_of(WebhookRequest(h, BODY, NOW)) for h in (plain_signed(), hmac_signed(), both)]
    assert nonces == ["n-1", None, None]


def stamped(secret: bytes, at: int = NOW, scheme: str = "h") -> WebhookRequest:
    made = hmac.digest(secret, f"{at}.".encode() + BODY, hashlib.sha256).hex()
    return WebhookRequest({"acme-signature": f"t={at},{scheme}={made}"}, BODY, NOW)


def test_a_stamped_signature_has_the_names_that_its_psp_chose() -> None:
    """All else about this form is tested with Stripe's own library."""
    ear = StampedSignature([("eu", SECRET), ("us", PREVIOUS)], header="acme-signature", scheme="h")
    assert [ear.sender_of(stamped(secret)) for secret in (SECRET, PREVIOUS)] == ["eu", "us"]
    for rule, request in {
        "signature": stamped(SECRET, scheme="v1"),
        "timestamp_window": stamped(SECRET, NOW - 301),
        "missing_header": WebhookRequest({}, BODY, NOW),
    }.items():
        with pytest.raises(WebhookRefused, match=rule):
            ear.sender_of(request)
