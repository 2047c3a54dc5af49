"""Drafts of diagrams."""

import sqlalchemy as sa
from alembic import op

import records.columns

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

IS_OPEN = sa.text("state IN ('editing', 'offered')")


def upgrade() -> None:
    op.create_table(
        "draft",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("diagram_key", sa.String(), nullable=False),
        sa.Column("base_number", sa.Integer(), nullable=False),
        sa.Column("bundle", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("begun_by", sa.String(), nullable=False),
        sa.Column("begun_at", records.columns.UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("changed_at", records.columns.UtcDateTime(), nullable=False),
        sa.Column("held_until", records.columns.UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("offered_by", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("settled_by", sa.String(), nullable=False),
        sa.Column("settled_at", records.columns.UtcDateTime(), nullable=True),
        sa.Column("version_number", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.create_index(
            "ix_draft_open",
            ["diagram_key"],
            unique=True,
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        )
        batch_op.create_index(batch_op.f("ix_draft_diagram_key"), ["diagram_key"], unique=False)


def downgrade() -> None:
    op.drop_table("draft")
