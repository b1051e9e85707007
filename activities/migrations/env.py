"""What Alembic runs: our revisions, on the connection that it is handed."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from activities.migrations.tables import METADATA

connection: Connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
