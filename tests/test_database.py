from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlmodel import SQLModel

from records.database import migrate, open_session


def test_the_migrations_make_exactly_the_tables_of_the_code(engine):
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    assert differences == []


def test_migrating_twice_changes_nothing(engine):
    migrate(engine)
    migrate(engine)


def test_a_readonly_session_does_not_wait_for_a_writer(engine):
    with open_session(engine), open_session(engine, readonly=True) as reader:
        assert reader.execute(text("SELECT count(*) FROM run")).scalar() == 0
