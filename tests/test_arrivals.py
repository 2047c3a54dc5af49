"""What listeners heard becomes receipts: under its source, all of it, in one go."""

from datetime import timedelta

from sqlmodel import col, select

from records import AlarmSource, Receipt
from tasks.network import arrivals
from tasks.network.arrivals import Heard, keep_all


def heard(n, source="routers", kind="syslog", at=None, refusal=None):
    return Heard(kind, source, b"<1>same", "text/plain", at, f"10.1.2.3:514 {n}", refusal)


def test_each_is_a_receipt_of_its_source_that_waits_to_be_read(session, now):
    source = AlarmSource(key="routers", name="路由器", kind="syslog", created_at=now)
    session.add(source)
    session.flush()
    assert keep_all(session, [heard(n, at=now) for n in range(500)]) == 500
    rows = session.exec(select(Receipt)).all()
    assert {(row.source_id, row.state, row.size) for row in rows} == {(source.id, "waiting", 7)}
    assert len({row.key for row in rows}) == 500 and rows[0].received_at == now


def test_nobodys_is_kept_for_somebody_to_look_at_and_replay(session, now):
    why = "不认识\0", "not known"
    told = [heard(1, "unknown-snmp", "snmp", now, why), heard(2, "routers", "syslog", now)]
    assert keep_all(session, told) == 0
    later = now + timedelta(seconds=1)
    keep_all(session, [heard(3, "unknown-snmp", "snmp", later, why)])
    keys = select(AlarmSource.key).order_by(col(AlarmSource.key))
    assert list(session.exec(keys)) == ["unknown-snmp", "unknown-syslog"]
    rows = session.exec(select(Receipt).order_by(col(Receipt.id))).all()
    assert [row.state for row in rows] == ["rejected"] * 3
    assert rows[0].error_zh == "不认识" and "No active source “routers”" in rows[1].error_en


def test_a_source_of_another_kind_does_not_get_it(session, now):
    session.add(AlarmSource(key="ems", name="ems", kind="snmp", created_at=now))
    assert keep_all(session, [heard(1, "ems", "syslog", now)]) == 0
    assert keep_all(session, []) == 0 and set(arrivals.UNKNOWN) == {"snmp", "syslog"}
