"""What holds for every plugin in every test that asks for it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from activities.psp.contract import Plugin
from tests.activities.psp.certifying import certification_of
from tests.activities.psp.orders import PRIVATE


@pytest.fixture
def nothing_private_is_logged(plugin: Plugin, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No token, destination, player or credential stands in a line that the test caused."""
    caplog.set_level(logging.WARNING)
    with structlog.testing.capture_logs() as lines:
        yield
    logged = f"{lines} {caplog.text}"
    secrets = certification_of(plugin).secrets
    assert secrets
    assert not [secret for secret in (*PRIVATE, *secrets) if secret in logged]
