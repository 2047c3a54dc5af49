"""Deliveries: kept first, read afterwards, in order; what cannot be read stops nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import orjson
import pytest
from sqlmodel import col, select

from records import Alarm, AlarmSource, Entry, Receipt, Ticket
from records.database import open_session
from tasks.network import alarm_sources, receipts
from tasks.refusals import Invalid
from tests.asking import publish_fault
from workflows.alarms import open_tickets
from workflows.receipts import parse_receipts, watch_sources

LOST = {"alarmTitle": "R_LOS", "alarmStatus": 1, "neName": "HZ-1", "objectName": "GE1"}
LOST |= {"eventTime": "2026-03-11 10:14:00", "origSeverity": 1, "alarmId": "7"}
SECOND = timedelta(seconds=1)


@pytest.fixture
def omc(session, cast, now):
    told = {"name": "东区 OMC", "heartbeat_seconds": 60}
    source = alarm_sources.put(session, "omc-1", "omc", told, by=cast["mei"], now=now)
    session.commit()
    return source


@pytest.fixture
def deliver(engine, omc, now):
    """Keep what the OMC sends, read it; the rows that there are then."""

    def deliver(*bodies, at=now, **more):
        for body in bodies:
            with open_session(engine) as session:
                body = body if isinstance(body, bytes) else orjson.dumps(body)
                receipts.keep(session, omc, body, "application/json", at, **more)
        parse_receipts(engine, at + SECOND)
        return rows(engine, Alarm)

    return deliver


def rows(engine, table):
    with open_session(engine, readonly=True) as session:
        return session.exec(select(table).order_by(table.id)).all()


def source(engine):
    return rows(engine, AlarmSource)[0]


def test_a_delivery_is_kept_first_and_read_afterwards(engine, session, omc, now):
    receipt = receipts.keep(session, omc, orjson.dumps(LOST), "application/json", now)
    session.commit()
    assert (receipt.state, rows(engine, Alarm)) == ("waiting", [])
    assert (parse_receipts(engine, now + SECOND), parse_receipts(engine, now)) == (1, 0)
    [alarm], [read] = rows(engine, Alarm), rows(engine, Receipt)
    assert (alarm.device_id, alarm.cause, alarm.receipt_id) == (1, "lossOfSignal", receipt.id)
    assert (read.state, read.alarms, read.parsed_at) == ("parsed", 1, now + SECOND)
    seen = source(engine)
    assert (seen.receipts, seen.alarms, seen.last_seen_at, seen.lag_seconds) == (1, 1, now, 1.0)


def test_what_cannot_be_read_is_rejected_with_a_sentence_and_the_others_go_on(engine, deliver):
    deliver(LOST, b'{"alarmTitle": "R_L', LOST | {"alarmId": "8"}, "海".encode("gbk"))
    told = rows(engine, Receipt)
    assert [one.state for one in told] == ["parsed", "rejected", "parsed", "rejected"]
    assert "断了" in told[1].error_zh and "gbk" in told[3].error_en
    assert len(rows(engine, Alarm)) == 2 and source(engine).rejected == 2


def test_the_same_delivery_twice_is_one(engine, deliver, now):
    deliver(LOST, delivery="d-1")
    deliver(LOST, delivery="d-1", at=now + timedelta(hours=1))
    assert len(rows(engine, Receipt)) == 1
    [alarm] = deliver(LOST, LOST, at=now + timedelta(hours=2))  # without an id: no news
    assert (alarm.tally, alarm.last_at) == (1, now)


def test_down_up_down_in_one_second_is_down(deliver):
    down, up = LOST, LOST | {"alarmStatus": 0}
    [first, second] = deliver(down, up, down)
    assert first.cleared_at and second.cleared_at is None


def test_a_clear_that_comes_first_finds_its_raise_and_nothing_opens(engine, deliver, now):
    [over] = deliver(LOST | {"alarmStatus": 0, "eventTime": "2026-03-11 10:15:00"})
    assert (over.tally, over.act_at, over.cleared_at.minute) == (0, None, 15)
    [late] = deliver(LOST)
    assert (late.id, late.tally, late.raised_at, late.act_at) == (over.id, 1, now, None)
    assert open_tickets(engine, now + timedelta(hours=1)) == 0


def test_a_clear_that_is_older_than_the_alarm_does_not_end_it(deliver, now):
    deliver(LOST)
    first, late = deliver(LOST | {"alarmStatus": 0, "eventTime": "2026-03-11 10:10:00"})
    assert first.cleared_at is None and late.tally == 0


def test_replaying_everything_changes_no_alarm(engine, deliver, session, cast, now):
    end = {"alarmStatus": 0, "eventTime": "2026-03-11 10:15:00"}
    again = LOST | {"eventTime": "2026-03-11 10:16:00"}
    was = deliver(LOST, LOST | end, again, at=now + timedelta(minutes=5))
    for receipt in session.exec(select(Receipt)).all():
        receipts.replay(session, receipt, by=cast["dora"], now=now)
    session.commit()
    assert parse_receipts(engine, now + timedelta(minutes=6)) == 3
    assert [row.model_dump() for row in rows(engine, Alarm)] == [row.model_dump() for row in was]
    assert len(was) == 2


def test_a_number_that_is_missing_is_told_until_it_has_come(engine, deliver):
    deliver(*(LOST | {"alarmSeq": n, "alarmId": f"{n}"} for n in (5, 6, 9)))
    told = source(engine)
    assert (told.last_sequence, told.gaps, told.resync) == (9, {"sequence": [[7, 8]]}, "wanted")
    deliver(*(LOST | {"alarmSeq": n, "alarmId": f"{n}"} for n in (8, 7)))
    assert (source(engine).gaps, source(engine).resync) == ({}, "")


def test_a_replay_fills_gaps_and_makes_none(engine, deliver, session, cast, now):
    deliver(
        *(LOST | {"alarmSeq": n, "alarmId": f"{n}"} for n in (1, 2)), b"[", LOST | {"alarmSeq": 4}
    )
    assert source(engine).gaps == {"sequence": [[3, 3]]}
    for number, receipt in enumerate(session.exec(select(Receipt).order_by(Receipt.id)).all(), 1):
        body = orjson.dumps(LOST | {"alarmSeq": number})
        receipts.replay(session, receipt, corrected=body, by=cast["dora"], now=now)
    session.commit()
    assert parse_receipts(engine, now) == 4
    assert (source(engine).gaps, source(engine).last_sequence) == ({}, 4)


def test_the_skew_of_a_clock_is_the_median_of_what_it_tells(engine, deliver, now):
    ahead = LOST | {"eventTime": "2026-03-11 11:14:00"}
    [alarm] = deliver(ahead, at=now)
    assert alarm.raised_at == now and alarm.raw["told_at"] == "2026-03-11T03:14:00+00:00"
    assert source(engine).skew_seconds == -3_600.0


def test_a_thousand_alarms_in_one_delivery_of_ten_megabytes(engine, deliver):
    """And a few more than fit into one statement's batch."""
    text = "x" * 9_900
    many = [
        LOST | {"alarmId": f"{n}", "objectName": f"p{n}", "addInfo": text} for n in range(1_050)
    ]
    assert len(orjson.dumps(many)) > 10_000_000
    assert len(deliver(many)) == 1_050
    assert rows(engine, Receipt)[0].alarms == 1_050


