"""Archives: histories, plan, timeline and texts of incidents, beyond Temporal's retention."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "archives",
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("manifest", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", name="pk_archives"),
    )
    op.create_table(
        "archive_parts",
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "kind", "name", name="pk_archive_parts"),
    )
    op.create_index("ix_archive_parts_name", "archive_parts", ["name"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_archive_parts_name", table_name="archive_parts")
    op.drop_table("archive_parts")
    op.drop_table("archives")
