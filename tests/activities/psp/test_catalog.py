"""A PSP is found by its folder or its entry point, and a missing setting is said by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic_settings import SettingsConfigDict

from activities.psp.catalog import Catalog, CatalogError, found
from activities.psp.contract import Adapter, WebhookRefused, WebhookRequest
from activities.psp.settings import PluginSettings

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
    told = str(raised.value)
    assert "needy: PAYSAGA_NEEDY_KEY" in told
    assert "PAYSAGA_NEEDY_NUMBER" in told
    assert "sk_secret" not in told


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
