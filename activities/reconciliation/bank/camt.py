"""Reads camt.053, and camt.052 where it has booked balances at both ends of what it tells.

Entry by entry: a tree of one entry is all that is kept of the XML. There is no DTD, no entity and
no network, and each part is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from activities.reconciliation.bank.statements import (
    BankEntry,
    BankStatement,
    StatementBroken,
    minor_units,
    reference_of,
)

_DEEPEST = 40
_MOST_ELEMENTS = 200_000
"""Of a file, where an entry that is read is one."""
_REFERENCES = (
    "{*}Refs/{*}EndToEndId",
    "{*}Refs/{*}AcctSvcrRef",
    "{*}RmtInf/{*}Ustrd",
    "{*}RmtInf/{*}Strd/{*}CdtrRefInf/{*}Ref",
    "{*}RmtInf/{*}Strd/{*}AddtlRmtInf",
    "{*}AddtlTxInf",
)
_SAY_NOTHING = {"NOTPROVIDED", "NONREF"}


@dataclass(frozen=True)
class _Booked:
    currency: str
    entries: tuple[BankEntry, ...]
    """More than one of a bank's batch that says what each of its payments is."""
    turned: bool
    """Reverses an earlier one."""


def read_camt(content: bytes) -> Iterator[BankStatement]:
    """Raises StatementBroken."""
    number = 0
    booked: list[_Booked] = []
    try:
        for element in _elements(content):
            match _name(element):
                case "Ntry":
                    booked += _entry(element)
                    element.clear()
                case "Stmt" | "Rpt":
                    yield _statement(element, booked)
                    number, booked = number + 1, []
                    element.clear()
    except StatementBroken as broken:
        raise StatementBroken(f"{broken} (statement {number + 1})") from None
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        # Their messages quote what they do not like.
        raise StatementBroken("no XML, or XML with a DTD") from None
    if number == 0:
        raise StatementBroken("no statement in it")


def _elements(content: bytes) -> Iterator[Element]:
    """Each when it is complete. An entry counts as one element once it is."""
    depth = elements = before = 0
    for event, element in iterparse(BytesIO(content), events=("start", "end"), forbid_dtd=True):
        is_entry = _name(element) == "Ntry"
        if event == "start":
            depth, elements = depth + 1, elements + 1
            before = elements if is_entry else before
            if depth > _DEEPEST or elements > _MOST_ELEMENTS:
                raise StatementBroken("more in one part than any statement has")
            continue
        depth -= 1
        elements = before if is_entry else elements
        yield element


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _statement(element: Element, booked: list[_Booked]) -> BankStatement:
    currency, opening, _ = _balance(element, "OPBD", "PRCD")
    closing_currency, closing, ends = _balance(element, "CLBD")
    if {currency} != {closing_currency, *(one.currency for one in booked)}:
        raise StatementBroken("more than one currency")
    counted = _text(element, "{*}ElctrncSeqNb", "{*}LglSeqNb")
    page = _text(element, "{*}StmtPgntn/{*}PgNb", "{*}RptPgntn/{*}PgNb")
    number = counted or _text(element, "{*}Id")
    figures = [counted or "0", page] if page else [counted]

    def read(turned: int) -> BankStatement:
        return BankStatement(
            account_number=_text(element, "{*}Acct/{*}Id/{*}IBAN", "{*}Acct/{*}Id/{*}Othr/{*}Id"),
            number=f"{number}/{page}" if page else number,
            sequence=tuple(int(f) for f in figures if re.fullmatch(r"[0-9]{1,9}", f)),
            currency=currency,
            ends=ends,
            opening=opening,
            closing=closing,
            entries=tuple(
                entry._replace(amount_minor=entry.amount_minor * (turned if one.turned else 1))
                for one in booked
                for entry in one.entries
            ),
        )

    # By the standard a reversal has the direction in which it moves the money; some banks tell
    # that of what it reverses. Their own balances say which.
    plain, other = read(1), read(-1)
    return other if other.adds_up and not plain.adds_up else plain


def _balance(statement: Element, *types: str) -> tuple[str, int, date]:
    """Of a statement over several days the first opening, and the last closing."""
    found = [
        balance
        for wanted in types
        for balance in statement.findall("{*}Bal")
        if _text(balance, "{*}Tp/{*}CdOrPrtry/{*}Cd") == wanted
    ]
    if not found:
        raise StatementBroken(f"no balance {types[0]}")
    of_end = found[-1] if types == ("CLBD",) else found[0]
    currency, amount = _amount(of_end.find("{*}Amt"))
    return currency, _sign(of_end) * amount, _day(of_end, "{*}Dt/{*}Dt", "{*}Dt/{*}DtTm")


def _entry(element: Element) -> Iterator[_Booked]:
    if _text(element, "{*}Sts/{*}Cd", "{*}Sts") != "BOOK":
        return
    currency, amount = _amount(element.find("{*}Amt"))
    days = ("{*}BookgDt/{*}Dt", "{*}BookgDt/{*}DtTm")
    valued = ("{*}ValDt/{*}Dt", "{*}ValDt/{*}DtTm")
    whole = BankEntry(
        amount_minor=_sign(element) * amount,
        booked_on=_day(element, *days, *valued),
        value_on=_day(element, *valued) if _text(element, *valued) else None,
        reference="",
    )
    own = [_text(element, f"{{*}}{name}") for name in ("NtryRef", "AcctSvcrRef", "AddtlNtryInf")]
    details = element.findall("{*}NtryDtls/{*}TxDtls")
    parts = [
        whole._replace(amount_minor=share, reference=reference_of([*_references(one), *own]))
        for one in details
        if (share := _share(one, currency, whole.amount_minor)) is not None
    ]
    written = [text for one in details for text in _references(one)]
    if len(parts) != len(details) or sum(p.amount_minor for p in parts) != whole.amount_minor:
        parts = [whole._replace(reference=reference_of([*written, *own]))]
    yield _Booked(
        currency=currency,
        entries=tuple(part for part in parts if part.amount_minor),
        turned=_text(element, "{*}RvslInd") in ("true", "1"),
    )


def _share(details: Element, currency: str, of: int) -> int | None:
    """Of one payment in a batch, where it is in the currency of the account."""
    amount = details.find("{*}AmtDtls/{*}TxAmt/{*}Amt")
    if amount is None:
        amount = details.find("{*}Amt")
    if amount is None or amount.get("Ccy") != currency:
        return None
    own = _text(details, "{*}CdtDbtInd")
    sign = _sign(details) if own else (1 if of >= 0 else -1)
    return sign * _amount(amount)[1]


def _references(details: Element) -> list[str]:
    found = [one.text or "" for path in _REFERENCES for one in details.findall(path)]
    return [text for text in found if text not in _SAY_NOTHING]


def _amount(element: Element | None) -> tuple[str, int]:
    if element is None:
        raise StatementBroken("no amount where one belongs")
    currency = element.get("Ccy", "")
    return currency, minor_units((element.text or "").strip(), currency)


def _sign(element: Element) -> int:
    match _text(element, "{*}CdtDbtInd"):
        case "CRDT":
            return 1
        case "DBIT":
            return -1
    raise StatementBroken("neither credit nor debit")


def _day(element: Element, *paths: str) -> date:
    try:
        return date.fromisoformat(_text(element, *paths)[:10])
    except ValueError:
        raise StatementBroken("a day that there is not") from None


def _text(element: Element, *paths: str) -> str:
    """Of the first that has one."""
    for path in paths:
        if text := (element.findtext(path) or "").strip():
            return text
    return ""
