"""What we are made of can be listed, and what is known against it fails the build."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.house.rooms import ROOT
from tests.house.vulnerabilities import verdict


def test_the_bill_of_materials_has_every_package_of_the_lock_with_its_hash(
    tmp_path: Path,
) -> None:
    """By the very command of `make sbom`, which validates what it writes."""
    [line] = re.findall(r"\$\(BIN\)/(cyclonedx-py .*)", (ROOT / "Makefile").read_text())
    made = tmp_path / "sbom.json"
    words = line.replace("var/sbom.json", str(made)).split()
    words[0] = str(Path(sys.executable).with_name(words[0]))
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    bill = json.loads(made.read_text())
    listed = {
        part["name"].lower().replace("_", "-").replace(".", "-") for part in bill["components"]
    }
    locked = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert len(locked) > 50
    assert listed == set(locked)
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == "paysaga"


def test_a_known_vulnerability_fails_and_is_named_with_the_version_that_mends_it() -> None:
    known = {"id": "PYSEC-1", "fix_versions": ["2.0"]}
    found = {"dependencies": [{"name": "acme", "version": "1.0", "vulns": [known]}]}
    code, text = verdict(json.dumps(found), "")
    assert code == 1
    assert "acme 1.0: PYSEC-1, mended in 2.0" in text


def test_a_clean_lock_passes() -> None:
    clean = {"dependencies": [{"name": "acme", "version": "1.0", "vulns": []}]}
    assert verdict(json.dumps(clean), "") == (0, "no known vulnerability in 1 packages")


def test_a_service_that_cannot_be_reached_fails_nothing_and_is_said() -> None:
    code, text = verdict("", "Traceback\nConnectionError: no route")
    assert code == 0
    assert text.startswith("NOT CHECKED")
    assert "no route" in text
