"""Adyen: cards and what its hosted page offers, with payouts; it is heard, and cannot be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from activities.psp.certification import Certification
    from activities.psp.contract import Adapter


@dataclass(frozen=True)
class AdyenPlugin:
    """Calls need API keys; webhooks are verified by HMAC keys alone, so that the API listens."""

    name: str = "adyen"

    def connect(self) -> Adapter:
        from activities.psp.plugins.adyen.adapter import AdyenAdapter
        from activities.psp.plugins.adyen.settings import AdyenSettings

        return AdyenAdapter(AdyenSettings.read())

    def listen(self) -> Adapter:
        from activities.psp.plugins.adyen.adapter import AdyenAdapter
        from activities.psp.plugins.adyen.settings import AdyenSettings

        return AdyenAdapter(AdyenSettings.read(hearing=True))

    def certification(self) -> Certification:
        from activities.psp.plugins.adyen.certification.suite import AdyenCertification

        return AdyenCertification()


PLUGIN = AdyenPlugin()
