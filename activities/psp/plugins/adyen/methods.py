"""What Adyen does by each method of payment, and what it calls the method.

A sale is taken at once: the method knows no separate capture, and `manualCapture` is never sent for
it. Source: docs.adyen.com/payment-methods, the row "Separate captures" and its neighbours of each
method's page, read on 2026-11-24. A method that is not here is not asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activities.psp.contract import Method, Takes
from workflows.domain.psp import AuthorizeInstruction, SellInstruction

HOLD = Method(takes=Takes.HOLD)


def _hold(*currencies: str, countries: tuple[str, ...] | None = None) -> Method:
    return Method(takes=Takes.HOLD, countries=countries, currencies=currencies or None)


def _sale(
    countries: str,
    currencies: str,
    *,
    refunds: bool = True,
    minimum: Mapping[str, int] | None = None,
) -> Method:
    """Codes parted by blanks; none: Adyen sets no bound that we know of."""
    return Method(
        takes=Takes.SALE,
        refunds=refunds,
        countries=tuple(countries.split()) or None,
        currencies=tuple(currencies.split()) or None,
        minimum=minimum or {},
    )


_TRUSTLY = "AT BE BG CZ DE DK EE ES FI FR GB HR HU IE IT LT LU LV NL NO PL PT RO SE SI SK"
_PAYSAFECARD = (
    "AT AU BE BG CA CH CY CZ DE DK ES FI FR GB GE GI GR HR HU IE IS IT LI LT LU LV MD ME MT MX NL "
    "NO NZ PE PL PT RO SE SI SK UY"
)

TYPES: dict[str, str] = {
    "card": "scheme",
    "apple_pay": "applepay",
    "google_pay": "googlepay",
    "mb_way": "mbway",
    "bancontact": "bcmc",
    "bancontact_mobile": "bcmc_mobile",
    "sofort": "directEbanking",
    "online_banking_pl": "onlineBanking_PL",
    "online_banking_cz": "onlineBanking_CZ",
    "online_banking_sk": "onlineBanking_SK",
    "online_banking_fi": "ebanking_FI",
    "pay_by_bank": "paybybank",
    "bank_transfer": "bankTransfer_IBAN",
    "wechat_pay": "wechatpayWeb",
    "momo": "momo_wallet",
    "gopay": "gopay_wallet",
    "paymaya": "paymaya_wallet",
    "grabpay_sg": "grabpay_SG",
    "grabpay_my": "grabpay_MY",
    "grabpay_ph": "grabpay_PH",
    "fpx": "molpay_ebanking_fpx_MY",
    "boleto": "boletobancario",
    "pse": "pse_payulatam",
    "konbini": "econtext_seven_eleven",
    "upi": "upi_collect",
    "dragonpay": "dragonpay_ebanking",
    "kr_bank_transfer": "kcp_banktransfer",
    "payco": "kcp_payco",
    "naverpay": "kcp_naverpay",
    "th_online_banking": "molpay_ebanking_TH",
    "vn_online_banking": "molpay_ebanking_VN",
}
"""Our methods that Adyen calls otherwise."""

METHODS: dict[str, Method] = {
    "card": Method(takes=Takes.HOLD, pays_out=True),
    "apple_pay": HOLD,
    "google_pay": HOLD,
    "paypal": HOLD,
    "vipps": _hold("NOK", countries=("NO",)),
    "mobilepay": _hold("DKK", "EUR", countries=("DK", "FI")),
    "twint": _hold("CHF", countries=("CH", "LI")),
    # A player's bank account, to which we pay out; nobody pays from it here.
    "bank": Method(takes=None, refunds=False, pays_out=True),
    "ideal": _sale("NL", "EUR"),
    "trustly": _sale(_TRUSTLY, "CZK DKK EUR GBP HUF NOK PLN RON SEK"),
    "blik": _sale("PL", "PLN"),
    "pix": _sale("BR", "BRL"),
    "swish": _sale("SE", "SEK", minimum={"SEK": 100}),
    "mb_way": _sale("PT", "EUR"),
    "multibanco": _sale("PT", "EUR"),
    "paysafecard": _sale(_PAYSAFECARD, ""),
    "bancontact": _sale("BE", "EUR"),
    "bancontact_mobile": _sale("BE", "EUR"),
    "eps": _sale("AT", "EUR"),
    "sofort": _sale("AT BE CH DE ES IT NL", "CHF EUR"),
    "bizum": _sale("ES", "EUR"),
    "iris": _sale("GR", "EUR"),
    "online_banking_pl": _sale("PL", "PLN"),
    "online_banking_cz": _sale("CZ", "CZK"),
    "online_banking_sk": _sale("SK", "EUR"),
    "online_banking_fi": _sale("FI", "EUR"),
    "pay_by_bank": _sale("", "EUR GBP"),
    "bank_transfer": _sale("", "EUR"),
    "payto": _sale("AU", "AUD"),
    "alipay": _sale("", ""),
    "alipay_hk": _sale("HK", ""),
    "wechat_pay": _sale("", ""),
    "gcash": _sale("PH", "PHP"),
    "paymaya": _sale("PH", "PHP"),
    "grabpay_sg": _sale("SG", "SGD"),
    "grabpay_my": _sale("MY", "MYR"),
    "grabpay_ph": _sale("PH", "PHP"),
    "dragonpay": _sale("PH", "PHP", refunds=False),
    "dana": _sale("ID", "IDR"),
    "gopay": _sale("ID", "IDR"),
    "kakaopay": _sale("KR", "KRW"),
    "naverpay": _sale("KR", "KRW"),
    "payco": _sale("KR", "KRW"),
    "kr_bank_transfer": _sale("KR", "KRW"),
    "truemoney": _sale("TH", "THB"),
    "promptpay": _sale("TH", "THB"),
    "th_online_banking": _sale("TH", "THB"),
    "touchngo": _sale("MY", "MYR"),
    "duitnow": _sale("MY", "MYR"),
    "fpx": _sale("MY", "MYR"),
    "paynow": _sale("SG", "SGD"),
    "momo": _sale("VN", "VND"),
    "vn_online_banking": _sale("VN", "VND"),
    "upi": _sale("IN", "INR"),
    "konbini": _sale("JP", "JPY", refunds=False),
    "oxxo": _sale("MX", "MXN", refunds=False, minimum={"MXN": 1000}),
    "boleto": _sale("BR", "BRL", refunds=False),
    "pse": _sale("CO", "COP", refunds=False),
    "knet": _sale("KW", "KWD"),
    "benefit": _sale("BH", "BHD"),
    "omannet": _sale("OM", "OMR"),
    "naps": _sale("QA", "QAR"),
    "fawry": _sale("EG", "EGP", refunds=False),
}
"""By our names. `card` and `bank` are what a payout goes to."""

_SALES = {TYPES.get(name, name) for name, m in METHODS.items() if m.takes is Takes.SALE}


def type_of(method: str) -> str:
    """Adyen's name of one of our methods."""
    return TYPES.get(method, method)


def is_sold(instruction: AuthorizeInstruction) -> bool:
    """Whether the money is taken at once: because it is to be, or because the method knows no
    hold."""
    return isinstance(instruction, SellInstruction) or is_sale(instruction.method)


def capture(instruction: AuthorizeInstruction) -> dict[str, Any]:
    """When what could be held is captured: whatever the merchant account is set to."""
    if is_sale(instruction.method):
        return {}
    if isinstance(instruction, SellInstruction):
        return {"captureDelayHours": 0}
    return {"manualCapture": True}


def is_sale(method: str) -> bool:
    """By our name or Adyen's; False for what neither of us knows."""
    return type_of(method) in _SALES
