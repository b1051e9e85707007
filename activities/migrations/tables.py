"""Everybody's tables, so that the schema can be held against them."""

from __future__ import annotations

from sqlmodel import SQLModel

import activities.access.tables
import activities.cases.tables
import activities.inbox.tables
import activities.notices.tables
import activities.registry.tables
import activities.risk.tables
import activities.routing.health_tables
import activities.routing.tables
import activities.wallet.tables  # noqa: F401 - importing a table makes it known

METADATA = SQLModel.metadata
