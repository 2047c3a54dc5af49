"""Statements that are compiled once."""

from sqlmodel import Session, select

from records import Group
from records.prepared import Prepared


def test_one_row_or_many_are_written_by_statements_that_are_compiled_once(session: Session):
    made = []

    def make(dialect):
        made.append(dialect)
        return dialect.insert(Group).on_conflict_do_nothing(index_elements=["key"])

    add = Prepared(make)
    for keys in (["a"], ["a", "b"], ["c"], ["c", "d"]):
        add.run(session.connection(), [{"key": key, "name": key} for key in keys])
    assert set(session.exec(select(Group.key))) == {"a", "b", "c", "d"}
    assert len(made) == 2