def test_two_that_read_at_once_lose_nothing_and_take_nothing_twice(engine, session, omc, now):
    for n in range(60):  # each object down, up, down
        told = {"alarmId": f"{n % 20}", "alarmStatus": (1, 0, 1)[n // 20], "alarmSeq": n + 1}
        told["eventTime"] = f"2026-03-11 10:13:{n:02}"
        receipts.keep(session, omc, orjson.dumps(LOST | told), "", now)
    session.commit()
    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(lambda _: parse_receipts(engine, now + SECOND), range(4))) == 60
    alarms, seen = rows(engine, Alarm), source(engine)
    assert len(alarms) == 40 and sum(alarm.cleared_at is None for alarm in alarms) == 20
    assert (seen.receipts, seen.last_sequence, seen.gaps) == (60, 60, {})


def test_too_much_at_once_is_refused(session, omc, now):
    with pytest.raises(Invalid):
        receipts.keep(session, omc, b"x" * (receipts.LARGEST + 1), "", now)


def test_what_the_database_will_not_take_is_rejected_alone(engine, deliver, monkeypatch):
    settle = receipts.settle

    def fail(session, source, told, *, now):
        if any(b"poison" in receipt.body for receipt, _ in told):
            raise RuntimeError("poison")
        return settle(session, source, told, now=now)

    monkeypatch.setattr(receipts, "settle", fail)
    deliver(LOST, LOST | {"addInfo": "poison"}, LOST | {"alarmId": "9"})
    assert [one.state for one in rows(engine, Receipt)] == ["parsed", "rejected", "parsed"]


def test_a_silent_source_is_one_ticket_until_it_comes_back(engine, omc, deliver, session, now):
    publish_fault(session, now)
    deliver(b"")
    assert watch_sources(engine, now + timedelta(seconds=180)) == 0
    late = now + timedelta(seconds=181)
    assert (watch_sources(engine, late), watch_sources(engine, late)) == (1, 0)
    [ticket] = rows(engine, Ticket)
    assert (ticket.open_key, ticket.title) == ("source:omc-1", "告警源 东区 OMC 失联")
    assert (ticket.state, ticket.alarms, open_tickets(engine, late)) == ("dispatched", 1, 0)
    deliver(b"", at=late + SECOND)
    assert (watch_sources(engine, late + 2 * SECOND), watch_sources(engine, late)) == (1, 0)
    [alarm] = rows(engine, Alarm)
    assert alarm.ticket_id == ticket.id and alarm.cleared_at == late + 2 * SECOND
    verbs = select(Entry.verb).where(Entry.subject == "alarm source:omc-1")
    assert session.exec(verbs.order_by(col(Entry.seq))).all() == [
        "created",
        "fell silent",
        "came back",
    ]
