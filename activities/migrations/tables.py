"""Everybody's tables, so that the schema can be held against them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Identity, Table, Text, text
from sqlmodel import SQLModel

import activities.access.tables
import activities.cases.tables
import activities.inbox.tables
import activities.outgoing_events.tables
import activities.psp.tables
import activities.reconciliation.bank.tables
import activities.reconciliation.expectations.tables
import activities.reconciliation.files.tables
import activities.reconciliation.matching.tables
import activities.registry.tables
import activities.risk.tables
import activities.routing.changes.tables
import activities.routing.health.tables
import activities.routing.learning.tables
import activities.routing.stopping.tables
import activities.routing.tables
import activities.security.tables
import activities.wallet.tables  # noqa: F401 - importing a table makes it known

METADATA = SQLModel.metadata

Table(
    "functions_applied",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("digest", Text, nullable=False),
    Column(
        "applied_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=text("clock_timestamp()"),
    ),
)
