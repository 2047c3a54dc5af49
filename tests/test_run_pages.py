"""Runs as pages: drawn, explained, as they were at any moment; and what failed, repaired."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from sqlmodel import select

from api.pages.pictures import break_lines
from bpmn import library, pasts, pictures, runs, tickets
from records import Entry, Incident, Run, WorkOrder
from tests.asking import publish
from tests.fault_walks import FAULT, example

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def run(session, cast, now):
    """A fault that Ada accepted a minute after it was reported."""
    publish(session, now, FAULT)
    began = {"circuit_code": "HD-DIA-1", "started_at": now.isoformat()}
    tickets.report(session, {**example("fault_intake.json"), **began}, by=cast["ada"], now=now)
    run = session.exec(select(Run)).one()
    session.commit()
    return run


def complete(client, session):
    order = session.exec(select(WorkOrder).order_by(WorkOrder.id.desc())).first()
    session.commit()
    client.post(f"/work-orders/{order.id}/actions/accept")
    client.post(f"/work-orders/{order.id}/completion", data={"answers.confirmed": "yes"})


def test_a_run_is_drawn_with_what_is_done_and_where_it_stands(as_, session, run):
    shown = as_("mei").get(f"/runs/{run.id}", headers=ENGLISH).text
    assert '<g class="box now hand" data-into-view>' in shown and '<g class="box done">' in shown
    assert all(
        words in shown for words in ("Why it waits", "Accept the call", "row 1, fault_limit")
    )


def test_a_run_is_shown_as_it_was(as_, session, run, now, clock):
    clock.now = now + timedelta(minutes=1)
    complete(as_("ada"), session)
    mei = as_("mei")
    then, later = (now + timedelta(seconds=n) for n in (30, 90))
    before = mei.get(f"/runs/{run.id}?at={quote(then.isoformat())}", headers=ENGLISH).text
    after = mei.get(f"/runs/{run.id}?at={quote(later.isoformat())}", headers=ENGLISH).text
    assert "This is how it was" in before and "Accept the call" in before
    assert "<dt>acceptance" not in before and "<dt>acceptance</dt>" in after
    assert mei.get(f"/runs/{run.id}?at=then", headers=ENGLISH).status_code == 422


def test_a_ticket_is_shown_as_it_was(as_, session, run, now, clock):
    clock.now = now + timedelta(minutes=2)
    complete(as_("ada"), session)
    clock.now = now + timedelta(minutes=3)
    mei, place = as_("mei"), f"/tickets/{run.subject.removeprefix('ticket:')}/past?at="
    then = quote((now + timedelta(minutes=1)).isoformat())
    shown = mei.get(place + then, headers=ENGLISH).text
    assert '<span class="state dispatched">' in shown
    assert "Gross <strong>1 min<" in shown and "Accept the call" in shown
    assert "data-still" in shown and 'class="due late"' not in shown
    after = mei.get(place + quote(clock.now.isoformat()), headers=ENGLISH).text
    assert '<span class="state accepted">' in after and "Gross <strong>3 min<" in after
    assert mei.get(place + quote(now.isoformat())).status_code == 422


def test_the_past_of_a_run_is_its_present_when_all_is_read(session, run, now):
    entries = session.exec(select(Entry).where(Entry.subject == f"run:{run.id}"))
    past = pasts.replay(sorted(entries, key=lambda entry: entry.seq))
    assert past.waiting == {"accept_call"} and past.done["fault_limit"] == 1
    known = runs.facts(session, run, now=now)["accept_call"]
    assert {name: known[name] for name in past.facts} == past.facts


def test_every_shipped_diagram_can_be_drawn():
    for bundle in library.shipped():
        key = next(name for name in bundle if name.endswith(".bpmn")).removesuffix(".bpmn")
        picture = pictures.draw(bundle, key)
        assert picture and len(picture.lines) > 1, key
        assert {one.form for one in picture.shapes} >= {"circle", "box"}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Accept the call", ["Accept the", "call"]),
        ("登记受理并派单", ["登记受理并派", "单"]),
        ("unbreakable-as-it-is", ["unbreakable-as-it-is"]),
        ("", []),
    ],
)
def test_names_are_broken_where_they_may_be(text, lines):
    assert break_lines(text, 74) == lines


def test_a_run_is_cancelled_with_a_reason_only(as_, session, run):
    mei = as_("mei")
    refused = mei.post(f"/runs/{run.id}/cancellation", data={"reason": " "}, headers=ENGLISH)
    assert refused.status_code == 422 and "Say why" in refused.text
    done = mei.post(f"/runs/{run.id}/cancellation", data={"reason": "<b>重复</b>"})
    assert "&lt;b&gt;重复" in done.text and "<b>重复" not in done.text
    assert as_("ada").post(f"/runs/{run.id}/cancellation", data={"reason": "x"}).status_code == 403
    assert "cancelled" in mei.get("/runs?status=cancelled&diagram=", headers=ENGLISH).text


@pytest.fixture
def incident(session, run, now):
    told = {
        "element": "judge",
        "name": "预判 / Judge",
        "kind": "script",
        "zh": "坏了",
        "en": "Broken",
    }
    incident = Incident(run_id=run.id, step_id=99, opened_at=now, **told)
    session.add(incident)
    session.commit()
    return incident


def test_incidents_are_listed_and_their_repair_says_what_is_wrong_with_it(as_, incident):
    mei = as_("mei")
    assert "Judge" in mei.get("/incidents", headers=ENGLISH).text
    place = f"/incidents/{incident.id}"
    typed = {"how": "correct", "facts": "{rate: 2", "reason": "费率"}
    refused = mei.post(f"{place}/repair", data=typed, headers=ENGLISH)
    assert refused.status_code == 422 and "is no JSON" in refused.text
    assert "{rate: 2" in refused.text and 'value="费率"' in refused.text
    assert mei.post(f"{place}/repair", data={"how": "skip"}, headers=ENGLISH).status_code == 422
    assert "Run the step again" not in as_("ada").get(place, headers=ENGLISH).text
