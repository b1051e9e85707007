"""`make vulnerabilities`: what is known of the versions in requirements.lock, where it can be told.

A finding fails. Where the service cannot be reached this is said, and nothing fails: no verdict is
no finding.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.house.rooms import ROOT

PATIENCE_SECONDS = 300


def main() -> int:
    command = [str(Path(sys.executable).with_name("pip-audit")), "--disable-pip", "--no-deps"]
    asked = [
        "--timeout",
        "10",
        "--format",
        "json",
        "--requirement",
        str(ROOT / "requirements.lock"),
    ]
    try:
        answer = subprocess.run(
            [*command, *asked, "--progress-spinner", "off"],
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _said(0, f"NOT CHECKED for vulnerabilities: no answer within {PATIENCE_SECONDS} s")
    return _said(*verdict(answer.stdout, answer.stderr))


def verdict(answer: str, complaints: str) -> tuple[int, str]:
    """The exit code and what is to be said, of pip-audit's answer in JSON and its error output."""
    try:
        checked = json.loads(answer)["dependencies"]
    except (ValueError, KeyError, TypeError):
        why = (complaints.strip().splitlines() or ["no answer"])[-1][:200]
        return 0, f"NOT CHECKED for vulnerabilities: the service cannot be reached ({why})"
    found = [
        f"{each['name']} {each['version']}: {known['id']}, mended in "
        f"{', '.join(known['fix_versions']) or 'no version yet'}"
        for each in checked
        for known in each.get("vulns", [])
    ]
    if found:
        return 1, "known vulnerabilities in requirements.lock:\n" + "\n".join(found)
    return 0, f"no known vulnerability in {len(checked)} packages"


def _said(code: int, text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
