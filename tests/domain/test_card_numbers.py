"""A real card number is found however it is written, and an id of the field is left alone."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import UUID

import pytest
from stdnum import luhn

from workflows.domain.card_data import has_card_data

NUMBERS = {
    "Stripe": """
        4242424242424242 4000056655665556 5555555555554444 2223003122003222 5200828282828210
        5105105105105100 378282246310005 371449635398431 6011111111111117 6011000990139424
        6011981111111113 3056930009020004 36227206271667 6555900000604105 3566002020360505
        6200000000000005 6200000000000047 6205500000000000004 4000002500001001 5555552500001001
        4000000000009995 4000000000000002 4000003800000446""",
    "Adyen": """
        4111111111111111 4988438843884305 4646464646464644 4000020000000000 5100060000000002
        2222410740360010 2222400070000005 370000000000002 36006666333344 6011601160116611
        3569990010095841 6703444444444449 6771798021000008 6243030000000001 8171999927660000
        8171999900000000021 5066991111111118 6062828888666688 6370950000000005 5019555544445555
        4035501000000008 135410014004955""",
    "PayPal": """
        4012888888881881 4222222222222 378734493671000 5610591081018250 30569309025904
        38520000023237 3530111333300000 5019717010103742 6331101999990016""",
    "Braintree": """
        6304000000000000 6212345678901265 6212345678901232 62123456789002 621234567890003
        62123456789000003 621234567890000002 6212345678900000003""",
    "Worldpay": """
        4444333322221111 4911830000000 4917610000000000 4917610000000000003 4917300800000000
        4462030000000000 6759649826438453""",
    "Authorize.Net": "4007000000027 4012888818888",
    "Paystack": "5060666666666666666 507850785078507812",
    "Flutterwave": "5061460410120223210",
    "Iyzico": "9792030394440796 5895626746595650",
    "Nets": "2303779999000275",
    "Worldline": "6703000000000000003",
}
"""As the PSPs publish them for tests."""
CARDS = [(psp, number) for psp, numbers in NUMBERS.items() for number in numbers.split()]


def printed(number: str, separator: str) -> str:
    sizes = {14: [4, 6, 4], 15: [4, 6, 5]}.get(len(number), [4] * 5)
    groups, rest = [], number
    for size in sizes:
        groups.append(rest[:size])
        rest = rest[size:]
    return separator.join(group for group in groups if group)


WRITTEN: dict[str, Callable[[str], str]] = {
    "bare": str,
    "with spaces": lambda n: printed(n, " "),
    "with two spaces": lambda n: printed(n, "  "),
    "with dashes": lambda n: printed(n, "-"),
    "with spaced dashes": lambda n: printed(n, " - "),
    "with dots": lambda n: printed(n, "."),
    "with slashes": lambda n: printed(n, "/"),
    "with underscores": lambda n: printed(n, "_"),
    "with commas": lambda n: printed(n, ","),
    "with tabs and lines": lambda n: printed(n, "\r\n\t"),
    "with no-break spaces": lambda n: printed(n, "\u00a0"),
    "with narrow spaces": lambda n: printed(n, "\u202f"),
    "with typographic dashes": lambda n: printed(n, "\u2013"),
    "with invisible spaces": lambda n: printed(n, "\u200b"),
    "digit by digit": " ".join,
    "in pairs": lambda n: " ".join(n[at : at + 2] for at in range(0, len(n), 2)),
    "full-width": lambda n: "".join(chr(ord(digit) + 0xFEE0) for digit in n),
    "in Arabic digits": lambda n: "".join(chr(ord(digit) + 0x630) for digit in n),
    "as keycaps": lambda n: "".join(f"{digit}\ufe0f\u20e3" for digit in n),
    "in JSON, a string": lambda n: json.dumps({"note": n}),
    "in JSON, a number": lambda n: json.dumps({"note": int(n)}),
    "in JSON, escaped": lambda n: json.dumps({"note": "".join(chr(ord(d) + 0xFEE0) for d in n)}),
    "in JSON, over lines": lambda n: json.dumps({"note": printed(n, "\n")}),
    "in an address": lambda n: f"https://casino.example/?c={quote(printed(n, ' '))}&x=1",
    "in a form": lambda n: f"c={printed(n, '+')}",
    "in a sentence": lambda n: f"please use {n}, thanks",
    "in a sentence, printed": lambda n: f"my number is {printed(n, ' ')} 12/27 thanks",
    "named": lambda n: f"card: {n}.",
    "behind another number": lambda n: f"12 {n} 99",
    "behind letters": lambda n: f"tok_{n}",
    "before letters": lambda n: f"{n}xyz",
    "of track two": lambda n: f";{n}=27121010000012345678?",
}


@pytest.mark.parametrize("way", WRITTEN)
def test_every_test_number_of_a_psp_is_found_however_it_is_written(way: str) -> None:
    missed = [f"{psp} {number}" for psp, number in CARDS if not has_card_data(WRITTEN[way](number))]
    assert not missed


def test_the_test_numbers_are_numbers_of_cards() -> None:
    assert len(CARDS) > 75
    assert all(luhn.is_valid(number) for _, number in CARDS)


@pytest.mark.parametrize("text", [
    "my card is 4000000000000000006", "visa 4000 0000 0000 0000 006", "6222020000000000000",
    '{"card_number": "4000000000000000006"}', "Karte Nr. 2611291200000000", "622202 0000000000000",
])  # fmt: skip
def test_a_number_that_could_be_an_id_is_a_card_when_it_is_called_or_printed_so(text: str) -> None:
    assert has_card_data(text)


# --- ids of the field --------------------------------------------------------------------------

DRAWN = random.Random(20261129)
IDS_AT_LEAST = 100_000
MOST_OF = 10_000
"""Fewer than one in so many may be taken for a card."""


@pytest.fixture(autouse=True)
def _drawn_anew() -> None:
    """Whatever ran before draws nothing of this test's."""
    DRAWN.seed(20261129)


