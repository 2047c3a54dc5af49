"""How well alarms became tickets, judged against the truth of storms."""

from datetime import timedelta

from sqlmodel import Session

from records import AlarmGroup, Ticket
from records.region.storms import Storm
from workflows.judging import Judge, judge, opened_again
from workflows.rehearsal import moments


def storm(number, *roots, expects="ticket"):
    return Storm(number, "cable cut", frozenset(roots), expects, 0.0, 600.0, [])


def open_for(session: Session, now, *root):
    told = {"opened_at": now, "raised_at": now, "last_at": now, "layer": 3, "cause": "LOS"}
    ticket = Ticket(source="alarm", title="光缆中断", started_at=now, opened_at=now)
    session.add(ticket)
    session.flush()
    kind, name = root
    session.add(
        AlarmGroup(
            root_kind=kind, root_object=name, ticket_id=ticket.id, severity="critical", **told
        )
    )
    session.flush()


def test_a_storm_is_found_once_and_every_other_ticket_is_wrong(session, now):
    cut, power, planned = ("section", "GL-1"), ("site", "HZ-1"), ("section", "GL-9")
    storms = [storm(0, cut), storm(1, power), storm(2, planned, expects="none")]
    for root in (cut, cut, planned):
        open_for(session, now, *root)
    verdict = judge(session, storms)
    assert [one.number for one in verdict.right.values()] == [0]
    assert [one.number for one in verdict.missed] == [1]
    assert (verdict.recall, round(verdict.precision, 2)) == (0.5, 0.33)
    assert opened_again(session) == 1


def test_what_nothing_tells_apart_is_right_in_either_way(session, now):
    open_for(session, now, "section", "GL-3")
    verdict = judge(session, [storm(0, ("device", "HZ-MDM-1"), ("section", "GL-3"))])
    assert (verdict.recall, verdict.precision) == (1.0, 1.0)


def test_a_root_counts_from_when_it_was_known_first(session, now):
    of, due = storm(0, ("site", "HZ-1")), now + timedelta(seconds=10)
    judging = Judge([of], {0: due})
    judging.look(session, due)
    assert judging.seconds(of, judging.known_at) is None
    open_for(session, now, "site", "HZ-1")
    for seconds in (3, 30):
        judging.look(session, due + timedelta(seconds=seconds))
    assert judging.seconds(of, judging.known_at) == 3
    assert judging.seconds(of, judging.opened_at) == 3


def test_time_is_looked_at_closely_while_a_storm_is_new(now):
    ends, storm = now + timedelta(minutes=20), now + timedelta(seconds=95)
    seconds = [(at - now).total_seconds() for at in moments(now, ends, [storm], quick=1, slow=10)]
    assert seconds[8:12] == [80, 90, 95, 96]
    assert seconds[-1] == 1_200 and len(seconds) < 180 + 110
