"""What a worker says of itself: who serves its ports, and how its vendors are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("presence", sa.Column("report", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("presence", "report")
