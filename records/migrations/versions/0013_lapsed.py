"""Since when an alarm is worse than what was acknowledged."""

import sqlalchemy as sa
from alembic import op

import records.columns

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

THERE = sa.text("lapsed_at IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("alarm", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lapsed_at", records.columns.UtcDateTime(), nullable=True))
        batch_op.create_index(
            "ix_alarm_few_lapsed_at",
            ["lapsed_at"],
            unique=False,
            sqlite_where=THERE,
            postgresql_where=THERE,
        )


def downgrade() -> None:
    with op.batch_alter_table("alarm", schema=None) as batch_op:
        batch_op.drop_index("ix_alarm_few_lapsed_at", sqlite_where=THERE, postgresql_where=THERE)
        batch_op.drop_column("lapsed_at")
