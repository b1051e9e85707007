"""What a card's processor answers through PayPal (`processor_response.response_code`).

The description lists 154 codes and says of none what it means; PayPal has published their names
since December 2025. Here stand those whose meaning is certain; the rest is UNMAPPED, on purpose.
"""

from __future__ import annotations

from workflows.domain.declines import DeclineReason

from .issues import HARD, SOFT, Meaning


def _each(codes: str, reason: DeclineReason, soft: bool) -> dict[str, Meaning]:
    return dict.fromkeys(codes.split(), (reason, soft))


PROCESSOR: dict[str, Meaning] = {
    **_each("0500 5100 10BR 9540 0100", DeclineReason.DO_NOT_HONOR, SOFT),
    **_each("5120", DeclineReason.INSUFFICIENT_FUNDS, SOFT),
    **_each("5710 PPAX PPEL PPNL", DeclineReason.LIMIT_EXCEEDED, SOFT),
    **_each("5920 8100 8110 8220 PPNT", DeclineReason.ISSUER_UNAVAILABLE, SOFT),
    **_each("5910", DeclineReason.ISSUER_UNAVAILABLE, HARD),
    **_each("0960 8000 8010 8020 PPER PPNM PPRR PPCE PPUE", DeclineReason.PROCESSING_ERROR, SOFT),
    **_each("9100", DeclineReason.TRY_LATER, SOFT),
    # The merchant, the terminal, the trade (gaming among it) are not let, and not the player.
    **_each("1340 1350 1370 5700 PPAG PPBG", DeclineReason.ACCOUNT_MISCONFIGURED, SOFT),
    **_each("5650 PCNR", DeclineReason.AUTHENTICATION_REQUIRED, SOFT),
    **_each("7700 7710 PPD3", DeclineReason.AUTHENTICATION_FAILED, HARD),
    **_each("0R00", DeclineReason.CANCELLED_BY_PLAYER, HARD),
    **_each("0390 1330 1335 6300 5180 7800 PPFI PPPM", DeclineReason.INVALID_CARD, HARD),
    **_each("00N7 1382 5110 PCVV PPC2", DeclineReason.INVALID_CVV, HARD),
    **_each("5170 5190 PPAV PPAD", DeclineReason.INVALID_ADDRESS, HARD),
    **_each("0890 5130 5135 5500 7900", DeclineReason.INVALID_PIN, HARD),
    **_each("1380 5400 PPEF PPEX", DeclineReason.EXPIRED_CARD, HARD),
    **_each("PPTE PPTR PPTV", DeclineReason.UNKNOWN_TOKEN, HARD),
    **_each("PPAE PPCT PPDI PPMC", DeclineReason.CARD_NOT_SUPPORTED, SOFT),
    **_each("1320 PPCU PPUC PPVC", DeclineReason.CURRENCY_NOT_SUPPORTED, SOFT),
    **_each("0580 5160 5930 8030 PPQC PPRN PPUA", DeclineReason.NOT_PERMITTED, HARD),
    **_each("1352 PPFR", DeclineReason.RESTRICTED_CARD, HARD),
    # Lost or stolen: PayPal does not say which.
    **_each("9520", DeclineReason.STOLEN_CARD, HARD),
    **_each("5150 9530", DeclineReason.PICKUP_CARD, HARD),
    **_each("5140 PP06 5950", DeclineReason.ACCOUNT_CLOSED, HARD),
    **_each("PPAB", DeclineReason.BLOCKED, HARD),
    **_each("9500 9510", DeclineReason.FRAUD, HARD),
    **_each("5200", DeclineReason.DUPLICATE, HARD),
    **_each("PPGR", DeclineReason.NOT_REFUNDABLE, HARD),
    **_each("1300 1310 1312 1360 1390 1393 5210 PPFV PPII", DeclineReason.INVALID_REQUEST, HARD),
}

SUCCESS = frozenset({"0000"})
