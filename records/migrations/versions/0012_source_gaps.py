"""Since when a source of alarms misses something, its ticket about that, how often it told nothing."""

import sqlalchemy as sa
from alembic import op

import records.columns

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("alarmsource", schema=None) as batch_op:
        batch_op.add_column(sa.Column("gap_at", records.columns.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("gap_ticket_id", sa.Integer(), nullable=True))
        failures = sa.Column("resync_failures", sa.Integer(), nullable=False, server_default="0")
        batch_op.add_column(failures)


def downgrade() -> None:
    with op.batch_alter_table("alarmsource", schema=None) as batch_op:
        batch_op.drop_column("resync_failures")
        batch_op.drop_column("gap_ticket_id")
        batch_op.drop_column("gap_at")
