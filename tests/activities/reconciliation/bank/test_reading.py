"""What banks write is read to the last cent, or not at all."""

from __future__ import annotations

import io
import logging
import tracemalloc
from datetime import date
from decimal import Decimal

import mt940
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.reconciliation.bank.reading import read_statements
from activities.reconciliation.bank.settings import BankSettings
from activities.reconciliation.bank.statements import (
    BankStatement,
    StatementBroken,
    minor_units,
    reference_of,
)
from tests.activities.reconciliation.bank import samples
from tests.activities.reconciliation.bank.samples import (
    DUTCH,
    GERMAN,
    REVERSAL,
    Booked,
    camt,
    details,
    entry,
    iban,
)


def read(content: bytes) -> BankStatement:
    (statement,) = read_statements(content)
    return statement


def amounts(statement: BankStatement) -> list[int]:
    return [one.amount_minor for one in statement.entries]


def test_a_bank_that_breaks_the_reference_in_parts_is_read_with_its_reversals() -> None:
    statement = read(samples.IN_PARTS)
    assert (statement.account_number, statement.currency) == ("37040044/0532013000", "EUR")
    assert (statement.opening, statement.closing) == (100_000, 590_000)
    assert (statement.number, statement.sequence) == ("00230/00001", (230, 1))
    assert amounts(statement) == [499_950, -50, -10_000, 100]
    first, *_, last = statement.entries
    assert "EREF+TX4711-BATCH-45 SVWZ+ADYEN PAYOUT 2026-11-30 BA TCH 45" in first.reference
    assert "AMSTERDAM" not in first.reference
    assert (last.booked_on, last.value_on) == (date(2027, 1, 2), date(2026, 12, 30))


def test_a_bank_that_names_its_parts_is_read_without_names_and_accounts() -> None:
    statement = read(samples.CODED)
    assert (statement.opening, amounts(statement), statement.closing) == (0, [25_075], 25_075)
    reference = statement.entries[0].reference
    assert "po_1NVk8FLkd" in reference
    assert "STRIPE P5X2K9 PAYOUT" in reference
    assert GERMAN not in reference


def test_a_bank_with_its_own_sign_and_a_debit_at_the_beginning_is_read() -> None:
    statement = read(samples.POLISH)
    assert (statement.opening, amounts(statement)) == (-1_000, [150_000])
    assert "PAYOUT-88X" in statement.entries[0].reference
    assert "KOWALSKI" not in statement.entries[0].reference


def test_a_bank_that_leaves_out_what_it_may_is_read() -> None:
    statement = read(samples.SHORT)
    assert (amounts(statement), statement.ends) == ([39_600], date(2026, 11, 30))
    assert statement.entries[0].booked_on == date(2026, 11, 30)
    assert "Payout 47 11-88" in statement.entries[0].reference
    ours = BankSettings.model_validate({"accounts": {"main": {"number": GERMAN}}})
    for written in (statement.account_number, f"{GERMAN}EUR", f"{GERMAN[:4]} {GERMAN[4:]}"):
        assert ours.name_of(written, "EUR") == "main"
    assert ours.name_of(GERMAN[:-1], "EUR") is None


def test_several_pages_and_accounts_in_one_file_are_statements_of_their_own() -> None:
    first = samples.mt940(GERMAN, "0.00", [Booked("5.00", "a")], number="7/1")
    second = samples.mt940(GERMAN, "5.00", [Booked("-1.00", "b")], number="7/2")
    pages = first.replace(b":62F:", b":62M:") + second.replace(b":60F:", b":60M:")
    other = samples.mt940(DUTCH, "-2.50", [], number="9")
    found = list(read_statements(pages + other))
    assert [(s.opening, s.closing, s.sequence) for s in found] == [
        (0, 500, (7, 1)),
        (500, 400, (7, 2)),
        (-250, -250, (9,)),
    ]


