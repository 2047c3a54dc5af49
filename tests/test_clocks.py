"""Clocks: what each makes of a history. The laws that hold for any history: test_clock_laws.py."""

from pathlib import Path
from time import thread_time

import pytest

from tests.clock_stories import (
    DEFINITIONS,
    LADDER,
    at,
    fired,
    limits,
    minute,
    opened,
    reading,
    stop,
    told,
)

END = 10_000  # a minute when all is over


def due(name, entries, now=END):
    return minute(reading(name, entries, now).due_at)


def test_a_clock_runs_from_its_start_to_its_limit():
    found = reading("restore", opened(), 60)
    assert (found.state, minute(found.started_at), minute(found.due_at)) == ("running", 0, 240)
    assert (found.elapsed_seconds, found.remaining_seconds) == (3600, 180 * 60)
    assert minute(found.next_at) == 120  # half of it


def test_it_is_met_in_time_and_missed_after():
    for restored, state in ((240, "met"), (241, "missed")):
        found = reading("restore", [*opened(), told(restored, "restored")], END)
        assert (found.state, minute(found.ended_at)) == (state, restored)
        assert minute(found.breached_at) == (None if state == "met" else 240)


def test_a_pause_puts_off_the_limit_and_takes_its_time_out():
    found = reading("restore", [*opened(), *stop(60, 95)], 100)
    assert (minute(found.due_at), found.elapsed_seconds) == (275, 65 * 60)
    assert [(minute(p.started_at), minute(p.ended_at)) for p in found.pauses] == [(60, 95)]


def test_while_it_is_paused_nothing_is_due():
    found = reading("restore", [*opened(), *stop(60, None)], 1_000)
    assert (found.state, found.due_at, found.next_at, found.breached_at) == ("paused", *[None] * 3)
    assert found.elapsed_seconds == 60 * 60


PAUSES = {  # entries, and how many minutes they come to
    "one after the other": ([*stop(10, 20), *stop(30, 40)], 20),
    "one within another, told afterwards": (
        [*stop(10, 40), told(50, "suspended afterwards", since="m20", until="m30")],
        30,
    ),
    "one that overlaps another": (
        [*stop(10, 40), told(90, "suspended afterwards", since="m30", until="m60")],
        50,
    ),
    "lengthened while it lasts": ([told(10, "suspended"), *stop(20, 40)], 30),
    "afterwards, beyond when it was told": (
        [told(50, "suspended afterwards", since="m40", until="m90")],
        10,
    ),
    "before there was a ticket": ([told(50, "suspended afterwards", since="m-90", until="m5")], 5),
    "resumed before it was suspended": ([told(5, "resumed"), *stop(10, 20)], 10),
    "resumed twice": ([*stop(10, 20), told(30, "resumed")], 10),
    "since an earlier time": ([told(20, "suspended", since="m12"), told(30, "resumed")], 18),
    "since a time yet to come": ([told(20, "suspended", since="m25"), told(30, "resumed")], 10),
    "since nonsense": ([told(20, "suspended", since="noon"), told(30, "resumed")], 10),
    "without a length": (stop(20, 20), 0),
}


@pytest.mark.parametrize("entries, minutes", PAUSES.values(), ids=PAUSES)
def test_pauses_count_once_however_they_lie(entries, minutes):
    assert due("restore", [*opened(), *(in_minutes(each) for each in entries)]) == 240 + minutes


def in_minutes(entry):
    """ "m20" stands for the instant of that minute."""
    for name, value in entry.particulars.items():
        if name in ("since", "until") and str(value).startswith("m"):
            entry.particulars[name] = at(int(value[1:])).isoformat()
    return entry


def test_a_regrade_counts_from_the_same_start_and_keeps_the_pauses():
    entries = [*opened(), *stop(60, 95), limits(100, restore=120)]
    assert due("restore", entries) == 155


def test_a_limit_that_is_taken_away_takes_its_clock_along():
    entries = [*opened(), limits(20, progress_every=None)]
    assert reading("progress", entries, 100).state == "cancelled"
    assert reading("progress", opened(progress_every=None), 100) is None


