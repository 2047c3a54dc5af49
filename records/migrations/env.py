"""How Alembic finds the tables. Called through records.database.migrate, never by hand."""

from typing import Any, Literal

from alembic import context
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

import records  # noqa: F401  every table is known once the package is imported
from records.columns import Json, UtcDateTime


def render(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    if kind == "type" and isinstance(item, UtcDateTime | Json):
        autogen.imports.add("import records.columns")
        return f"records.columns.{type(item).__name__}()"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_item=render,
    render_as_batch=connection.dialect.name == "sqlite",
)
context.run_migrations()
