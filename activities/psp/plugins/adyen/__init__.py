"""Adyen: cards and what its hosted page offers, with payouts; it is heard, and cannot be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from activities.psp.certification import Certification
    from activities.psp.contract import Adapter


@dataclass(frozen=True)
class AdyenPlugin:
    name: str = "adyen"

    def connect(self) -> Adapter:
        from activities.psp.plugins.adyen.adapter import AdyenAdapter
        from activities.psp.plugins.adyen.settings import AdyenSettings

        return AdyenAdapter(AdyenSettings.read())

    def certification(self) -> Certification:
        from activities.psp.plugins.adyen.certification import AdyenCertification

        return AdyenCertification()


PLUGIN = AdyenPlugin()
