"""Stored payment methods: what each does stands in its name.

VISASOFTPRIMARY1 is refused by one merchant account and approved by the other; VISACAPTUREFAIL1 is
approved, and the scheme rejects every capture of it; VISALATECAPTURE1 is captured, and the scheme
rejects that afterwards; VISARECEIVED0001 is answered by the webhook alone.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CardRefusal:
    reason: str
    code: str
    """`refusalReasonCode`."""
    raw: str = ""
    """The issuer's own words: `05 : Do not honor`."""
    advice: str = ""
    """Mastercard's, as Adyen spells it: `03 : Do not try again`."""
    result: str = "Refused"


@dataclass(frozen=True)
class Card:
    brand: str = "visa"
    last4: str = "1111"
    refusal: CardRefusal | None = None
    only_at: str | None = None
    """The merchant account that refuses; None: all do."""
    challenge: bool = False
    later: bool = False
    """Answered `Received`; decided a moment after."""
    capture: str = "succeeds"
    """succeeds, fails, fails_later."""
    refund: str = "succeeds"
    """succeeds, refused, fails_later."""
    cvc: str = "1 Matches"
    avs: str = "7 Both postal code and address match"

    def verdict(self, account: str) -> CardRefusal | None:
        return self.refusal if self.only_at in (None, account) else None


DO_NOT_HONOR = CardRefusal("Refused", "2", "05 : Do not honor")
AUTHENTICATION_REQUIRED = CardRefusal(
    "Authentication required", "38", "1A : Authentication required"
)
NOT_AUTHENTICATED = CardRefusal("3D Not Authenticated", "11")
SHOPPER_CANCELLED = CardRefusal("Shopper Cancelled", "16", result="Cancelled")


def _refused(reason: str, code: str, raw: str, advice: str = "", brand: str = "visa") -> Card:
    last4 = "4444" if brand == "mc" else "1111"
    return Card(brand, last4, CardRefusal(reason, code, raw, advice))


CARDS = {
    "VISAAPPROVED0001": Card(),
    "MCAPPROVED000001": Card("mc", "4444"),
    "AMEXAPPROVED0001": Card("amex", "0002"),
    "VISACHALLENGE001": Card(challenge=True),
    "MCCHALLENGE00001": Card("mc", "4444", challenge=True),
    "VISASOFTPRIMARY1": Card(refusal=DO_NOT_HONOR, only_at="primary"),
    "VISADONOTHONOR01": Card(refusal=DO_NOT_HONOR),
    "VISASTOLENCARD01": _refused("Blocked Card", "5", "43 : Stolen card, pick up"),
    "VISANOFUNDS00001": _refused("Not enough balance", "12", "51 : Insufficient funds"),
    "VISAEXPIRED00001": _refused("Expired Card", "6", "54 : Expired card"),
    "VISAISSUERDOWN01": _refused("Issuer Unavailable", "9", "91 : Issuer or switch inoperative"),
    "VISANOTALLOWED01": _refused("Transaction Not Permitted", "23", "57 : Not permitted"),
    "VISACVCREFUSED01": Card(
        refusal=CardRefusal("CVC Declined", "24", "N7 : CVV2 mismatch"), cvc="2 Doesn't Match"
    ),
    "VISAFRAUD0000001": Card(refusal=CardRefusal("FRAUD", "20", result="Cancelled")),
    "VISAACQUIRERDOWN": Card(refusal=CardRefusal("Acquirer Error", "4", result="Error")),
    "MCNEWDATA0000001": _refused(
        "Expired Card", "6", "54 : Expired card", "01 : New account information available", "mc"
    ),
    "MCTRYLATER000001": _refused("Refused", "2", "05 : Do not honor", "02 : Try Again Later", "mc"),
    "MCNEVERAGAIN0001": _refused(
        "Refused", "2", "05 : Do not honor", "03 : Do Not Try Again", "mc"
    ),
    "VISAAVSMISMATCH1": Card(avs="2 Neither postal code nor address match"),
    "VISARECEIVED0001": Card(later=True),
    "VISARECEIVEDNO01": Card(refusal=DO_NOT_HONOR, later=True),
    "VISACAPTUREFAIL1": Card(capture="fails"),
    "VISALATECAPTURE1": Card(capture="fails_later"),
    "VISAREFUNDREFUSE": Card(refund="refused"),
    "VISAREFUNDFAILS1": Card(refund="fails_later"),
}

ON_PAGE = tuple(name for name, card in CARDS.items() if not card.later)
"""What a shopper can choose to pay with on a page of Adyen's."""

_ECI = {"mc": ("02", "00")}


def eci(brand: str, *, authenticated: bool) -> str:
    """As the scheme writes it."""
    full, none = _ECI.get(brand, ("05", "07"))
    return full if authenticated else none