@pytest.mark.parametrize("wrong", [0, -5, "240", True, 10**9, [240]])
def test_what_is_no_limit_starts_no_clock_and_breaks_nothing(wrong):
    assert reading("restore", opened(restore=wrong), 100) is None
    assert due("accept", opened(restore=wrong)) == 15


def test_entries_out_of_order_and_in_the_future_are_put_right():
    entries = [*opened(), told(70, "suspended"), told(65, "resumed")]  # a clock was set back
    assert due("restore", entries) == 240
    entries = [*opened(), told(900, "suspended"), told(65, "resumed")]
    assert due("restore", entries) == 240
    entries = [*opened(), told(900, "suspended")]
    assert reading("restore", entries, 60).elapsed_seconds == 3600  # and not in the future


def test_the_service_is_back_since_when_it_was_said_to_be():
    back = told(250, "restored", restored_at=at(200).isoformat())
    found = reading("restore", [*opened(), fired(240, "restore", "100%"), back], END)
    assert (found.state, minute(found.ended_at), found.breached_at) == ("met", 200, None)
    assert minute(found.next_at) is None


def test_a_reopened_ticket_was_never_restored_and_is_judged_anew():
    entries = [*opened(), told(5, "accepted"), told(10, "judged"), told(90, "repaired")]
    entries += [told(100, "restored"), told(160, "reopened")]
    assert (reading("restore", entries, 170).state, due("restore", entries)) == ("running", 240)
    judge = reading("judge", entries, 170)
    assert (judge.cycle, minute(judge.due_at), judge.before[0].state) == (2, 175, "met")
    assert [reading(name, entries, 170).state for name in ("repair", "callback")] == ["met"] * 2
    again = [*entries, told(170, "judged")]
    assert (reading("repair", again, 180).cycle, due("repair", again)) == (2, 350)


def test_each_stage_has_its_budget():
    entries = [*opened(), told(5, "accepted"), told(12, "judged"), told(100, "repaired")]
    entries += [told(110, "restored"), told(130, "called back")]
    spans = {"accept": (0, 5), "judge": (5, 12), "repair": (12, 100), "restore_test": (100, 110)}
    spans |= {"callback": (110, 130), "restore": (0, 110)}
    for name, span in spans.items():
        found = reading(name, entries, END)
        assert (minute(found.started_at), minute(found.ended_at)) == span
        assert found.state == "met"


def test_travel_is_allowed_for_and_shown_on_its_own():
    found = reading("restore", opened(travel=60), 10)
    assert (minute(found.due_at), found.allowances) == (300, {"travel": 3600})
    assert any("路程" in line["zh"] for line in found.arithmetic)


def test_a_postponement_lengthens_the_limit_and_a_later_pause_adds_to_it():
    entries = [*opened(), told(100, "postponed", minutes=30, reason="x")]
    assert due("restore", entries) == 270
    entries += [told(110, "postponed", until=at(400).isoformat(), reason="x"), *stop(120, 150)]
    assert due("restore", entries) == 430
    assert due("accept", entries) == 15
    wrong = [told(100, "postponed", minutes=-30), told(100, "postponed", until="never")]
    assert due("restore", [*opened(), *wrong]) == 240


def test_a_report_is_due_in_working_days_if_it_lasted_long():
    for restored, deadline in ((170, None), (190, "2026-03-12T10:00:00+00:00")):
        found = reading("report", [*opened(), told(restored, "restored")], END)
        assert (found and found.due_at.isoformat()) == deadline
    friday = [*opened(), told(190 + 2 * 24 * 60, "restored")]
    assert reading("report", friday, END).due_at.isoformat() == "2026-03-16T10:00:00+00:00"
    sent = [*friday, told(7_000, "report sent")]
    assert reading("report", sent, END).state == "met"


def test_a_consultation_counts_in_office_hours():
    late = opened(restore=480, calendar="office")
    assert reading("restore", late, 10).due_at.isoformat() == "2026-03-12T02:14:00+00:00"


