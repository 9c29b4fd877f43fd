"""Ended incidents, and how far their facts are made, are found without reading whole rows."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_index("ix_incidents_ended_at_id_seq", "incidents", ["ended_at", "id", "seq"], unique=False)
    op.create_index("ix_trend_facts_incident_id_seq", "trend_facts", ["incident_id", "seq"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_trend_facts_incident_id_seq", table_name="trend_facts")
    op.drop_index("ix_incidents_ended_at_id_seq", table_name="incidents")
