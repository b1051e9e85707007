"""Reads MT940: what counts is read to its last sign or refused; what banks write freely is free."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from activities.reconciliation.bank.statements import (
    BankEntry,
    BankStatement,
    StatementBroken,
    minor_units,
    reference_of,
)

_TAG = re.compile(r":([0-9]{2}[A-Z]?|NS):(.*)")
_BALANCE = re.compile(r"([CD])([0-9]{6})([A-Z]{3})([0-9,]{1,16})")
_ENTRY = re.compile(
    r"([0-9]{6})([0-9]{4}| {4})?(R?[CD])([A-Z])?([0-9]{1,15}(?:,[0-9]{0,8})?)"
    r"[A-Z][A-Z0-9]{2}[A-Z0-9 ](.*)",
    re.DOTALL,
)
_MINUS = {"D", "RC"}
_STRUCTURED = re.compile(r"(?:[0-9]{3})?([?<~^])[0-9]{2}.*")
"""The national forms of field 86: a code, then parts that each begin with the same sign."""
_CODED = re.compile(r"/([A-Z]{3,4})/")
_OF_PERSONS = {"IBAN", "BIC", "NAME", "CNTP", "BENM", "ORDP", "ADDR"}
Field = tuple[str, str]


def read_mt940(content: bytes) -> Iterator[BankStatement]:
    """Each page is a statement of its own, with its balances. Raises StatementBroken."""
    for number, message in enumerate(_messages(_text(content)), 1):
        try:
            yield _statement(message)
        except StatementBroken as broken:
            raise StatementBroken(f"{broken} (statement {number})") from None


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _messages(text: str) -> Iterator[list[Field]]:
    """The fields of each, from its 20 on; a header before the first one is passed over."""
    message: list[tuple[str, list[str]]] = []
    for raw in text.split("\n"):
        line = raw.rstrip()
        if line.startswith(("{", "-}")):
            line = line.rpartition("{4:")[2] if "{4:" in line else ""
        tag = _TAG.fullmatch(line)
        if tag and tag[1] == "20" and message:
            yield _joined(message)
            message = []
        if tag:
            message.append((tag[1], [tag[2]]))
        elif message and line not in ("", "-"):
            message[-1][1].append(line)
    if not message:
        raise StatementBroken("no MT940: nothing in it")
    yield _joined(message)


def _joined(message: list[tuple[str, list[str]]]) -> list[Field]:
    return [(tag, "\n".join(lines)) for tag, lines in message]


def _statement(message: list[Field]) -> BankStatement:
    number = _only(message, "28C", "28")
    opening, currency, _ = _balance(_only(message, "60F", "60M"))
    closing, closing_currency, day = _balance(_only(message, "62F", "62M"))
    if currency != closing_currency:
        raise StatementBroken("balances in two currencies")
    return BankStatement(
        account_number=_only(message, "25", "25P").split("\n")[0],
        number=number,
        sequence=tuple(int(part) for part in re.findall(r"[0-9]{1,9}", number)[:2]),
        currency=currency,
        ends=_day(day),
        opening=opening,
        closing=closing,
        entries=tuple(_entries(message, currency)),
    )


def _only(message: list[Field], *tags: str) -> str:
    found = [text for tag, text in message if tag in tags]
    if len(found) != 1:
        raise StatementBroken(f"field {tags[0]} is there {len(found)} times")
    return found[0]


def _balance(text: str) -> tuple[int, str, str]:
    """Amount, currency and day, which some banks leave at zeros in the opening."""
    found = _BALANCE.fullmatch(text)
    if found is None:
        raise StatementBroken("a balance that cannot be read")
    mark, day, currency, amount = found.groups()
    units = minor_units(amount, currency)
    return (-units if mark in _MINUS else units), currency, day


def _entries(message: list[Field], currency: str) -> Iterator[BankEntry]:
    """Field 86 belongs to the 61 right before it."""
    for place, (tag, text) in enumerate(message):
        if tag != "61":
            continue
        found = _ENTRY.fullmatch(text)
        if found is None:
            raise StatementBroken("an entry that cannot be read")
        valued, booked, mark, _, amount, rest = found.groups()
        value_on = _day(valued)
        following = message[place + 1 : place + 2]
        details = following[0][1] if following and following[0][0] == "86" else ""
        units = minor_units(amount, currency)
        if units:
            yield BankEntry(
                amount_minor=-units if mark in _MINUS else units,
                booked_on=_nearest(booked, value_on) if (booked or "").strip() else value_on,
                value_on=value_on,
                reference=reference_of([*rest.replace("//", " ").split("\n"), *_details(details)]),
            )


def _details(text: str) -> list[str]:
    """What the payer wrote: of the forms that name their parts, not who and from where."""
    lines = text.split("\n")
    joined = "".join(lines)
    if structured := _STRUCTURED.fullmatch(joined):
        parts = joined.split(structured[1])[1:]
        return [part[2:] for part in parts if part[:1] in ("2", "6") or part[:2] == "00"]
    if _CODED.match(joined):
        _, *coded = _CODED.split(joined)
        pairs = zip(coded[::2], coded[1::2], strict=True)
        return [text for code, text in pairs if code not in _OF_PERSONS]
    return lines


def _day(text: str) -> date:
    try:
        return date.fromisoformat(f"20{text[:2]}-{text[2:4]}-{text[4:]}")
    except ValueError:
        raise StatementBroken("a day that there is not") from None


def _nearest(month_and_day: str, to: date) -> date:
    """The year of the booking is not told: around New Year it may be another one."""
    found = []
    for year in (to.year - 1, to.year, to.year + 1):
        try:
            found.append(date(year, int(month_and_day[:2]), int(month_and_day[2:])))
        except ValueError:
            continue
    if not found:
        raise StatementBroken("a day that there is not")
    return min(found, key=lambda day: abs(day - to))
