"""Views of the worklist that people saved, and what the worklist and its search need to be quick."""

import sqlalchemy as sa
from alembic import op

import records.columns

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

OPEN = "finished_at IS NULL"
WAITS = "finished_at IS NULL AND holder IS NULL"


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "savedview",
        sa.Column("id", big, nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("asked", records.columns.Json(), nullable=False),
        sa.Column("saved_at", records.columns.UtcDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("owner", "name"),
    )
    op.create_table(
        "viewshare",
        sa.Column("view_id", big, nullable=False),
        sa.Column("group_key", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["view_id"], ["savedview.id"]),
        sa.PrimaryKeyConstraint("view_id", "group_key"),
    )
    op.create_index("ix_viewshare_group_key", "viewshare", ["group_key"])
    op.create_table(
        "firstview",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("view_id", big, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["view_id"], ["savedview.id"]),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_index("ix_firstview_view_id", "firstview", ["view_id"])
    _index("ix_workorder_open", ["due_at", "id"], OPEN)
    _index("ix_workorder_waiting", ["group_key", "due_at", "id"], WAITS)
    op.create_index("ix_ticket_phone", "ticket", ["phone"])


def downgrade() -> None:
    op.drop_index("ix_ticket_phone", "ticket")
    op.drop_index("ix_workorder_waiting", "workorder")
    op.drop_index("ix_workorder_open", "workorder")
    op.drop_table("firstview")
    op.drop_table("viewshare")
    op.drop_table("savedview")


def _index(name: str, columns: list[str], where: str) -> None:
    there = sa.text(where)
    op.create_index(name, "workorder", columns, sqlite_where=there, postgresql_where=there)
