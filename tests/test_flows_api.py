"""What the API tells of flows and of seals, from our own tables."""

from datetime import timedelta

import pytest
from sqlmodel import select

from records import Clock, Entry, Seal, Ticket
from records.database import open_session
from tasks import shifts
from workflows.seals import seal_history

ME = {"host": "hz-1", "process": 7}


@pytest.fixture
def ran(engine, now):
    """Two shifts, one of them gone; a nightly flow that failed, and then did not."""
    with open_session(engine) as session:
        gone = shifts.check_in(session, "shift", now=now - timedelta(hours=1), **ME)
        live = shifts.check_in(session, "shift", now=now, flow_run="f-1", **ME)
        shifts.beat(session, live, now=now, done=40, failed=2, worst=0.7, error="bad row")
        told = ME | {"next_at": now + timedelta(hours=1)}
        for has_failed in (True, False):
            one = shifts.check_in(session, "seal history", now=now, **told)
            shifts.check_out(session, one, now=now, has_failed=has_failed)
        shifts.keep_lateness(session, {"fire clocks": [0.125, 0.25, 3.0]}, now=now)
    return gone, live


def test_flows_are_told_from_our_own_tables(as_, ran):
    told = as_("mei").get("/api/flows").json()
    nightly, shift = told["flows"]
    assert (shift["name"], shift["is_live"], shift["live"], shift["runs"]) == ("shift", True, 1, 2)
    assert (shift["done"], shift["failed"], shift["error"]) == (40, 2, "bad row")
    assert (nightly["name"], nightly["is_live"]) == ("seal history", False)
    assert (nightly["failed_runs"], nightly["last_has_failed"]) == (1, False)
    assert nightly["next_at"] == "2026-03-11T03:14:00Z"
    assert told["jobs"] == [
        {"job": "fire clocks", "rows": 3, "median_seconds": 0.25, "p99_seconds": 3.0}
        | {"worst_seconds": 3.0}
    ]


def test_the_runs_of_a_flow_are_listed_newest_first(as_, ran):
    mei = as_("mei")
    newest, oldest = mei.get("/api/flows/shift").json()["items"]
    assert (newest["flow_run"], newest["is_live"], oldest["is_live"]) == ("f-1", True, False)
    assert mei.get("/api/flows/seal%20history?limit=1").json()["next"]
    assert mei.get("/api/flows/nothing").status_code == 404


def test_health_says_whether_the_time_runs(client, session, ran, cast, now):
    ticket = Ticket(number="FT-1", title="", grade="AAA", impact="outage", source="customer",
                    started_at=now, opened_at=now)  # fmt: skip
    session.add(ticket)
    session.flush()
    clock = {"name": "restore", "kind": "SLA", "state": "running", "started_at": now}
    session.add(Clock(ticket_id=ticket.id, next_at=now - timedelta(seconds=90), **clock))
    session.commit()
    health = client.get("/api/health").json()
    assert (health["shifts"], health["clocks_late_seconds"]) == (1, 90)


def test_an_auditor_reads_the_seals_and_has_them_computed_again(as_, engine, session, now):
    root = as_("root")
    seal_history(engine, now)
    [seal] = root.get("/api/seals").json()["items"]
    assert seal["entries"] == 1 and seal["hash"] == session.exec(select(Seal)).one().hash
    told = root.post("/api/seals/verifications", json={"hash": seal["hash"]}).json()
    assert told == {"seals": 1, "broken": None}
    session.delete(session.exec(select(Entry)).one())
    session.commit()
    told = root.post("/api/seals/verifications", json={}).json()
    assert told["broken"]["id"] == seal["id"]
    assert as_("dora").get("/api/seals").status_code == 403
