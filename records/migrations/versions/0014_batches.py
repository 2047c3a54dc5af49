"""Work orders that one thing was done to together, and how each of them answered."""

import sqlalchemy as sa
from alembic import op

import records.columns

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "batch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("told", records.columns.Json(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", records.columns.UtcDateTime(), nullable=False),
        sa.Column("results", records.columns.Json(), nullable=False),
        sa.Column("undone_at", records.columns.UtcDateTime(), nullable=True),
        sa.Column("undone", records.columns.Json(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_batch_by", "batch", ["by", "id"])


def downgrade() -> None:
    op.drop_table("batch")
