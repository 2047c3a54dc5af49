from concurrent.futures import ThreadPoolExecutor

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlmodel import SQLModel

from records import history
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


def test_many_threads_write_in_turn(engine, now):
    def write(n):
        with open_session(engine) as session:
            session.execute(text("SELECT 1"))  # nobody can come between this and the write
            history.record(session, "looked", subject="ticket:1", by="dora", at=now, n=n)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    with open_session(engine, readonly=True) as session:
        assert history.count(session) == (1, 40)
        assert list(history.breaks(session)) == []


def test_a_readonly_session_sees_one_moment(engine, now):
    with open_session(engine, readonly=True) as reader:
        assert history.count(reader) == (0, 0)
        with open_session(engine) as session:
            history.record(session, "looked", subject="ticket:1", by="dora", at=now)
        assert history.count(reader) == (0, 0)
