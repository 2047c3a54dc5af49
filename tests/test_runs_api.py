"""Runs and incidents over HTTP: started by hand, asked why they wait, steered, repaired."""

import pytest

from bpmn import library
from tests.asking import post, publish_fault, refused, wrong_fields
from tests.diagram_maker import boundary, bundle, duration, gate, node, on, script

WAITING = [
    node("userTask", "A"),
    boundary("B", "A", on("message", "m")),
    boundary("T", "A", duration("PT2H"), interrupting=False),
]
CLEARED = '<bpmn:message id="m" name="alarm_cleared"/>'
BROKEN = [gate("P", "parallel"), script("X", "share = 1 / rate"), gate("J", "parallel")]


@pytest.fixture
def mei(as_):
    return as_("mei")


@pytest.fixture
def publish(session, cast, now):
    def publish(nodes, *flows, extra=""):
        library.keep_version(session, bundle(nodes, *flows, extra=extra), [], by="owen", now=now)
        session.commit()

    return publish


@pytest.fixture
def run(publish, mei):
    """The address of a run that waits for Dora, a message and a time."""
    publish(WAITING, "s A e", "B W e2", "T V e3", extra=CLEARED)
    told = post(mei, "runs", diagram="p", data={"rate": 2}, subject="plan:7")
    return f"runs/{told['id']}"


@pytest.fixture
def incident(publish, mei):
    """The address of the incident of a run whose script divides by zero; A waits beside it."""
    publish(BROKEN, "s P X J e", "P A J")
    post(mei, "runs", diagram="p", data={"rate": 0})
    [found] = mei.get("/api/incidents").json()["items"]
    return f"incidents/{found['id']}"


def test_a_run_is_started_by_hand_and_tells_what_it_waits_for(mei, run):
    shown = mei.get(f"/api/{run}").json()
    assert (shown["status"], shown["subject"], shown["started_by"]) == ("open", "plan:7", "mei")
    why = {one["waits_for"]: one for one in mei.get(f"/api/{run}/why").json()}
    assert (why["person"]["element"], why["person"]["state"]) == ("A", "dispatched")
    assert why["message"]["message"] == "alarm_cleared"
    assert why["timer"]["due"].startswith("2026-03-11T04:14:00")
    assert mei.get(f"/api/{run}/facts").json() == {"steps": {"A": {"rate": 2}}}


def test_a_message_is_taken_once_and_then_nobody_waits_for_it(mei, run):
    assert post(mei, f"{run}/messages", name="customer_called") == {"taken": 0}
    told = {"name": "alarm_cleared", "payload": {"at": "now"}}
    assert [post(mei, f"{run}/messages", **told) for _ in range(2)] == [{"taken": 1}, {"taken": 0}]
    assert [one["element"] for one in mei.get(f"/api/{run}/why").json()] == ["W"]
    assert [one["element"] for one in mei.get("/api/work-orders").json()["items"]] == ["W"]


def test_a_cancelled_run_waits_for_nothing_and_takes_nothing_more(mei, run):
    assert wrong_fields(mei.post(f"/api/{run}/cancellation", json={"reason": ""})) == ["reason"]
    shown = post(mei, f"{run}/cancellation", reason="误启动")
    assert (shown["status"], mei.get(f"/api/{run}/why").json()) == ("cancelled", [])
    assert mei.get("/api/work-orders").json()["items"] == []
    assert post(mei, f"{run}/messages", name="alarm_cleared") == {"taken": 0}
    refused(mei.post(f"/api/{run}/cancellation", json={"reason": "again"}), 409)


def test_what_cannot_be_kept_starts_nothing_and_is_sent_to_nobody(mei, run):
    for facts in ({"n": 10**30}, {"a": "\0"}, {"a": "x" * 300_000}, {"a": _nested(300)}):
        assert wrong_fields(mei.post("/api/runs", json={"diagram": "p", "data": facts})) == ["data"]
        answer = mei.post(f"/api/{run}/messages", json={"name": "alarm_cleared", "payload": facts})
        assert wrong_fields(answer) == ["payload"]
    surrogate = b'{"diagram": "p", "data": {"a": "\\ud800"}}'
    headers = {"Content-Type": "application/json"}
    assert wrong_fields(mei.post("/api/runs", content=surrogate, headers=headers)) == ["data"]
    for subject in ("ticket:7", "ticket:x", f"ticket:{10**30}"):
        answer = mei.post("/api/runs", json={"diagram": "p", "subject": subject})
        assert wrong_fields(answer) == ["subject"]
    refused(mei.post("/api/runs", json={"diagram": "nope"}), 404)
    assert len(mei.get("/api/runs").json()["items"]) == 1


