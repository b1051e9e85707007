"""What a card's processor answers through PayPal (`processor_response.response_code`).

The description lists 154 codes and says of none what it means. Here stand those whose meaning is
certain from PayPal's published list; the rest is UNMAPPED, on purpose.
"""

from __future__ import annotations

from workflows.domain.declines import Reason

from .issues import HARD, SOFT, Meaning


def _each(codes: str, reason: Reason, soft: bool) -> dict[str, Meaning]:
    return dict.fromkeys(codes.split(), (reason, soft))


PROCESSOR: dict[str, Meaning] = {
    **_each("0500 5100 10BR 9540 0100", Reason.DO_NOT_HONOR, SOFT),
    **_each("5120", Reason.INSUFFICIENT_FUNDS, SOFT),
    **_each("5710 PPAX PPEL PPNL", Reason.LIMIT_EXCEEDED, SOFT),
    **_each("5920 8100 8110 8220 PPNT PPUA", Reason.ISSUER_UNAVAILABLE, SOFT),
    **_each("5910", Reason.ISSUER_UNAVAILABLE, HARD),
    **_each("0960 8000 8010 8020 PPER", Reason.PROCESSING_ERROR, SOFT),
    **_each("9100", Reason.TRY_LATER, SOFT),
    **_each("5650", Reason.AUTHENTICATION_REQUIRED, SOFT),
    **_each("7700 7710 PPD3", Reason.AUTHENTICATION_FAILED, HARD),
    **_each("0390 1330 1335 6300 5180 7800", Reason.INVALID_CARD, HARD),
    **_each("00N7 1382 5110 PCVV PPC2", Reason.INVALID_CVV, HARD),
    **_each("5170 PPAV PPAD", Reason.INVALID_ADDRESS, HARD),
    **_each("0890 5130 5135 5500 7900", Reason.INVALID_PIN, HARD),
    **_each("1380 5400 PPEF PPEX", Reason.EXPIRED_CARD, HARD),
    **_each("PPAE PPCT PPDI PPMC", Reason.CARD_NOT_SUPPORTED, SOFT),
    **_each("1320 PPCU", Reason.CURRENCY_NOT_SUPPORTED, SOFT),
    **_each("0580 5160 5700 5930 8030 PPAG PPBG PPQC PPRN", Reason.NOT_PERMITTED, HARD),
    **_each("1352 PPFR", Reason.RESTRICTED_CARD, HARD),
    # Lost or stolen: PayPal does not say which.
    **_each("9520", Reason.STOLEN_CARD, HARD),
    **_each("5150 9530", Reason.PICKUP_CARD, HARD),
    **_each("5140 PP06 5950", Reason.ACCOUNT_CLOSED, HARD),
    **_each("PPAB", Reason.BLOCKED, HARD),
    **_each("9500 9510", Reason.FRAUD, HARD),
    **_each("5200", Reason.DUPLICATE, HARD),
    **_each(
        "1300 1310 1312 1340 1350 1360 1370 1390 1393 5210 PPFV PPII",
        Reason.INVALID_REQUEST,
        HARD,
    ),
}

SUCCESS = frozenset({"0000"})