def test_only_what_is_booked_counts_and_the_direction_is_what_the_entry_says() -> None:
    entries = "".join(
        (
            entry("100.00", details("PAYOUT 45", samples.INSTRUCTED_IN_DOLLARS)),
            entry("55.00", status="PDNG"),
            entry("66.00", status="INFO"),
            entry("-0.25", reversal=REVERSAL),
        )
    )
    statement = read(camt(iban(GERMAN), "-10.00", "89.75", entries))
    assert amounts(statement) == [10_000, -25]
    assert statement.entries[0].reference == "PAYOUT 45 BANKREF1"
    assert (statement.entries[0].booked_on, statement.entries[0].value_on) == (
        date(2026, 11, 30),
        date(2026, 12, 1),
    )


def test_a_bank_that_tells_the_direction_of_what_was_reversed_is_found_out_by_its_balances() -> (
    None
):
    entries = entry("100.00") + entry("0.25", reversal=REVERSAL)
    assert amounts(read(camt(iban(GERMAN), "0", "99.75", entries))) == [10_000, -25]
    assert amounts(read(camt(iban(GERMAN), "0", "100.25", entries))) == [10_000, 25]


def test_a_batch_is_its_payments_where_they_add_up_to_it_and_else_one() -> None:
    def part(reference: str, amount: str) -> str:
        shares = f'<AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls>'
        return details(reference, shares)

    whole = entry("30.00", part("PAYOUT A", "10.00") + part("PAYOUT B", "20.00"))
    parts = read(camt(iban(GERMAN), "0", "30", whole)).entries
    assert [(one.amount_minor, one.reference) for one in parts] == [
        (1_000, "PAYOUT A BANKREF1"),
        (2_000, "PAYOUT B BANKREF1"),
    ]
    not_all = entry("30.00", part("PAYOUT A", "10.00") + details("PAYOUT B"))
    (one,) = read(camt(iban(GERMAN), "0", "30", not_all)).entries
    assert (one.amount_minor, one.reference) == (3_000, "PAYOUT A PAYOUT B BANKREF1")


@pytest.mark.parametrize("version", ["053.001.04", "053.001.08", "053.001.12", "052.001.08"])
def test_each_version_is_read_with_its_prefix_its_states_and_accounts(version: str) -> None:
    booked = entry("12.00").replace("<Sts>BOOK</Sts>", "<Sts><Cd>BOOK</Cd></Sts>")
    account = "<Othr><Id>0532013000</Id></Othr>"
    statement = read(camt(account, "1", "13", booked, version=version, prefix="ns2"))
    assert (statement.account_number, amounts(statement)) == ("0532013000", [1_200])


def test_an_interim_report_is_no_statement() -> None:
    interim = camt(iban(GERMAN), "1", "1", "", version="052.001.02").replace(b"CLBD", b"ITBD")
    with pytest.raises(StatementBroken, match="no balance CLBD"):
        read(interim)


@pytest.mark.parametrize(
    ("currency", "text", "units"),
    [("JPY", "1500", 1500), ("JPY", "1500.00", 1500), ("EUR", "0,5", 50), ("EUR", "7,", 700),
     ("KWD", "1.234", 1234), ("KWD", "1.2340", 1234), ("UYW", "1.2345", 12345)],
)  # fmt: skip
def test_amounts_have_the_places_of_their_currency(currency: str, text: str, units: int) -> None:
    assert minor_units(text, currency) == units


@pytest.mark.parametrize(
    ("currency", "text"),
    [("EUR", "1.234"), ("JPY", "0.5"), ("EUR", "1.000,00"), ("EUR", "1e3"), ("EUR", ""),
     ("EUR", "-1"), ("EUR", "١"), ("EUR", "NaN"), ("EUR", "9" * 15), ("EUX", "1"), ("XAU", "1")],
)  # fmt: skip
def test_what_is_no_amount_of_its_currency_is_refused(currency: str, text: str) -> None:
    with pytest.raises(StatementBroken):
        minor_units(text, currency)


SIGNED = st.decimals(-(10**9), 10**9, places=2).filter(bool)


