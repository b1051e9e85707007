"""The settings of a process, once they are read."""

from __future__ import annotations

import base64
from pathlib import Path

from activities.routing.settings import Account, RoutingSettings
from activities.seals.settings import SealsSettings
from activities.settings import Settings
from infra.settings import Postgres
from tests.sealing import KEY

URL = "postgresql://app@127.0.0.1:1/paysaga"


def test_psps_are_connected_before_an_account_at_them_exists() -> None:
    listed = RoutingSettings(accounts=[Account(psp="north", id="main")], psps=["south"])
    chosen = Settings(
        profile="sandbox", postgres=Postgres.model_validate({"url": URL}), routing=listed
    )
    assert chosen.psps == {"north", "south"}


def test_keys_of_seals_are_given_as_they_are_or_in_files(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(base64.b64encode(KEY).decode() + "\n")
    other = base64.b64encode(KEY[::-1]).decode()
    chosen = SealsSettings.model_validate({"keys": [f"file:{file}", other]})
    assert chosen.secrets == (KEY, KEY[::-1])