def digits(count: int) -> str:
    return str(DRAWN.randrange(10**count)).zfill(count)


def moment() -> datetime:
    """From 2025 to 2028."""
    seconds = DRAWN.uniform(0, timedelta(days=4 * 365).total_seconds())
    return datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def dated(pattern: str, count: int) -> Callable[[], str]:
    return lambda: moment().strftime(pattern) + digits(count)


def since(epoch_ms: int, shift: int) -> Callable[[], str]:
    """Snowflakes: milliseconds since an epoch, then machine and sequence."""
    return lambda: str(
        (int(moment().timestamp() * 1000) - epoch_ms << shift) | DRAWN.getrandbits(shift)
    )


def unix(factor: int, count: int = 0) -> Callable[[], str]:
    return lambda: str(int(moment().timestamp() * factor)) + digits(count)


def phone(prefix: str, count: int) -> Callable[[], str]:
    return lambda: prefix + digits(count)


def hexadecimal(count: int) -> str:
    return f"{DRAWN.getrandbits(4 * count):0{count}x}"


BASE_32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BASE_64 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-"

IDS: dict[str, Callable[[], str]] = {
    **{f"day and {n} digits": dated("%Y%m%d", n) for n in (6, 8, 9, 11)},
    **{f"time and {n} digits": dated("%Y%m%d%H%M%S", n) for n in (0, 2, 5)},
    **{f"short day and {n} digits": dated("%y%m%d", n) for n in (8, 10)},
    "short time and four digits": dated("%y%m%d%H%M%S", 4),
    **{f"day first and {n} digits": dated("%d%m%Y", n) for n in (6, 7, 8)},
    "month first and seven digits": dated("%m%d%Y", 7),
    "day, time and number": dated("%Y%m%d-%H%M%S-", 6),
    "short day, time and number": dated("%y%m%d-%H%M%S-", 4),
    "day and order number": dated("ORD-%Y-%m-%d-", 10),
    "snowflake of Twitter": since(1288834974657, 22),
    "snowflake of Discord": since(1420070400000, 22),
    "snowflake from 2022": since(1640995200000, 22),
    "snowflake from 2024": since(1704067200000, 22),
    "snowflake of Instagram": since(1314220021721, 23),
    "sonyflake": lambda: str(
        (int((moment().timestamp() - 1409529600) * 100) << 24) | DRAWN.getrandbits(24)
    ),
    "milliseconds": unix(1000),
    "microseconds": unix(10**6),
    "nanoseconds": unix(10**9),
    "milliseconds and two digits": unix(1000, 2),
    "mobile of Germany": phone("49151", 8),
    "phone of Germany": phone("4989", 9),
    "mobile of Austria": phone("43664", 8),
    "mobile of Brazil": phone("55119", 8),
    "mobile of Mexico": phone("521551", 7),
    "mobile of Indonesia": phone("62812", 9),
    "mobile of Nigeria": phone("23480", 8),
    "mobile of Bangladesh": phone("88017", 8),
    "order number of Amazon": lambda: f"{digits(3)}-{digits(7)}-{digits(7)}",
    "device": phone("35", 13),
    "span": lambda: hexadecimal(16),
    "trace": lambda: hexadecimal(32),
    "trace of W3C": lambda: f"00-{hexadecimal(32)}-{hexadecimal(16)}-01",
    "trace of AWS": lambda: f"1-{hexadecimal(8)}-{hexadecimal(24)}",
    "trace of 64 bits in decimal": lambda: str(DRAWN.getrandbits(64)),
    "object id": lambda: f"69{hexadecimal(22)}",
    "digest": lambda: hexadecimal(64),
    "UUID": lambda: str(UUID(int=DRAWN.getrandbits(128))),
    "our own id": lambda: f"in_{hexadecimal(32)}:authorize:1",
    "ULID": lambda: "01K" + "".join(DRAWN.choices(BASE_32, k=23)),
    "nanoid": lambda: "".join(DRAWN.choices(BASE_64, k=21)),
    "floating-point number": lambda: repr(DRAWN.random() * DRAWN.choice((1, 10, 100))),
}


