"""What vendors' pagers were asked to ring."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "pager_calls",
        sa.Column("effect_key", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("effect_key", "provider", name="pk_pager_calls"),
    )
    op.create_index("ix_pager_calls_incident_id_page", "pager_calls", ["incident_id", "page"], unique=False)
    op.create_index("ix_pager_calls_provider_state", "pager_calls", ["provider", "state"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_pager_calls_provider_state", table_name="pager_calls")
    op.drop_index("ix_pager_calls_incident_id_page", table_name="pager_calls")
    op.drop_table("pager_calls")
