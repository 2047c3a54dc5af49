import pytest
from sqlalchemy import delete, insert, update
from sqlmodel import Session, col, select

from records import Chain, Entry, history
from records.columns import UtcDateTime


def tell(session, now, *verbs, subject="run:1"):
    for verb in verbs:
        history.record(session, verb, subject=subject, by="dora", at=now, answer={"好": [1, 2.5]})


def test_entries_of_a_subject_form_a_chain(session, now):
    tell(session, now, "started", "claimed")
    session.commit()
    tell(session, now, "completed")
    session.commit()

    entries = session.exec(select(Entry).order_by(Entry.id)).all()
    assert [(e.seq, e.verb) for e in entries] == [(1, "started"), (2, "claimed"), (3, "completed")]
    assert session.get(Chain, "run:1").hash == entries[-1].hash
    assert list(history.breaks(session)) == []


def test_a_rollback_takes_its_entries_with_it(session, now):
    tell(session, now, "started")
    session.rollback()
    session.commit()

    assert session.exec(select(Entry)).all() == []


def test_a_savepoint_that_fails_takes_only_its_own_entries(session, now):
    tell(session, now, "started")
    with pytest.raises(RuntimeError), history.savepoint(session):
        tell(session, now, "claimed")
        raise RuntimeError
    session.commit()

    assert [e.verb for e in session.exec(select(Entry))] == ["started"]


@pytest.mark.parametrize(
    "harm, expected",
    [
        (update(Entry).where(col(Entry.seq) == 2).values(by="nobody"), (2, "was changed")),
        (update(Entry).where(col(Entry.seq) == 2).values(particulars={}), (2, "was changed")),
        (delete(Entry).where(col(Entry.seq) == 2), (2, "is missing")),
        (delete(Entry).where(col(Entry.seq) == 3), (3, "missing at the end")),
        (delete(Entry), (1, "every entry is missing")),
    ],
)
def test_verify_names_the_first_broken_entry(session, now, harm, expected):
    tell(session, now, "started", "claimed", "completed")
    tell(session, now, "opened", subject="ticket:1")
    session.commit()
    session.execute(
        harm.execution_options(synchronize_session=False).where(col(Entry.subject) == "run:1")
    )
    session.commit()

    [broken] = history.breaks(session)
    assert (broken.subject, broken.seq) == ("run:1", expected[0])
    assert expected[1] in broken.reason


def test_a_forged_last_entry_is_found(session, now):
    tell(session, now, "started")
    session.commit()
    row = session.exec(select(Entry)).one().model_dump(exclude={"id"})
    row |= {"seq": 2, "verb": "approved", "hash": history.digest(row["hash"], row)}
    session.execute(insert(Entry), [row])
    session.commit()

    assert [b.seq for b in history.breaks(session)] == [2]


def test_two_sessions_lengthen_one_chain_in_turn(engine, now):
    for by in ("dora", "liu") * 3:
        with Session(engine) as session, session.begin():
            history.record(session, "looked", subject="ticket:9", by=by, at=now)

    with Session(engine) as session:
        assert session.get(Chain, "ticket:9").seq == 6
        assert list(history.breaks(session)) == []


def test_a_time_without_a_zone_is_refused(now):
    with pytest.raises(ValueError, match="naive"):
        UtcDateTime().process_bind_param(now.replace(tzinfo=None), None)


def test_history_is_filtered_and_read_newest_first(as_):
    root = as_("root")
    as_("dora")
    told = root.get("/api/history").json()["items"]
    assert [entry["by"] for entry in told] == ["dora", "root"]
    assert told[0]["at"] == "2026-03-11T02:14:00Z"
    for query, many in {
        "subject=person:dora": 1, "by=root": 1, "verb=signed+out": 0,
        "since=2026-03-11T02:14:00Z": 2, "until=2026-03-11T02:14:00Z": 0,
    }.items():  # fmt: skip
        assert len(root.get(f"/api/history?{query}").json()["items"]) == many
    assert root.get("/api/history?since=2026-03-11T02:14:00").status_code == 422


def test_a_verification_names_what_was_changed(as_, session):
    root = as_("root")
    told = root.post("/api/history/verifications", json={}).json()
    assert told == {"chains": 1, "entries": 1, "breaks": []}
    session.execute(update(Entry).values(by="nobody"))
    session.commit()
    for subject in ("person:root", None):
        told = root.post("/api/history/verifications", json={"subject": subject}).json()
        assert told["breaks"] == [
            {"subject": "person:root", "seq": 1, "reason": "the entry was changed"}
        ]
    told = root.post("/api/history/verifications", json={"subject": "person:dora"}).json()
    assert told == {"chains": 0, "entries": 0, "breaks": []}
    assert as_("mei").post("/api/history/verifications", json={}).status_code == 403