@pytest.mark.parametrize("shape", IDS)
def test_an_id_of_the_field_is_no_card_number(shape: str) -> None:
    made = IDS[shape]
    found = sum(has_card_data(made()) for _ in range(IDS_AT_LEAST))
    assert found * MOST_OF < IDS_AT_LEAST, f"{found} of {IDS_AT_LEAST}"


def test_long_numbers_of_banks_are_found_bare() -> None:
    """Of nineteen digits, as debit cards of China are, some of them outside of UnionPay's range."""
    for bank in ("622848", "621700", "622202", "955880", "955950", "436742", "601382"):
        for _ in range(100):
            number = bank + digits(12)
            assert has_card_data(number + luhn.calc_check_digit(number))


@pytest.mark.parametrize(("length", "at_most"), [
    (13, 0.01), (14, 0.005), (15, 0.01), (16, 0.05), (17, 1e-4), (18, 1e-4), (19, 1e-4),
])  # fmt: skip
def test_what_random_digits_of_a_length_cost_is_known(length: int, at_most: float) -> None:
    """A bare number as long as a card, drawn at random: nothing in it tells it from one."""
    found = sum(has_card_data(digits(length)) for _ in range(IDS_AT_LEAST))
    assert found < at_most * IDS_AT_LEAST


def test_an_id_stands_in_json_and_sentences_as_it_stands_alone() -> None:
    for made in (dated("%Y%m%d", 8), since(1288834974657, 22), phone("49151", 8)):
        for _ in range(5_000):
            an_id = made()
            stored = json.dumps({"method": "card", "player_id": an_id, "metadata": {"ref": an_id}})
            assert not has_card_data(stored)
            assert not has_card_data(f"payment {an_id} of a card was declined")
