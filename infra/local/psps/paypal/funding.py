"""How the payer pays: a choice on the approval page. PayPal's own page lists cards and accounts."""

from __future__ import annotations

from dataclasses import dataclass

FIELD = "funding"


@dataclass(frozen=True)
class Funding:
    decline: str | None = None
    """The issue with which the order's authorization is refused."""
    only_at: str | None = None
    """The merchant account where it is; None: at all."""
    denied: str | None = None
    """The processor's code with which the authorization is made, and its status is DENIED."""
    capture: str = "COMPLETED"
    """COMPLETED, DECLINED, PENDING (then COMPLETED), or the issue with which it is refused."""
    refund: str = "COMPLETED"
    """COMPLETED, PENDING (then COMPLETED), FAILED (PENDING at first)."""

    def verdict(self, account: str) -> str | None:
        return self.decline if self.only_at in (None, account) else None

    def denial(self, account: str) -> str | None:
        return self.denied if self.only_at in (None, account) else None


FUNDING = {
    "balance": Funding(),
    "card_declined": Funding(decline="INSTRUMENT_DECLINED"),
    "card_declined_at_primary": Funding(decline="INSTRUMENT_DECLINED", only_at="primary"),
    "limit_at_primary": Funding(decline="TRANSACTION_LIMIT_EXCEEDED", only_at="primary"),
    "account_closed": Funding(decline="PAYER_ACCOUNT_LOCKED_OR_CLOSED"),
    "authorization_denied": Funding(denied="0500"),
    "no_gaming_at_primary": Funding(denied="PPAG", only_at="primary"),
    "suspected_fraud": Funding(denied="9500"),
    "capture_refused": Funding(capture="TRANSACTION_REFUSED"),
    "capture_declined": Funding(capture="DECLINED"),
    "capture_pending": Funding(capture="PENDING"),
    "refund_pending": Funding(refund="PENDING"),
    "refund_fails": Funding(refund="FAILED"),
}
"""The first is what the payer gets without choosing."""

_VAULTED = "vault-"


def vaulted(choice: str) -> str:
    """The id of a wallet that PayPal keeps, which pays as this choice does."""
    return _VAULTED + choice


def in_vault(vault_id: str) -> Funding | None:
    """None: PayPal keeps no such wallet."""
    return FUNDING.get(vault_id.removeprefix(_VAULTED)) if vault_id.startswith(_VAULTED) else None
