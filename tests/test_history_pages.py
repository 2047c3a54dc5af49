"""History as pages: entries of anything, who was refused, the proof, and files of a time."""

import csv
from datetime import timedelta
from io import StringIO
from xml.etree import ElementTree

import pytest
from sqlmodel import select, update

from api.pages.tables import send_csv
from records import Entry, history, sealing
from tasks.timelines import xes

ENGLISH = {"Accept-Language": "en"}
XES = f"{{{xes.NAMESPACE}}}"


@pytest.fixture
def told(session, cast, now):
    """Three entries of two runs, sealed."""
    order = {"element": "judge", "title": "预判 / Judge", "step_id": 9}
    step = {
        "element": "judge",
        "name": "预判 / Judge",
        "kind": "userTask",
        "state": "done",
        "step": 9,
    }
    about = {"subject": "run:7", "at": now}
    history.record(session, "opened", by="ada", orders=[order], **about)
    history.record(session, "accepted", by="nora", element="judge", **about)
    history.record(session, "advanced", by="nora", steps=[step], **about)
    history.record(
        session, "=cmd()", subject="ticket:8", by="ada", at=now, words="<script>x</script>"
    )
    session.commit()
    sealing.seal(session, sealing.end(session), now=now)
    session.commit()
    return session


def test_entries_of_anything_are_found_and_never_run(as_, told):
    mei = as_("mei")
    shown = mei.get("/history?subject=ticket:8&by=&since=", headers=ENGLISH).text
    assert "&lt;script&gt;x" in shown and "<script>x" not in shown and "run:7" not in shown
    assert "Ticket 8</a>" in shown
    assert "Nothing of that kind" in mei.get("/history?verb=slept", headers=ENGLISH).text
    assert mei.get("/history?since=2026-03-12&until=2026-03-11").status_code == 422


def test_who_was_refused_is_listed(as_, told):
    as_("ada").get("/history")
    shown = as_("mei").get("/history?verb=refused", headers=ENGLISH).text
    assert "Person ada" in shown and "/history" in shown


def test_the_chains_are_verified_from_the_page(as_, told):
    root = as_("root")
    shown = root.post("/history/verification", data={"subject": "run:7"}, headers=ENGLISH).text
    assert "3 entries of 1 chains" in shown and "All of them hold." in shown
    told.execute(update(Entry).where(Entry.subject == "run:7", Entry.seq == 2).values(by="mei"))
    told.commit()
    shown = root.post("/history/verification", headers=ENGLISH).text
    assert "1 do not hold." in shown and "the entry was changed" in shown
    assert as_("owen").post("/history/verification").status_code == 403


def test_the_seals_are_verified_from_the_page(as_, told):
    root = as_("root")
    kept = sealing.last(told).hash
    told.commit()
    assert kept in root.get("/history/seals").text
    place = "/history/seals/verification"
    assert "All of them hold." in root.post(place, data={"hash": kept}, headers=ENGLISH).text
    lost = root.post(place, data={"hash": "0" * 64}, headers=ENGLISH).text
    assert "No seal has the hash that was kept." in lost


def test_entries_of_a_time_come_as_a_file(as_, told, now):
    mei, day = as_("mei"), now.date()
    assert mei.get("/history/files").status_code == 200
    answer = mei.get(f"/history/entries.csv?since={day}&until={day}&subject=ticket:8")
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["subject"], row["verb"]) for row in rows] == [("ticket:8", "'=cmd()")]
    earlier = day - timedelta(days=9)
    empty = mei.get(f"/history/entries.csv?since={earlier}&until={earlier}")
    assert empty.content.count(b"\n") == 1


def test_a_file_says_nothing_that_a_spreadsheet_would_run():
    answer = send_csv("x", ("a", "b"), [["=1+1", None], ["-2", 3]])
    assert answer.body.decode("utf-8-sig").split() == ["a,b", "'=1+1,", "'-2,3"]


def test_a_log_of_runs_is_xes(told, now):
    entries = told.exec(select(Entry).where(Entry.subject == "run:7").order_by(Entry.seq)).all()
    log = ElementTree.fromstring(xes.write_log(entries, {"run:7": {"diagram": "a\x00b"}}))
    assert log.tag == f"{XES}log" and log.get("xes.version")
    tags = [child.tag.removeprefix(XES) for child in log]
    assert tags == ["extension"] * 4 + ["global"] * 2 + ["classifier", "trace"]
    trace = log.find(f"{XES}trace")
    assert [each.get("value") for each in trace.findall(f"{XES}string")] == ["run:7", "ab"]
    events = [
        {each.get("key"): each.get("value") for each in event}
        for event in trace.iter(f"{XES}event")
    ]
    done = [(one["lifecycle:transition"], one["org:resource"]) for one in events]
    assert done == [("schedule", "system"), ("start", "nora"), ("complete", "nora")]
    assert {one["concept:name"] for one in events} == {"预判 / Judge"}
    assert events[0]["time:timestamp"] == "2026-03-11T02:14:00.000+00:00"


def test_the_log_of_a_time_comes_from_the_page(as_, told):
    answer = as_("mei").get("/history/runs.xes?diagram=")
    assert answer.headers["content-type"].startswith("application/xml")
    assert ElementTree.fromstring(answer.content).find(f"{XES}trace") is None  # no such run
