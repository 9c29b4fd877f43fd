"""Alembic's entry: runs the migrations on the connection that mayday/records/migration.py hands over."""

from __future__ import annotations

from alembic import context

from mayday.records.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
