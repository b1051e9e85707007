"""The sandbox PSP: our own stand-in for a real one, over HTTP like any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from activities.psp.certification import Certification
    from activities.psp.contract import Adapter


@dataclass(frozen=True)
class SandboxPlugin:
    """For laptops and tests: production never connects it, certificate or not."""

    name: str = "sandbox"

    def connect(self) -> Adapter:
        from activities.psp.plugins.sandbox.adapter import SandboxAdapter
        from activities.psp.plugins.sandbox.settings import SandboxSettings

        return SandboxAdapter(SandboxSettings.read())

    def listen(self) -> Adapter:
        from activities.psp.plugins.sandbox.adapter import SandboxAdapter
        from activities.psp.plugins.sandbox.settings import SandboxSettings

        return SandboxAdapter(SandboxSettings.read(hearing=True))

    def certification(self) -> Certification:
        from activities.psp.plugins.sandbox.certification.suite import SandboxCertification

        return SandboxCertification()


PLUGIN = SandboxPlugin()
