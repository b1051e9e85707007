"""A PSP is found by its folder or its entry point, and a missing setting is said by name."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings, SettingsConfigDict

from activities.psp import discovery
from activities.psp.catalog import Catalog, CatalogError, found
from activities.psp.contract import Adapter, WebhookRefused, WebhookRequest
from activities.psp.settings import PluginSettings, only_https

NOTHING_HEARD = WebhookRequest(headers={}, body=b"", received_at=0.0)

OUTSIDE = """
class Adapter:
    async def aclose(self): pass
class Plugin:
    name = "{name}"
    def connect(self): return Adapter()
PLUGIN = Plugin()
"""


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path, where other packages are installed."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def install(where: Path, name: str, code: str) -> None:
    (where / f"{name}_paysaga.py").write_text(code)
    info = where / f"{name}_paysaga-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-paysaga\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[paysaga.psp]\n{name} = {name}_paysaga:PLUGIN\n")


def test_a_plugin_is_found_by_its_folder() -> None:
    plugins = found()
    assert plugins
    assert all(plugin.name == name for name, plugin in plugins.items())


async def test_a_plugin_of_another_package_is_found_by_its_entry_point(outside: Path) -> None:
    install(outside, "elsewhere", OUTSIDE.format(name="elsewhere"))
    catalog = Catalog.of(["elsewhere"])
    assert catalog.names == ("elsewhere",)
    await catalog.adapter("elsewhere").aclose()
    await catalog.aclose()


def test_an_unknown_name_is_said_with_the_names_there_are() -> None:
    with pytest.raises(CatalogError, match="no plugin speaks to nobody; known PSPs: ") as raised:
        Catalog.of(["nobody"])
    assert all(name in str(raised.value) for name in found())


def test_a_plugin_under_another_name_is_refused(outside: Path) -> None:
    install(outside, "nickname", OUTSIDE.format(name="somebody"))
    with pytest.raises(CatalogError, match="nickname calls itself somebody"):
        Catalog.of(["nickname"])


def test_a_plugin_that_does_not_load_stops_only_those_who_want_it(outside: Path) -> None:
    install(outside, "broken", "import there_is_no_such_module")
    assert Catalog.of([]).names == ()
    with pytest.raises(CatalogError, match="broken cannot be loaded"):
        Catalog.of(["broken"])


def test_what_is_no_plugin_is_said_to_be_none(outside: Path) -> None:
    install(outside, "stranger", "PLUGIN = 5")
    with pytest.raises(CatalogError, match="stranger is no PLUGIN"):
        Catalog.of(["stranger"])


def test_two_plugins_of_one_name_are_refused(outside: Path) -> None:
    name = next(iter(found()))
    install(outside, name, OUTSIDE.format(name=name))
    with pytest.raises(CatalogError, match=f"two plugins of the name {name}"):
        Catalog.of([])


class NeedySettings(PluginSettings):
    model_config = SettingsConfigDict(env_prefix="PAYSAGA_NEEDY_")

    key: str
    number: int


class NeedyPlugin:
    name = "needy"

    def connect(self) -> Adapter:
        NeedySettings.read()
        raise AssertionError("it was given what it needs")


def test_a_missing_setting_is_named_and_a_wrong_one_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PAYSAGA_NEEDY_NUMBER", "sk_secret")
    with pytest.raises(CatalogError) as raised:
        Catalog({"needy": NeedyPlugin()})
    message = str(raised.value)
    assert "PAYSAGA_NEEDY_KEY: Field required" in message
    assert "PAYSAGA_NEEDY_NUMBER" in message
    assert "sk_secret" not in message


async def test_no_psp_is_a_catalog_too() -> None:
    catalog = Catalog()
    assert catalog.names == ()
    with pytest.raises(CatalogError, match="does not speak to anybody"):
        catalog.adapter("anybody")
    await catalog.aclose()


async def test_a_psp_that_hears_no_webhooks_has_no_door(outside: Path) -> None:
    install(outside, "mute", OUTSIDE.format(name="mute"))
    for name in ("mute", "nobody"):
        with pytest.raises(WebhookRefused) as raised:
            await Catalog.of(["mute"]).hear(name, NOTHING_HEARD)
        assert raised.value.status == 404


class FarSettings(PluginSettings):
    model_config = SettingsConfigDict(env_prefix="PAYSAGA_FAR_")

    gateway: str
    regions: dict[str, list[str]]


class FarPlugin:
    name = "far"

    def connect(self) -> Adapter:
        FarSettings.read()
        raise AssertionError("it was let through")


def test_in_production_no_plugin_has_a_plain_address_whatever_it_calls_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also one that comes next year: the settings are looked through, not a list of names."""
    monkeypatch.setenv("PAYSAGA_FAR_GATEWAY", "HTTP://127.0.0.1:1/secret-word")
    monkeypatch.setenv("PAYSAGA_FAR_REGIONS", '{"eu": ["https://a.example", "http://b.example"]}')
    with only_https(), pytest.raises(CatalogError) as raised:
        Catalog({"far": FarPlugin()})
    assert str(raised.value) == (
        "PAYSAGA_FAR_GATEWAY, PAYSAGA_FAR_REGIONS.eu.1: must be https in production"
    )
    with pytest.raises(AssertionError, match="let through"):
        Catalog({"far": FarPlugin()})


def test_every_plugin_here_reads_its_settings_where_that_is_looked_through() -> None:
    for name in discovery.places():
        module = import_module(f"activities.psp.plugins.{name}.settings")
        read = [
            each
            for each in vars(module).values()
            if inspect.isclass(each) and issubclass(each, BaseSettings)
        ]
        assert read, name
        assert all(issubclass(each, PluginSettings) for each in read), name


def test_production_has_no_sandbox_psp() -> None:
    with pytest.raises(CatalogError, match=r"PAYSAGA_ROUTING_ACCOUNTS.*sandbox PSP is for trying"):
        Catalog.of(["sandbox"], certified=True)
