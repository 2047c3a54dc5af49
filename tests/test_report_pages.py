"""Reports as pages: the overview whose marks are links, the lists behind it, and files."""

import csv
from datetime import timedelta
from io import StringIO

import pytest

from records import Clock, HandOff, Tally, Ticket
from tasks.timelines import hand_offs, open_work

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def lost(session, cast, now):
    """One ticket that is over, half an hour of which was a hand-off; and one that is late."""
    times = {"started_at": now, "opened_at": now}
    told = {"source": "customer", "customer_id": 1, "grade": "AAA", "title": "=SUM(1)"}
    over, late = (Ticket(**told, **times, state=state) for state in ("closed", "accepted"))
    session.add_all([over, late])
    session.flush()
    kinds = dict.fromkeys(("travel", "work", "wait_internal", "wait_customer", "verify"), 0)
    session.add(Tally(ticket_id=over.id, over_at=now, gross=3600, net=3600, queue=1800, **kinds))
    gap = {"kind": "queue", "started_at": now, "seconds": 1800.0, "group_key": "field"}
    session.add(HandOff(ticket_id=over.id, over_at=now, title="=现场 / =On site", **gap))
    due = {"started_at": now, "due_at": now, "breached_at": now}
    session.add(Clock(ticket_id=late.id, name="restore", kind="SLA", state="running", **due))
    session.commit()
    return late


def test_what_is_open_and_what_was_missed_are_counted(session, lost, now):
    assert open_work.open_by_grade(session) == {"AAA": 1, "AA": 0, "A": 0, "std": 0}
    day = timedelta(days=1)
    assert open_work.missed(session, now, now + day) == {"restore": 1}
    assert open_work.missed(session, now - day, now) == {}


def test_each_mark_of_the_overview_leads_to_its_list(as_, lost):
    mei = as_("mei")
    shown = mei.get("/reports", headers=ENGLISH).text
    assert "50 %" in shown and "Field crew" in shown
    assert 'href="/tickets?grade=AAA">1<' in shown
    place = "/reports/limits?open=&breached=true&name=restore"
    assert place.replace("&", "&amp;") in shown
    assert lost.number in mei.get(place).text
    assert "经营总览" in mei.get("/reports", headers={"Accept-Language": "zh"}).text


def test_lost_hours_come_as_a_page_and_as_a_file_without_formulas(as_, lost):
    mei = as_("mei")
    assert "On site" in mei.get("/reports/hand-offs?by=element&grade=", headers=ENGLISH).text
    answer = mei.get("/reports/hand-offs.csv?by=element")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    assert (rows[0]["zh"], rows[0]["count"], rows[0]["hours"]) == ("'=现场", "1", "0.5")


def test_days_that_cannot_be_are_said_to_be_wrong(as_, lost):
    mei = as_("mei")
    asked = mei.get("/reports/told-first?since=2026-03-12&until=2026-03-01", headers=ENGLISH)
    assert asked.status_code == 422 and "before the end" in asked.text
    assert mei.get("/reports?since=yesterday").status_code == 422


def test_a_nightly_report_is_shown_as_it_was_made(as_, session, lost, now):
    day = now.date()
    hand_offs.make_report(session, day, now)
    session.commit()
    mei = as_("mei")
    assert f"/reports/nightly/{day}" in mei.get("/reports/nightly").text
    assert "On site" in mei.get(f"/reports/nightly/{day}", headers=ENGLISH).text
    assert mei.get("/reports/nightly/1999-01-01").status_code == 404


def test_risks_and_told_first_have_pages(as_, lost):
    mei = as_("mei")
    assert mei.get("/reports/risks").status_code == 200
    assert "no circuit" in mei.get("/reports/told-first?by=product", headers=ENGLISH).text
    assert mei.get("/reports/told-first.csv").text.count("\n") == 3
