"""Whether a database has every migration. Asked by commands before they touch it."""

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from records.database import migration_settings


class NotMigrated(Exception):
    """The tables are not those of this code."""

    zh = "数据库尚未升级到当前版本。请先运行：python -m records migrate"
    en = "The database is not up to date. Run this first: python -m records migrate"

    def __str__(self) -> str:
        return self.en


def require_migrations(engine: Engine) -> None:
    """Raises NotMigrated unless the last migration is the last one applied."""
    with engine.connect().execution_options(readonly=True) as connection:
        applied = MigrationContext.configure(connection).get_current_revision()
        newest = ScriptDirectory.from_config(migration_settings(connection)).get_current_head()
    if applied != newest:
        raise NotMigrated
