"""Where the time of a ticket goes: one kind for every second, whatever happens to it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.sla.clocks import read
from tasks.states import STATES
from tasks.timelines.segments import KINDS, NO_ORDER, cut, net, segments_of, total
from tasks.timelines.spells import Order
from tests.clock_stories import CALENDARS, DEFINITIONS

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
JUDGE = Order(1, 1, 11, "judge", "预判 / Judge", "judge")
LINE = Order(2, 1, 12, "line_on_site", "线路现场 / Line, on site", "repair")
ACCESS = Order(3, 1, 13, "access_on_site", stage="repair")
TEST = Order(4, 1, 14, "restore_test", stage="restore_test", segment="verify")
ORDERS = (JUDGE, LINE, ACCESS, TEST)
GROUPS = {JUDGE: "noc", LINE: "field", ACCESS: "field", TEST: "crc"}


def at(minute):
    return NOON + timedelta(minutes=minute)


def ticket(minute, verb, state=None, by="dora", **told):
    told |= {"is": state} if state else {}
    return SimpleNamespace(subject="ticket:7", at=at(minute), by=by, verb=verb, particulars=told)


def opened(minute, *orders, by="dora"):
    told = [{"step_id": one.step_id, "group_key": GROUPS[one]} for one in orders]
    return run(minute, "opened", by, orders=told)


def order(minute, one, verb, state=None, by="liu", **told):
    told |= {"is": state} if state else {}
    return run(minute, verb, by, work_order=one.id, **told)


def run(minute, verb, by, **told):
    return SimpleNamespace(subject="run:1", at=at(minute), by=by, verb=verb, particulars=told)


def bar(entries, until=60, orders=ORDERS):
    """kind, minutes: as a bar shows it."""
    found = segments_of(entries, orders, at(until))
    return [(one.kind, one.length / timedelta(minutes=1)) for one in found]


BEGIN = [ticket(0, "opened"), ticket(0, "accepted", "accepted")]


def test_one_order_waits_travels_and_is_worked_on():
    found = bar(
        [
            *BEGIN,
            opened(0, LINE),
            order(10, LINE, "accepted", "accepted"),
            order(12, LINE, "set out", "en_route"),
            order(40, LINE, "arrived", "on_site"),
            order(45, LINE, "waiting internal", "waiting_internal", reason="spare"),
            order(55, LINE, "resumed", "on_site"),
        ]
    )
    kinds = ["queue", "work", "travel", "work", "wait_internal", "work"]
    assert found == list(zip(kinds, [10, 2, 28, 5, 10, 5], strict=True))


def test_the_most_active_of_two_orders_counts():
    found = bar(
        [
            *BEGIN,
            opened(0, LINE, ACCESS),
            order(5, LINE, "set out", "en_route"),
            order(15, ACCESS, "accepted", "accepted"),
            order(30, ACCESS, "suspended", "suspended"),
            order(40, LINE, "waiting internal", "waiting_internal"),
            order(50, LINE, "completed", "closed"),
        ]
    )
    assert found == [
        ("queue", 5),
        ("travel", 10),
        ("work", 15),
        ("travel", 10),
        ("wait_internal", 10),
        ("wait_customer", 10),
    ]


def test_a_suspended_ticket_stands_still_and_a_suspended_order_does_not():
    entries = [
        *BEGIN,
        opened(0, LINE),
        order(10, LINE, "suspended", "suspended", reason="no_access"),
        ticket(30, "suspended", "suspended", reason="customer_power"),
        ticket(50, "resumed", "accepted"),
        order(50, LINE, "resumed", "dispatched"),
    ]
    stretches = segments_of(entries, ORDERS, at(60))
    assert [(one.kind, one.reason) for one in stretches[1:3]] == [
        ("wait_customer", "no_access"),
        ("wait_customer", "customer_power"),
    ]
    assert total(stretches) == timedelta(hours=1) and net(stretches) == timedelta(minutes=40)


def test_a_stop_that_was_granted_afterwards_counts_from_when_it_began():
    entries = [
        *BEGIN,
        opened(0, LINE),
        order(5, LINE, "accepted", "accepted"),
        ticket(50, "suspended afterwards", since=at(10).isoformat(), until=at(20).isoformat()),
        ticket(50, "suspended", "suspended", since=at(40).isoformat()),
    ]
    found = [("queue", 5), ("work", 5), ("wait_customer", 10), ("work", 20), ("wait_customer", 20)]
    assert bar(entries, 60) == found


def test_an_entry_counts_no_later_than_its_successor():
    entries = [*BEGIN, ticket(30, "suspended", "suspended"), ticket(20, "resumed", "accepted")]
    assert bar(entries) == [("wait_internal", 60)]


def test_after_the_restore_all_is_verifying_and_the_instant_cuts_the_bar():
    entries = [
        *BEGIN,
        opened(0, TEST),
        order(10, TEST, "accepted", "accepted", by="ada"),
        ticket(30, "restored", "restored", restored_at=at(20).isoformat()),
        order(30, TEST, "completed", "closed", by="ada"),
        ticket(50, "closed", "closed"),
    ]
    found = segments_of(entries, ORDERS, at(90))
    assert [(one.kind, one.after_restore) for one in found] == [
        ("queue", False),
        ("verify", False),  # as the diagram says of the test
        ("verify", True),
        ("verify", True),  # and no order is open
    ]
    assert found[-1].ended_at == at(50)


def test_what_waits_names_whom_it_came_from_and_who_took_it():
    entries = [
        *BEGIN,
        opened(0, JUDGE),
        order(1, JUDGE, "accepted", "accepted", by="nora"),
        order(5, JUDGE, "completed", "closed", by="nora"),
        opened(5, LINE, by="nora"),
        order(15, LINE, "claimed"),
        order(20, LINE, "reassigned", "dispatched", "dora", to=None, to_group="line"),
        order(25, LINE, "accepted", "accepted", by="nora"),
        order(30, LINE, "released", "dispatched", by="nora"),
    ]
    waits = [one for one in segments_of(entries, ORDERS, at(40)) if one.kind == "queue"]
    names = ("from_group", "from_person", "from_element", "group", "person", "taken_by")
    assert [tuple(getattr(one, name) for name in names) for one in waits[1:]] == [
        ("noc", "nora", "judge", "field", "", ""),
        ("noc", "nora", "judge", "field", "liu", ""),
        ("field", "liu", "line_on_site", "line", "", "nora"),
        ("line", "nora", "line_on_site", "line", "", ""),
    ]


def test_an_order_that_was_called_off_ends_with_its_row():
    called_off = Order(2, 1, 12, "line_on_site", finished_at=at(20))
    entries = [*BEGIN, opened(0, LINE), order(10, LINE, "accepted", "accepted")]
    assert bar(entries, 30, [called_off]) == [("queue", 10), ("work", 10), ("wait_internal", 10)]


def test_without_an_order_a_ticket_waits_for_us():
    entries = [ticket(0, "opened"), ticket(10, "accepted", "accepted")]
    found = segments_of(entries, (), at(20))
    assert [(one.kind, one.reason) for one in found] == [
        ("queue", NO_ORDER),
        ("wait_internal", NO_ORDER),
    ]


def test_a_ticket_of_no_time_has_one_stretch():
    (only,) = segments_of([ticket(0, "opened"), ticket(0, "closed", "closed")], (), at(9))
    assert only.started_at == only.ended_at == at(0)


# Laws

STATES_OF_ORDERS = st.sampled_from([*STATES, "unheard of"])
VERBS = ["claimed", "accepted", "released", "returned", "suspended", "waiting internal",
         "resumed", "replied", "completed", "draft saved", "chased"]  # fmt: skip


@st.composite
def histories(draw):
    """Whatever may have been written, in any order, possible or not."""
    minutes = st.integers(-5, 100)
    entries = [ticket(0, "opened")]
    for minute in draw(st.lists(minutes, max_size=12)):
        state = draw(st.sampled_from([*STATES, None]))
        back = {key: at(draw(minutes)).isoformat() for key in ("restored_at", "since", "until")}
        verb = draw(st.sampled_from(["restored", "reopened", "suspended afterwards", "limit set"]))
        entries.append(ticket(minute, verb, state, **back))
    for minute in draw(st.lists(minutes, max_size=20)):
        one, verb = draw(st.sampled_from(ORDERS)), draw(st.sampled_from(VERBS))
        if draw(st.booleans()):
            entries.append(opened(minute, one))
        entries.append(order(minute, one, verb, draw(STATES_OF_ORDERS)))
    return entries[:1] + draw(st.permutations(entries[1:]))


@settings(max_examples=60, deadline=None)
@given(histories(), st.integers(0, 120), st.integers(0, 120))
def test_stretches_always_add_up_to_all_of_the_time(entries, until, begin):
    found = segments_of(entries, ORDERS, at(until))
    assert all(one.kind in KINDS for one in found)
    assert all(left.ended_at == right.started_at for left, right in pairwise(found))
    assert total(found) == found[-1].ended_at - at(0) and net(found) <= total(found)
    rest = cut(found, at(begin))
    assert total(rest) == max(found[-1].ended_at - max(at(begin), at(0)), timedelta())


@settings(max_examples=40, deadline=None)
@given(histories(), st.integers(0, 120), st.integers(0, 120))
def test_what_was_shown_at_an_earlier_time_is_still_so_later(entries, sooner, later):
    """Only what came afterwards is new, but for what is noted later than it was so."""
    entries = sorted(entries, key=lambda entry: entry.at)
    sooner, later = sorted((sooner, later))
    calm = [entry for entry in entries if entry.verb not in ("restored", "suspended afterwards")]
    known = [entry for entry in calm if entry.at <= at(sooner)]
    shown = [(one.kind, one.started_at) for one in segments_of(known, ORDERS, at(sooner))]
    now = [(one.kind, one.started_at) for one in segments_of(calm, ORDERS, at(later))]
    assert now[: len(shown) - 1] == shown[:-1]


# Held against the clocks, which read the same history in their own way


@st.composite
def lives(draw):
    """What may happen to a ticket in truth, in order."""
    entries = [ticket(0, "opened"), ticket(0, "limit set", "dispatched", limit={"restore": 30})]
    state, minute, begun = "dispatched", 0, 0
    for step in draw(st.lists(st.integers(0, 20), max_size=10)):
        minute += step
        verb, next_state = draw(st.sampled_from(LIFE[state]))
        begun = minute if verb == "reopened" else begun
        back_at = at(max(minute - draw(st.integers(0, 9)), begun))
        told = {"restored_at": back_at.isoformat()}
        entries.append(ticket(minute, verb, next_state, **(told if verb == "restored" else {})))
        state = next_state
    return entries


LIFE = {
    "dispatched": [("accepted", "accepted"), ("suspended", "suspended")],
    "accepted": [("suspended", "suspended"), ("restored", "restored")],
    "suspended": [("suspended", "suspended"), ("resumed", "accepted")],
    "restored": [("reopened", "accepted"), ("called back", "called_back")],
    "called_back": [("closed", "closed"), ("reopened", "accepted")],
    "closed": [("alarm added", "closed")],
}


@settings(max_examples=100, deadline=None)
@given(lives(), st.integers(0, 200))
def test_net_time_to_restore_is_what_the_restore_clock_measures(entries, more):
    until = entries[-1].at + timedelta(minutes=more)
    found = segments_of(entries, ORDERS, until)
    clock = read(DEFINITIONS["restore"], entries, CALENDARS, until)
    seconds = net(one for one in found if not one.after_restore).total_seconds()
    assert clock.elapsed_seconds == seconds