def test_runs_are_found_and_only_steered_by_those_who_may(mei, as_, run):
    for query, many in {"diagram=p": 1, "status=finished": 0, "subject=plan:7": 1}.items():
        assert len(mei.get(f"/api/runs?{query}").json()["items"]) == many
    assert wrong_fields(mei.get("/api/runs?status=lost")) == ["status"]
    for path in (run, f"{run}/why", f"{run}/facts"):
        assert as_("liu").get(f"/api/{path}").status_code == 200
        refused(mei.get(f"/api/{path.replace(run, 'runs/99')}"), 404)
    given = {"": {"diagram": "p"}, "/1/messages": {"name": "x"}, "/1/cancellation": {"reason": "x"}}
    for path, body in given.items():
        told = refused(as_("dora").post(f"/api/runs{path}", json=body), 403)
        assert told["permission"] == "runs:steer"


def test_an_incident_says_what_happened_and_a_correction_lets_the_step_run(mei, incident):
    shown = mei.get(f"/api/{incident}").json()
    assert (shown["element"], shown["kind"], shown["line"]) == ("X", "script", 1)
    assert shown["zh"] != shown["en"]
    [why] = [one for one in mei.get("/api/runs/1/why").json() if one["waits_for"] == "repair"]
    assert why["element"] == "X"

    told = post(mei, f"{incident}/correction", facts={"rate": 2}, reason="录入错误")
    assert (told["settled_by"], told["settled_how"]) == ("mei", "corrected")
    assert mei.get("/api/incidents").json()["items"] == []
    again = mei.post(f"/api/{incident}/correction", json={"facts": {"rate": 3}, "reason": "r"})
    assert refused(again, 409)["first"] == "mei"


def test_a_retry_that_fails_is_a_new_incident_and_the_old_one_is_settled(mei, as_, incident):
    assert post(mei, f"{incident}/retry")["settled_how"] == "retried"
    refused(as_("root").post(f"/api/{incident}/retry"), 409)
    refused(as_("root").post(f"/api/{incident}/skip", json={"reason": "r"}), 409)
    [again] = mei.get("/api/incidents?run_id=1&kind=script").json()["items"]
    [settled] = mei.get("/api/incidents?open=false").json()["items"]
    assert (settled["settled_by"], again["id"] != settled["id"]) == ("mei", True)


def test_an_incident_is_repaired_from_its_page(mei, incident):
    told = {"how": "correct", "facts": '{"rate": 2}', "reason": "录入错误"}
    done = mei.post(f"/{incident}/repair", data=told, headers={"Accept-Language": "en"})
    assert "corrected · mei" in done.text and "录入错误" in done.text
    again = mei.post(
        f"/{incident}/repair", data={"how": "retry"}, headers={"Accept-Language": "en"}
    )
    assert again.status_code == 409 and "mei has settled this" in again.text
    shown = mei.get("/runs/1").text  # of a diagram that nobody has drawn
    assert "<figure" not in shown and incident in shown


def test_a_skip_needs_a_reason_and_goes_on(mei, incident):
    assert wrong_fields(mei.post(f"/api/{incident}/skip", json={"reason": " "})) == ["reason"]
    wrong = {"facts": {"rate": 10**30}, "reason": "r"}
    assert wrong_fields(mei.post(f"/api/{incident}/correction", json=wrong)) == ["facts"]
    assert post(mei, f"{incident}/skip", reason="不需要")["settled_how"] == "skipped"
    why = {one["element"]: one["waits_for"] for one in mei.get("/api/runs/1/why").json()}
    assert why == {"A": "person", "J": "branches"}


def test_an_incident_is_seen_by_all_and_repaired_by_those_who_may(as_, incident):
    dora = as_("dora")
    assert dora.get(f"/api/{incident}").json()["settled_at"] is None
    fix = {"facts": {}, "reason": "r"}
    for how, body in {"retry": {}, "skip": {"reason": "r"}, "correction": fix}.items():
        told = refused(dora.post(f"/api/{incident}/{how}", json=body), 403)
        assert told["permission"] == "incidents:repair"
    refused(dora.get("/api/incidents/99"), 404)
    refused(as_("root").post("/api/incidents/99/retry"), 404)
    assert post(as_("owen"), f"{incident}/skip", reason="r")["settled_by"] == "owen"


def _nested(depth):
    inside = []
    for _ in range(depth):
        inside = [inside]
    return inside


def test_a_ticket_that_has_an_open_run_gets_no_second_one(as_, session, now):
    publish_fault(session, now)
    ada, mei = as_("ada"), as_("mei")
    report = {"circuit_code": "HD-DIA-1", "reporter": "王敏", "phone": "000-1"}
    report |= {"symptom": "专线不通", "impact": "outage", "started_at": "2026-03-11T02:00:00Z"}
    ticket = post(ada, "tickets", **report)
    again = {"diagram": "fault_handling", "subject": f"ticket:{ticket['id']}"}
    refused(mei.post("/api/runs", json=again), 409)
