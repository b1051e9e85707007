"""Stripe: Payment Intents with manual capture, refunds, balance transactions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from activities.psp.certification import Certification
    from activities.psp.contract import Adapter


@dataclass(frozen=True)
class StripePlugin:
    """Calls need `secret_key`; webhooks are verified without it, so that the API listens."""

    name: str = "stripe"

    def connect(self) -> Adapter:
        from activities.psp.plugins.stripe.adapter import StripeAdapter
        from activities.psp.plugins.stripe.settings import StripeSettings

        return StripeAdapter(StripeSettings.read())

    def listen(self) -> Adapter:
        from activities.psp.plugins.stripe.adapter import StripeAdapter
        from activities.psp.plugins.stripe.settings import StripeSettings

        return StripeAdapter(StripeSettings.read(hearing=True))

    def certification(self) -> Certification:
        from activities.psp.plugins.stripe.certification.suite import StripeCertification

        return StripeCertification()


PLUGIN = StripePlugin()
