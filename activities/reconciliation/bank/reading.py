"""Statements out of bytes: which format it is, and the checks before a cent of it counts."""

from __future__ import annotations

from collections.abc import Iterator

from activities.reconciliation.bank.camt import read_camt
from activities.reconciliation.bank.mt940 import read_mt940
from activities.reconciliation.bank.statements import BankStatement, StatementBroken

_BEGINS_XML = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe", b"\xfe\xff")


def read_statements(content: bytes) -> Iterator[BankStatement]:
    """All of them, or StatementBroken: then none counts."""
    reads = read_camt if content.lstrip().startswith(_BEGINS_XML) else read_mt940
    for number, statement in enumerate(reads(content), 1):
        if not statement.adds_up:
            raise StatementBroken(f"opening + entries is not closing (statement {number})")
        if len(statement.number) > 100:
            raise StatementBroken(f"a number that is none (statement {number})")
        if "\0" in statement.number or any("\0" in e.reference for e in statement.entries):
            raise StatementBroken(f"a sign that no text has (statement {number})")
        yield statement