def test_a_calendar_that_is_not_there_any_more_is_around_the_clock():
    assert due("restore", opened(calendar="gone")) == 240


def test_a_partner_has_a_clock_while_a_ticket_waits_for_them():
    assert reading("other_operator", [*opened(), *stop(10, 50)], 60) is None
    found = reading("other_operator", [*opened(), *stop(10, None, "other_operator")], 60)
    assert (found.kind, found.state, minute(found.due_at)) == ("UC", "running", 130)
    twice = [*opened(), *stop(10, 50, "other_operator"), *stop(60, 260, "other_operator")]
    found = reading("other_operator", twice, END)
    assert (found.cycle, found.state, found.before[0].state) == (2, "missed", "met")


def test_a_child_keeps_the_clocks_of_its_customer_and_drops_those_of_ours():
    entries = [
        *opened(),
        told(5, "accepted"),
        told(9, "merged"),
        told(20, "suspended with its parent"),
    ]
    entries += [told(50, "resumed with its parent")]
    assert reading("judge", entries, 60).state == "cancelled"
    assert (reading("restore", entries, 60).state, due("restore", entries)) == ("running", 270)
    over = [*entries, told(100, "restored with its parent"), told(150, "closed with its parent")]
    assert {reading(name, over, END).state for name in ("restore", "first_feedback")} == {
        "met",
        "missed",
    }


def test_progress_told_begins_the_next_stretch():
    found = reading(
        "progress", [*opened(), told(50, "progress told"), told(80, "customer told")], 90
    )
    assert (found.cycle, minute(found.started_at), minute(found.due_at)) == (3, 80, 140)
    assert [cycle.state for cycle in found.before] == ["met", "met"]


def test_an_overdue_repeating_clock_is_told_once_and_goes_on_from_there():
    late = reading("progress", opened(), 500)  # nobody looked for eight hours
    assert (late.cycle, minute(late.next_at), minute(late.breached_at)) == (1, 60, 60)
    found = reading("progress", [*opened(), fired(500, "progress", "100%")], 501)
    assert (found.cycle, minute(found.started_at), minute(found.next_at)) == (2, 480, 540)
    assert (found.before[0].state, minute(found.before[0].breached_at)) == ("missed", 60)


def test_rungs_are_due_in_order_and_those_that_were_told_are_not_due_again():
    rungs = reading("restore", opened(), 10).rungs
    assert [(r.number, r.at, minute(r.instant)) for r in rungs] == [
        (1, "50%", 120),
        (2, "75%", 180),
        (3, "100%", 240),
        (4, "PT2H", 360),
    ]
    found = reading("restore", [*opened(), fired(121, "restore", "50%", "duty_lead")], 130)
    assert [(r.number, r.at, r.fired_at is None) for r in found.rungs][:2] == [
        (1, "50%", False),
        (2, "75%", True),
    ]
    assert minute(found.next_at) == 180


def test_a_limit_without_a_ladder_is_still_looked_at():
    found = reading("restore", opened(ladder=[]), 10)
    assert [(r.at, r.to, minute(r.instant)) for r in found.rungs] == [("100%", "", 240)]


def test_a_miss_that_nobody_saw_is_told_even_after_the_end():
    found = reading("restore", [*opened(), told(300, "restored")], 301)
    assert (found.state, minute(found.next_at)) == ("missed", 240)
    told_now = [*opened(), told(300, "restored"), fired(301, "restore", "100%", "director")]
    assert reading("restore", told_now, 302).next_at is None


def test_another_ladder_tells_nobody_twice():
    entries = [*opened(), fired(120, "restore", "50%", "duty_lead")]
    other = [{"clock": "restore", "at": "50%", "to": "city_head", "action": ""}, *LADDER[:2]]
    found = reading("restore", [*entries, limits(130, other, restore=200)], 131)
    assert [(r.number, r.at, r.to, minute(r.instant)) for r in found.rungs][1:] == [
        (2, "50%", "city_head", 100),
        (3, "75%", "city_head", 150),
        (4, "100%", "", 200),
    ]


