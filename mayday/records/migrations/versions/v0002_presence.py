"""Which processes lived when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "presence",
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("process", name="pk_presence"),
    )
    op.create_index("ix_presence_last_seen_at", "presence", ["last_seen_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_presence_last_seen_at", table_name="presence")
    op.drop_table("presence")
