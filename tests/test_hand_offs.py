"""Where hours are lost between people: ranked by the database as one would by hand."""

import math
import random
from datetime import date, timedelta

import pytest
from sqlmodel import select

from records import HandOff, Report, Tally, Ticket
from tasks.timelines import hand_offs
from tests.asking import refused, wrong_fields

WEEK = timedelta(days=7)
KINDS = ("queue", "travel", "work", "wait_internal", "wait_customer", "verify")


@pytest.fixture
def kept(session, now):
    """kept([(from, to, element, minutes), …]): one ticket that is over, with these hand-offs."""

    def kept(gaps, net=240, over_at=None, **told):
        at = over_at or now
        ticket = Ticket(source="alarm", title="t", started_at=at, opened_at=at, closed_at=at)
        session.add(ticket)
        session.flush()
        about = {"ticket_id": ticket.id, "over_at": at, **told}
        seconds = dict.fromkeys(KINDS, 0) | {"gross": net * 60, "net": net * 60}
        session.add(Tally(**about, **seconds))
        for from_group, to, element, minutes in gaps:
            names = {"from_group": from_group, "group_key": to, "element": element}
            person = told.get("person", "liu")
            gap = {"kind": "queue", "started_at": at, "seconds": minutes * 60, "person": person}
            session.add(HandOff(**about | names | gap, title=f"{element}的 / The {element}"))
        session.commit()
        return ticket

    return kept


def rank(session, now, **told):
    return hand_offs.rank(session, now - WEEK, now + WEEK, **told)


def test_pairs_are_ranked_by_their_hours(session, kept, now):
    first = kept([("noc", "field", "line", 30), ("", "crc", "call", 10)])
    kept([("noc", "field", "line", 90), ("noc", "field", "access", 10)])
    found = rank(session, now)
    assert (found.tickets, found.hand_offs, found.seconds) == (2, 4, 140 * 60)
    assert found.share == round(140 / 480, 4)
    top = found.ranks[0]
    assert top.key == {"from_group": "noc", "group_key": "field", "element": "line"}
    assert (top.count, top.seconds, top.median, top.p80) == (2, 7200, 1800, 5400)
    assert (top.share, top.share_of_time) == (round(120 / 140, 4), 0.25)
    assert [one["seconds"] for one in top.worst] == [5400, 1800]
    assert top.worst[1]["number"] == first.number


def test_ranks_are_as_counted_by_hand(session, kept, now):
    dice = random.Random(7)
    gaps = [(dice.choice("ab"), dice.choice("xy"), "e", dice.randint(1, 99)) for _ in range(60)]
    kept(gaps)
    for one in rank(session, now).ranks:
        pair = (one.key["from_group"], one.key["group_key"])
        minutes = sorted(gap[3] for gap in gaps if gap[:2] == pair)
        assert [one.count, one.seconds / 60] == [len(minutes), sum(minutes)]
        for share, seconds in (0.5, one.median), (0.8, one.p80):
            assert seconds / 60 == minutes[math.ceil(share * len(minutes)) - 1]
        assert [worst["seconds"] / 60 for worst in one.worst] == minutes[:-4:-1]


def test_only_what_was_asked_for_counts(session, kept, now):
    kept([("noc", "field", "line", 30)], grade="AAA", level="F2", city="海州")
    kept([("crc", "noc", "judge", 10)], grade="A", level="F3", city="东港")
    kept([("noc", "field", "line", 99)], over_at=now - 2 * WEEK)
    narrowed = [
        {"grade": "AAA"}, {"level": "F2"}, {"city": "海州"}, {"group": "field"},
        {"grade": "AAA", "city": "东港"},
    ]  # fmt: skip
    found = [rank(session, now, narrow=told).seconds / 60 for told in narrowed]
    assert found == [30, 30, 30, 30, 0]
    assert rank(session, now, narrow={"group": "noc"}).seconds == 40 * 60  # before or after
    by = [[*one.key.values()] for key in hand_offs.BY for one in rank(session, now, by=key).ranks]
    assert by == [["noc", "field", "line"], ["crc", "noc", "judge"], ["field"], ["noc"],
                  ["line"], ["judge"], ["liu"]]  # fmt: skip


def test_the_report_of_a_day_is_made_once_and_is_of_that_day_in_shanghai(session, kept, now):
    midnight = now.replace(hour=16, minute=0)  # UTC: the day after begins in Shanghai
    kept([("noc", "field", "line", 30)], over_at=midnight - timedelta(seconds=1))
    kept([("noc", "field", "line", 50)], over_at=midnight)
    day = date(2026, 3, 11)
    assert hand_offs.make_report(session, day, now) is not None
    assert hand_offs.make_report(session, day, now) is None
    session.commit()
    (report,) = session.exec(select(Report))
    assert '"seconds":1800.0' in report.content and '"seconds":3000.0' not in report.content


def test_the_door_ranks_them_and_shows_what_was_made(session, kept, now, as_):
    mei, liu = as_("mei"), as_("liu")
    kept([("noc", "field", "line", 30), ("", "crc", "call", 10)], grade="AAA")
    hand_offs.make_report(session, date(2026, 3, 11), now)
    session.commit()
    query = "from=2026-03-10T00:00:00Z&until=2026-03-12T00:00:00Z"
    told = mei.get(f"/api/reports/hand-offs?{query}").json()
    assert [one["zh"] for one in told["ranks"]] == [
        "监控中心 → 外线班组,line的",
        "受理 → 客户响应中心,call的",
    ]
    assert told["ranks"][0]["en"] == "NOC → Field crew at The line"
    names = [
        mei.get(f"/api/reports/hand-offs?{query}&by={by}").json()["ranks"][0]["en"]
        for by in ("group", "element", "person")
    ]
    assert names == ["Field crew", "The line", "liu"]
    (listed,) = liu.get("/api/reports?kind=hand-offs").json()["items"]
    report = liu.get(f"/api/reports/{listed['kind']}/{listed['period']}").json()
    assert report["content"]["pair"]["seconds"] == 2400


def test_the_door_refuses_what_is_no_period(cast, as_):
    mei = as_("mei")
    for query in (
        "from=2026-03-12T00:00:00Z&until=2026-03-11T00:00:00Z",
        "from=2001-01-01T00:00:00Z",
    ):
        assert wrong_fields(mei.get(f"/api/reports/hand-offs?{query}")) == ["from"]
    refused(mei.get("/api/reports/hand-offs/2026-03-10"), 404)
    refused(mei.get("/api/reports/hand-offs?by=colour"), 422)
