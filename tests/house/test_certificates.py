"""No plugin leaves the house without the certificate of its present code."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from activities.psp import digests
from activities.psp.catalog import Catalog, CatalogError, found
from activities.psp.certificates import FILE, Certificate, certificate_of, objection_to
from activities.psp.contract import Plugin
from activities.psp.digests import place_of
from tests.activities.psp.certificate import PAGE, page_of, suite_digest
from tests.house.rooms import ROOT

AGAIN = "run `make certify` and commit what it writes"


def test_every_plugin_has_the_certificate_of_its_present_code() -> None:
    objections = [objection_to(plugin) for plugin in found().values()]
    assert not [objection for objection in objections if objection], AGAIN


def test_every_certificate_is_of_the_present_suite() -> None:
    for name, plugin in found().items():
        certificate = certificate_of(plugin)
        assert certificate is not None, name
        assert certificate.suite == suite_digest(), AGAIN
        assert len(certificate.rules) >= 10


def test_the_table_in_the_docs_is_that_of_the_certificates() -> None:
    certificates = [certificate_of(plugin) for plugin in found().values()]
    assert PAGE.read_text() == page_of(each for each in certificates if each), AGAIN


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugin]:
    """The sandbox plugin as a package of somebody else, certificate and all."""
    (tmp_path / "lent").mkdir()
    source = ROOT / "activities/psp/plugins/sandbox"
    shutil.copytree(source, tmp_path / "lent/acme", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.syspath_prepend(str(tmp_path / "lent"))
    from importlib import import_module

    yield import_module("acme").PLUGIN
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme"]:
        del sys.modules[name]


def test_code_that_changed_since_is_not_certified(copied: Plugin) -> None:
    assert objection_to(copied) is None
    changed = place_of(copied).with_name("declines.py")
    changed.write_text(changed.read_text() + "\n")
    assert "has changed since it was certified" in str(objection_to(copied))


def test_who_writes_another_fixture_un_certifies_nothing(copied: Plugin) -> None:
    suite = place_of(copied).parent / "certification" / "suite.py"
    suite.write_text(suite.read_text() + "\n")
    (suite.parent / "more.py").write_text("MORE = 1\n")
    assert objection_to(copied) is None


def test_on_changed_words_of_the_domain_nothing_is_certified(
    copied: Plugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "money.py"
    other.write_text("# another money\n")
    spec = importlib.util.spec_from_file_location("other_money", other)
    assert spec is not None
    monkeypatch.setattr(digests, "WORDS", (importlib.util.module_from_spec(spec),))
    assert "stands on has changed" in str(objection_to(copied))


def test_on_changed_ground_nothing_is_certified(copied: Plugin) -> None:
    path = place_of(copied).with_name(FILE)
    certificate = Certificate.model_validate_json(path.read_bytes())
    path.write_text(certificate.model_copy(update={"ground": "another"}).model_dump_json())
    assert "stands on has changed" in str(objection_to(copied))


def test_without_a_certificate_there_is_none(copied: Plugin) -> None:
    place_of(copied).with_name(FILE).unlink()
    assert "has no certificate" in str(objection_to(copied))


def test_an_uncertified_psp_is_not_connected_in_production(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "acme_alone.py").write_text(
        "class Acme:\n"
        "    name = 'acme_alone'\n"
        "    def connect(self): raise AssertionError('it was connected')\n"
        "PLUGIN = Acme()\n"
    )
    info = tmp_path / "acme_alone-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-alone\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[paysaga.psp]\nacme_alone = acme_alone:PLUGIN\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(CatalogError, match="not in production: acme_alone has no certificate"):
        Catalog.of(["acme_alone"], certified=True)