def test_a_limit_that_was_lengthened_after_it_was_missed_may_be_missed_again():
    entries = [*opened(), fired(240, "restore", "100%", "director"), limits(250, restore=480)]
    found = reading("restore", entries, 260)
    assert (found.breached_at, minute(found.rungs[-1].instant)) == (None, 600)
    assert "100%" in [r.at for r in found.rungs if not r.fired_at and minute(r.instant) == 480]


def test_a_reading_explains_itself_in_both_languages():
    entries = [*opened(travel=30), *stop(60, 95), told(100, "postponed", minutes=15, reason="路阻")]
    lines = reading("restore", entries, 120).arithmetic
    assert all(line["zh"] and line["en"] for line in lines)
    assert [line["en"] for line in lines][2:] == [
        "+ 240 min by calendar 24x7 (version 1)",
        "+ 30 min allowance for travel",
        "+ postponed 0:15 (on 2026-03-11 11:54: 路阻)",
        "+ suspended 0:35 (2026-03-11 11:14 to 2026-03-11 11:49, no_access)",
        "= due 2026-03-11 15:34",
    ]


def test_a_service_that_was_back_before_anybody_called_took_no_time():
    restored = told(30, "restored", restored_at=at(-20).isoformat())
    found = reading("restore", [*opened(), restored], 500)
    assert (found.state, minute(found.ended_at), found.elapsed_seconds) == ("met", 0, 0)
    again = [
        *opened(),
        restored,
        told(40, "reopened"),
        told(90, "restored", restored_at=at(-9).isoformat()),
    ]
    found = reading("restore", again, 500)
    assert (found.cycle, minute(found.ended_at), found.elapsed_seconds) == (1, 40, 40 * 60)


def test_an_explanation_names_reasons_and_verbs_as_people_do():
    names = {"no_access": {"zh": "客户不让进场", "en": "No access to the site"}}
    entries = [*opened(), *stop(60, 95), *stop(96, 97, reason="gone"), told(100, "restored")]
    found = reading("restore", entries, 120, names).arithmetic
    zh, en = ([line[language] for line in found] for language in ("zh", "en"))
    assert zh[1] == "第 1 次,2026-03-11 10:14 起算(开单)"
    assert zh[3].endswith("客户不让进场)") and en[3].endswith("No access to the site)")
    assert zh[4].endswith("gone)")  # no longer in the policy
    assert (zh[-1], en[-1]) == (
        "2026-03-11 11:54 停止,剩余 2:56",
        "stopped 2026-03-11 11:54, 2:56 left",
    )


@pytest.mark.parametrize("later", [stop(30, 60), stop(30, None)])
def test_what_is_suspended_after_a_clock_stopped_changes_nothing_of_it(later):
    found = reading("accept", [*opened(), told(5, "accepted"), *later], 90)
    assert (found.state, minute(found.due_at)) == ("met", 15)
    assert found.arithmetic[-2]["en"] == "= due 2026-03-11 10:29"


def test_a_clock_of_a_thousand_cycles_is_read_at_once():
    entries = [*opened(), *(told(n, "progress told") for n in range(1, 1_000))]
    began = thread_time()
    found = reading("progress", entries, 1_001)
    assert (found.cycle, len(found.before)) == (1_000, 999)
    assert thread_time() - began < 2  # it took 18 seconds


def test_beyond_its_calendar_a_clock_goes_on_and_says_so():
    years = 4 * 365 * 24 * 60
    entries = opened()
    found = reading("report", [*entries, told(years, "restored")], years + 10)
    assert found.due_at and any("ends 2028" in line["en"] for line in found.arithmetic)


def test_every_clock_and_policy_is_on_the_page_about_them():
    page = (Path(__file__).parent.parent / "docs/clocks.md").read_text(encoding="utf-8")
    names = DEFINITIONS.keys() | {"clocks", "calendars", "suspensions", "recipients"}
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []
