"""Statements as banks write them, each in its own dialect; numbers and names are made up."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

GERMAN, DUTCH = "DE89370400440532013000", "NL91ABNA0417164300"


class Booked(NamedTuple):
    amount: str
    """Signed."""
    reference: str
    day: str = "2026-11-30"


def mt940(
    account: str,
    opening: str,
    entries: Sequence[Booked],
    *,
    currency: str = "EUR",
    number: str = "45/1",
    ends: str = "2026-11-30",
) -> bytes:
    """As the standard has it."""
    total = Decimal(opening) + sum(Decimal(entry.amount) for entry in entries)
    lines = [":20:STARTUMSE", f":25:{account}", f":28C:{number}"]
    lines.append(f":60F:{_balance(Decimal(opening), currency, ends)}")
    for entry in entries:
        lines.append(
            f":61:{_day(entry.day)}{_day(entry.day)[2:]}{_mark(entry.amount)}"
            f"{_comma(abs(Decimal(entry.amount)))}NTRFNONREF//BANK1"
        )
        lines.append(f":86:{entry.reference}")
    lines.append(f":62F:{_balance(total, currency, ends)}")
    return "\r\n".join([*lines, "-", ""]).encode()


def _balance(amount: Decimal, currency: str, day: str) -> str:
    return f"{_mark(str(amount))}{_day(day)}{currency}{_comma(abs(amount))}"


def _mark(amount: str) -> str:
    return "D" if amount.startswith("-") else "C"


def _comma(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.replace(".", ",") if "." in text else f"{text},"


def _day(day: str) -> str:
    return day[2:].replace("-", "")


IN_PARTS = (
    "{1:F01DEUTDEFFXXXX0000000000}{2:O9400000}{4:\r\n"
    ":20:951110\r\n:25:37040044/0532013000\r\n:28C:00230/00001\r\n"
    ":60F:C261127EUR1000,00\r\n"
    ":61:2611301130CR4999,50NTRFNONREF//2026113\r\n"
    ":86:166?00GUTSCHRIFT?109075/629?20EREF+TX4711-BATCH-45?21SVWZ+ADYEN PAYOUT 2026\r\n"
    "-11-30 BA?22TCH 45?30ABNANL2A?31NL91ABNA0417164300?32ADYEN NV?33AMSTERDAM\r\n"
    ":61:2611301130DR0,50NCHGNONREF\r\n:86:808?00ENTGELT?20KONTOFUEHRUNG\r\n"
    ":61:2611301130RCR100,NTRFNONREF\r\n:86:166?20STORNO\r\n"
    ":61:2612300102RDR1,NMSCNONREF\r\n"
    ":62F:C261130EUR5900,00\r\n:64:C261130EUR5900,00\r\n-}"
).encode("latin-1")
"""A German bank: parts, broken lines, reversals, an entry of next year valued in this one."""

CODED = (
    b"{1:F01INGBNL2ABXXX0000000000}\n{2:I940INGBNL2AXXXN}\n{4:\n"
    b":20:P261130000000001\n:25:NL91ABNA0417164300EUR\n:28C:00231\n:60F:C261129EUR0,00\n"
    b":61:2611301130C250,75NTRFEREF//00000000001005\n/TRCD/00100/\n"
    b":86:/EREF/po_1NVk8FLkd//CNTP/DE89370400440532013000/DEUTDEFF/STRIPE//\n"
    b"/REMI/USTD//STRIPE P5X2K9 PAYO\nUT/\n"
    b":62F:C261130EUR250,75\n:86:/SUM/1/0/250,75/0,00/\n-}\n"
)
"""A Dutch bank: named parts, the currency behind the IBAN."""

POLISH = (
    ":20:ST261130CYC/1\n:25:PL61109010140000071219812874\n:28C:230\n:60F:D261129PLN10,00\n"
    ":61:2611301130CN1500,00S034NONREF//BR26334000001\n034 PRZELEW KRAJOWY\n"
    ":86:034<00PRZELEW<20PAYOUT-88X 30.11<21 SANDBOX<30109010140000071219812874<32JAN KOWALSKI\n"
    ":62F:C261130PLN1490,00\n-\n"
).encode("cp1250")
"""A Polish bank: another sign between the parts, a debit at the beginning."""

SHORT = (
    b"ABNANL2A\n940\nABNANL2A\n:20:ABN AMRO BANK NV\n:25:COBADEFFXXX/DE89370400440532013000\n"
    b":28:19321/1\n:60F:C000000EUR0,\n:61:261130C396,N192NONREF\n:86:?20Payout 47?21 11-88\n\n"
    b":62F:C261130EUR396\n"
)
"""A header before the fields, an opening without a day, an entry without the day of booking."""


def camt(
    account: str,
    opening: str,
    closing: str,
    entries: str,
    *,
    version: str = "053.001.02",
    prefix: str = "",
    number: str = "<ElctrncSeqNb>45</ElctrncSeqNb>",
    currency: str = "EUR",
) -> bytes:
    """`entries` as XML without prefixes."""
    kind = ("BkToCstmrStmt", "Stmt") if version.startswith("053") else ("BkToCstmrAcctRpt", "Rpt")
    balances = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="{currency}">{amount.removeprefix("-")}</Amt>'
        f"<CdtDbtInd>{'DBIT' if amount.startswith('-') else 'CRDT'}</CdtDbtInd>"
        "<Dt><Dt>2026-11-30</Dt></Dt></Bal>"
        for code, amount in (("OPBD", opening), ("CLAV", "1.00"), ("CLBD", closing))
    )
    body = (
        f"<{kind[0]}><GrpHdr><MsgId>1</MsgId></GrpHdr><{kind[1]}><Id>STMT-1</Id>{number}"
        f"<Acct><Id>{account}</Id></Acct>{balances}{entries}</{kind[1]}></{kind[0]}>"
    )
    space = f"urn:iso:std:iso:20022:tech:xsd:camt.{version}"
    if prefix:
        body = body.replace("</", "</\0").replace("<", f"<{prefix}:")
        body = body.replace(f"<{prefix}:/\0", f"</{prefix}:")
        return f'<{prefix}:Document xmlns:{prefix}="{space}">{body}</{prefix}:Document>'.encode()
    return f'<?xml version="1.0"?><Document xmlns="{space}">{body}</Document>'.encode()


def iban(number: str) -> str:
    return f"<IBAN>{number}</IBAN>"


def entry(
    amount: str,
    details: str = "",
    *,
    status: str = "BOOK",
    reversal: str = "",
    currency: str = "EUR",
) -> str:
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount.removeprefix("-")}</Amt>'
        f"<CdtDbtInd>{'DBIT' if amount.startswith('-') else 'CRDT'}</CdtDbtInd>{reversal}"
        f"<Sts>{status}</Sts><BookgDt><Dt>2026-11-30</Dt></BookgDt>"
        "<ValDt><DtTm>2026-12-01T00:00:00+01:00</DtTm></ValDt><AcctSvcrRef>BANKREF1</AcctSvcrRef>"
        f"<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def details(reference: str, amounts: str = "") -> str:
    return (
        f"<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>{amounts}"
        f"<RltdPties><Dbtr><Nm>Anna Example</Nm></Dbtr><DbtrAcct><Id>{iban(DUTCH)}</Id></DbtrAcct>"
        f"</RltdPties><RmtInf><Ustrd>{reference}</Ustrd></RmtInf></TxDtls>"
    )


INSTRUCTED_IN_DOLLARS = (
    '<AmtDtls><InstdAmt><Amt Ccy="USD">108.00</Amt></InstdAmt>'
    '<TxAmt><Amt Ccy="EUR">100.00</Amt></TxAmt></AmtDtls>'
)
REVERSAL = "<RvslInd>true</RvslInd>"
