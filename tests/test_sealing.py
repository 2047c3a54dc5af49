"""Seals: what is sealed, and that whatever was done to history since is found."""

import pytest
from sqlalchemy import delete, text, update
from sqlmodel import Session, col, select

from records import Chain, Entry, Seal, history, sealing
from records.__main__ import main
from records.database import open_session
from workflows.seals import NotSettled, seal_history


def tell(engine, now, *subjects):
    with open_session(engine) as session:
        for subject in subjects:
            history.record(session, "looked", subject=subject, by="dora", at=now)


def broken(engine, **kept):
    with open_session(engine, readonly=True) as session:
        found = sealing.first_broken(session, **kept)
        return found and (found.id, found.reason)


@pytest.fixture
def sealed(engine, now):
    """Three seals, over runs 1 to 6."""
    for n in (1, 3, 5):
        tell(engine, now, f"run:{n}", f"run:{n}", f"run:{n + 1}")
        assert seal_history(engine, now) == 3
    return engine


def test_each_seal_is_over_what_came_since_the_one_before(sealed, now):
    assert seal_history(sealed, now) == 0
    tell(sealed, now, "run:1")
    assert seal_history(sealed, now) == 1
    with open_session(sealed, readonly=True) as session:
        seals = session.exec(select(Seal).order_by(Seal.id)).all()
        last = session.exec(select(Entry).order_by(col(Entry.id).desc())).first().id
    assert [(one.chains, one.entries) for one in seals] == [(2, 3)] * 3 + [(1, 1)]
    assert [one.previous for one in seals[1:]] == [one.hash for one in seals[:-1]]
    assert seals[-1].last_entry == last
    assert broken(sealed) is None and broken(sealed, kept=seals[1].hash) is None


THIRD, CHAIN = col(Entry.subject) == "run:3", col(Chain.subject) == "run:3"


@pytest.mark.parametrize(
    "harm, id, reason",
    [
        ([delete(Entry).where(THIRD), delete(Chain).where(CHAIN)], 2, "1 of 1 are there"),
        ([delete(Entry).where(THIRD, col(Entry.seq) == 2)], 2, "3 entries of 2 chains, but 2 of 2"),
        ([update(Entry).where(THIRD).values(hash="0" * 64)], 2, "written anew"),
        ([update(Entry).where(THIRD).values(subject="run:33")], 2, "written anew"),
        ([delete(Seal).where(col(Seal.id) == 2)], 3, "before it is missing"),
        ([update(Seal).where(col(Seal.id) == 2).values(entries=2)], 2, "itself was changed"),
    ],
)  # fmt: skip
def test_the_first_seal_that_does_not_hold_is_named(sealed, harm, id, reason):
    """A chain that is gone as a whole, and an end that was cut off with its chain put right."""
    with Session(sealed) as session, session.begin():
        for one in harm:
            session.execute(one.execution_options(synchronize_session=False))
    found = broken(sealed)
    assert found[0] == id and reason in found[1]


def test_seals_that_were_all_made_anew_lack_the_hash_that_was_kept(sealed, now):
    with open_session(sealed) as session:
        kept = sealing.last(session).hash
        session.execute(delete(Seal))
        session.execute(delete(Entry).where(THIRD))
    seal_history(sealed, now)
    assert broken(sealed) is None
    assert broken(sealed, kept=kept) == (0, "no seal has the hash that was kept")


def test_what_is_committed_late_with_a_low_id_is_waited_for(engine, now, monkeypatch):
    """On PostgreSQL; on SQLite nobody writes meanwhile."""
    if engine.dialect.name == "sqlite":
        pytest.skip("one writer at a time")
    monkeypatch.setattr("workflows.seals.PATIENCE", 0.1)
    with Session(engine) as slow, slow.begin():
        history.record(slow, "looked", subject="run:1", by="dora", at=now)
        history.write(slow)
        tell(engine, now, "run:2")
        with pytest.raises(NotSettled):
            seal_history(engine, now)
    assert seal_history(engine, now) == 2
    assert broken(engine) is None


def test_who_only_reads_keeps_no_seal_waiting(engine, now):
    tell(engine, now, "run:1")
    with open_session(engine, readonly=True) as reader:
        reader.execute(text("SELECT 1"))
        assert seal_history(engine, now) == 1


def test_of_two_that_seal_at_once_one_is_refused(sealed, now):
    tell(sealed, now, "run:9")
    with open_session(sealed) as session:
        told = sealing.last(session).model_dump(exclude={"id"})
    with pytest.raises(Exception, match=r"(?i)unique"), open_session(sealed) as session:
        session.add(Seal(**told))


def test_the_command_names_the_seal(sealed, now, capsys, monkeypatch):
    monkeypatch.setenv("BATON_DATABASE_URL", sealed.url.render_as_string(hide_password=False))
    assert main(["verify"]) == 0
    assert "6 chains, 9 entries, 3 seals: all hold." in capsys.readouterr().out
    assert main(["verify", "--seal", "ab"]) == 1
    with Session(sealed) as session, session.begin():
        session.execute(delete(Entry).where(THIRD))
        session.execute(delete(Chain).where(CHAIN))
    assert main(["verify"]) == 1
    assert "BROKEN seal 2" in capsys.readouterr().out