@given(
    opening=st.decimals(-(10**9), 10**9, places=2), booked=st.lists(SIGNED, min_size=1, max_size=8)
)
def test_a_library_reads_the_same_and_one_cent_more_is_refused(
    opening: Decimal, booked: list[Decimal]
) -> None:
    entries = [Booked(f"{amount:f}", f"no {place}") for place, amount in enumerate(booked)]
    content = samples.mt940(GERMAN, f"{opening + 0:f}", entries)
    statement = read(content)
    (other,) = mt940.parse_statements(io.BytesIO(content), options=mt940.Options.all())
    assert [Decimal(a).scaleb(-2) for a in amounts(statement)] == [
        one.data["amount"].amount for one in other
    ]
    assert statement.closing == other.data["final_closing_balance"].amount.amount * 100
    as_xml = "".join(entry(f"{amount:f}") for amount in booked)
    closing = opening + sum(booked)
    same = read(camt(iban(GERMAN), f"{opening + 0:f}", f"{closing + 0:f}", as_xml))
    assert (amounts(same), same.closing) == (amounts(statement), statement.closing)
    wrong = f"{closing + Decimal('0.01') + 0:f}"
    with pytest.raises(StatementBroken, match="opening \\+ entries is not closing"):
        read(camt(iban(GERMAN), f"{opening + 0:f}", wrong, as_xml))


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;">]><Document><Stmt>&c;</Stmt></Document>"""
OUTSIDE = b"""<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><Document/>"""
MANY = 2**20


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\0" * 100, b"PK\x03\x04zip", b"hello", b"<", b"<a></b>", LAUGHS, OUTSIDE,
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Document>&x;</Document>',
        b'<?xml version="1.0" encoding="utf-99"?><Document/>',
        b'<?xml version="1.0" encoding="utf-8"?><Document>\xff</Document>',
        b"\xff\xfe<\0D\0", b"<Document><Stmt/></Document>", b"<Document/>",
        b"<a>" * MANY, b"<Stmt>" + b"<a/>" * MANY,
        camt(iban(GERMAN), "1", "1", "").replace(b"<Bal>", b"<Bal><Amt/>"),
        camt(iban(GERMAN), "1", "2", entry("1.00", currency="USD")),
        camt(iban(GERMAN), "1", "2", entry("1.00")).replace(b"2026-11-30", b"2026-02-30"),
        camt(iban(GERMAN), "1", "2", entry("1.00")).replace(b"CRDT", b"KRDT"),
        samples.POLISH.replace(b"1500,00", b"1.500,00"),
        samples.POLISH.replace(b"PLN1490,00", b"PLN1.490,00"),
        samples.POLISH.replace(b"C261130PLN1490", b"C261130EUR1490"),
        samples.POLISH.replace(b"261130", b"260230"),
        samples.POLISH.replace(b":62F:", b":62X:"),
        samples.POLISH.replace(b":25:", b":25A:"),
        b":20:1\n" + b":61:" * MANY, b":20:1\n:86:" + b"a\n" * MANY, b":20:1\n:61:x\n" * 1000,
    ],
)  # fmt: skip
def test_what_is_broken_or_hostile_is_refused_and_nothing_of_it_is_said(
    content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(StatementBroken) as refused:
        list(read_statements(content))
    assert len(str(refused.value)) < 100
    assert "passwd" not in f"{refused.value}{caplog.text}"
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_a_field_of_ten_megabytes_is_cut_with_little_memory() -> None:
    long = details("PAYOUT 45 " + "x" * 10_000_000)
    content = camt(iban(GERMAN), "0", "100", entry("100.00", long))
    tracemalloc.start()
    statement = read(content)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(statement.entries[0].reference) == 1000
    assert most < 4 * len(content)


def test_account_and_card_numbers_are_left_out_of_what_is_kept() -> None:
    assert reference_of([f"PAYOUT 45 {GERMAN} of 4111111111111111"]) == "PAYOUT 45 of"
    assert reference_of(["PAYOUT 45 DE89 3704 0044 0532 0130 00"]) == ""
