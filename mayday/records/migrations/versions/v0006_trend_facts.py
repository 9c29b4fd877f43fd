"""The facts that trends are summed up from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "trend_facts",
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("incident_id", name="pk_trend_facts"),
    )
    op.create_index("ix_trend_facts_opened_at", "trend_facts", ["opened_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_trend_facts_opened_at", table_name="trend_facts")
    op.drop_table("trend_facts")
