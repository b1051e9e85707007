"""The PSPs that this process speaks to, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from activities.psp import discovery
from activities.psp.certificates import keeps_keys
from activities.psp.connecting import connected, objection_in_production
from activities.psp.contract import (
    Acknowledgement,
    AcknowledgesInItsWay,
    Adapter,
    Completes,
    Delivery,
    HearsWebhooks,
    ListsMethods,
    PaysOut,
    Plugin,
    WebhookRefused,
    WebhookRequest,
)
from activities.psp.discovery import CatalogError
from activities.psp.settings import only_https

__all__ = ["Catalog", "CatalogError", "found"]

_NAMED = "PAYSAGA_ROUTING_ACCOUNTS or …_PSPS"


def found() -> Mapping[str, Plugin]:
    """Every plugin there is, connected to nothing. Raises CatalogError."""
    return {name: discovery.plugin(name, load) for name, load in discovery.places().items()}


class Catalog:
    """Connected adapters, one per PSP, until `aclose`."""

    def __init__(
        self, plugins: Mapping[str, Plugin] | None = None, *, hearing: bool = False
    ) -> None:
        """Connect each; `hearing` for webhooks alone, without keys for calls wherever it can do
        without. Raises CatalogError naming every setting that is missing."""
        self._adapters = connected(plugins or {}, hearing=hearing)
        self._keeps_keys = {name for name, each in (plugins or {}).items() if keeps_keys(each)}
        self._ears = {n: a for n, a in self._adapters.items() if isinstance(a, HearsWebhooks)}
        # Looked at once: asking an object for a protocol costs more than a signature.
        self._acknowledging = {
            n: a for n, a in self._ears.items() if isinstance(a, AcknowledgesInItsWay)
        }

    @classmethod
    def of(cls, names: Iterable[str], *, certified: bool = False, hearing: bool = False) -> Catalog:
        """The PSPs of these names, found where plugins live. Others are not even imported.

        Raises CatalogError for a name that nobody has, with the names there are; with `certified`,
        which is what production asks for, also for a plugin without the certificate of its present
        code, for the sandbox PSP and for an address that is not https.
        """
        places = discovery.places()
        wanted = sorted(set(names))
        if unknown := [name for name in wanted if name not in places]:
            raise CatalogError(
                f"{_NAMED}: no plugin speaks to {', '.join(unknown)}; "
                f"known PSPs: {', '.join(sorted(places)) or 'none'}"
            )
        plugins = {name: discovery.plugin(name, places[name]) for name in wanted}
        if not certified:
            return cls(plugins, hearing=hearing)
        if objected := [each for each in map(objection_in_production, plugins.values()) if each]:
            raise CatalogError(f"{_NAMED}: not in production: {'; '.join(objected)}")
        with only_https():
            return cls(plugins, hearing=hearing)

    @classmethod
    def of_hearing(cls, names: Iterable[str], *, certified: bool = False) -> Catalog:
        """For a process that calls no PSP: the API. Raises CatalogError as `of` does."""
        return cls.of(names, certified=certified, hearing=True)

    @property
    def names(self) -> Sequence[str]:
        """Of the PSPs that are connected, in alphabetical order."""
        return tuple(self._adapters)

    def adapter(self, name: str) -> Adapter:
        """Raises CatalogError for a PSP that this process does not speak to."""
        try:
            return self._adapters[name]
        except KeyError:
            raise CatalogError(f"this process does not speak to {name}") from None

    def pays_players(self, name: str) -> bool:
        """False for a PSP that certainly cannot: we speak to it, and payouts are not its words."""
        adapter = self._adapters.get(name)
        return adapter is None or isinstance(adapter, PaysOut)

    def keeps_keys(self, name: str) -> bool:
        """Whether its certificate says that what is asked twice under one key is done once."""
        return name in self._keeps_keys

    def takes(self, method: str) -> bool:
        """Whether one of our PSPs takes a player's money by this method, or may."""
        return any(
            not isinstance(adapter, ListsMethods)
            or ((known := adapter.methods.get(method)) is not None and known.takes is not None)
            for adapter in self._adapters.values()
        )

    def brought_back(self, psp: str, parameters: Mapping[str, str]) -> dict[str, str]:
        """Of what a player brought back from this PSP's page, what it needs to go on."""
        adapter = self._adapters.get(psp)
        wanted = adapter.parameters if isinstance(adapter, Completes) else ()
        return {name: value for name, value in parameters.items() if name in wanted}

    async def hear(self, psp: str, request: WebhookRequest) -> Delivery:
        """Verify and translate a webhook. Raises WebhookRefused; its status says why."""
        ear = self._ears.get(psp)
        if ear is None:
            raise WebhookRefused("no_webhooks", status=404)
        return await ear.hear(request)

    def acknowledgement(self, psp: str) -> Acknowledgement | None:
        """What this PSP wants to read when its webhook was taken in; None for what we say."""
        ear = self._acknowledging.get(psp)
        return ear.acknowledgement if ear is not None else None

    async def aclose(self) -> None:
        for adapter in self._adapters.values():
            await adapter.aclose()
