"""PayPal: wallet payments by redirect, payouts to PayPal accounts, certified webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from activities.psp.certification import Certification
    from activities.psp.contract import Adapter


@dataclass(frozen=True)
class PaypalPlugin:
    """No `listen`: PayPal says what a webhook is worth only to who has its secret."""

    name: str = "paypal"

    def connect(self) -> Adapter:
        from activities.psp.plugins.paypal.adapter import PaypalAdapter
        from activities.psp.plugins.paypal.settings import PaypalSettings

        return PaypalAdapter(PaypalSettings.read())

    def certification(self) -> Certification:
        from activities.psp.plugins.paypal.certification.suite import PaypalCertification

        return PaypalCertification()


PLUGIN = PaypalPlugin()
