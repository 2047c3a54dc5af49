"""Indexes of what few rows have hold those alone: SQLite took them for lists of all the others."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

FINISHED, HAS_PHONE = sa.text("finished_at IS NOT NULL"), sa.text("phone <> ''")


def upgrade() -> None:
    _replace("workorder", "finished_at", sqlite_where=FINISHED, postgresql_where=FINISHED)
    _replace("ticket", "phone", sqlite_where=HAS_PHONE, postgresql_where=HAS_PHONE)


def downgrade() -> None:
    _replace("workorder", "finished_at")
    _replace("ticket", "phone")


def _replace(table: str, column: str, **where: Any) -> None:
    op.drop_index(f"ix_{table}_{column}", table)
    op.create_index(f"ix_{table}_{column}", table, [column], **where)
