"""Diagrams over HTTP: checked, published by their owner; what would run wrong is not stored."""

import pytest

from tests.asking import post, refused
from tests.checked import drawn
from tests.diagram_maker import node, properties, service
from tests.test_checks_hostile import FILES
from tests.test_imports import foreign

FORM = '{"type": "object", "properties": {"ok": {"type": "boolean"}}}'
WRONG = {  # code of the finding: the step that it is about
    "unknown-service": service("A", "mail.shred"),
    "unknown-form": node("userTask", "A", properties(form="nowhere.json")),
    "unknown-group": node("userTask", "A", properties(group="nobody")),
    "unknown-role": node("userTask", "A", properties(role="king")),
}


def files(*nodes_and_flows, **beside):
    """A bundle as it is sent: texts."""
    made = drawn(*nodes_and_flows)
    return {name: text.decode() for name, text in made.items()} | beside


GOOD = files([], "s A e")


@pytest.fixture
def owen(as_):
    return as_("owen")


def published(client):
    return client.get("/api/diagrams").json()["items"]


def codes(findings):
    return {found["code"] for found in findings if found["severity"] == "error"}


def test_a_diagram_is_checked_by_anybody_and_nothing_is_stored(as_):
    told = post(as_("dora"), "diagrams/checks", files=GOOD)
    assert (told["is_publishable"], codes(told["findings"])) == (True, set())
    told = post(as_("dora"), "diagrams/checks", files=files([], "s A"))
    assert not told["is_publishable"]
    assert "A" in {found["element"] for found in told["findings"]}
    assert all(found["zh"] and found["en"] for found in told["findings"])
    assert published(as_("dora")) == []


def test_an_owner_publishes_versions_and_reads_their_files(owen):
    first = post(owen, "diagrams", files=GOOD, reason="第一版")
    assert (first["number"], first["published_by"], first["reason"]) == (1, "owen", "第一版")
    asked = node("userTask", "A", properties(form="judge.json"))
    changed = files([asked], "s A e") | {"judge.json": FORM}
    assert post(owen, "diagrams", files=changed, reason="加表单")["number"] == 2
    assert post(owen, "diagrams", files=changed, reason="again")["number"] == 2

    assert [one["number"] for one in owen.get("/api/diagrams/p/versions").json()] == [2, 1]
    second = owen.get("/api/diagrams/p/versions/2").json()
    assert second["files"] == changed and codes(second["findings"]) == set()
    [shown] = published(owen)
    assert (shown["key"], shown["current_version_id"]) == ("p", second["id"])
    assert len(owen.get("/api/history?subject=diagram:p").json()["items"]) == 2


def test_a_version_that_is_not_there_is_404(owen):
    refused(owen.get("/api/diagrams/p/versions"), 404)
    post(owen, "diagrams", files=GOOD, reason="r")
    refused(owen.get("/api/diagrams/p/versions/2"), 404)
    refused(owen.get("/api/diagrams/p/versions/0"), 422)


def test_only_an_owner_publishes(as_):
    for login in ("dora", "mei", "root", "liu"):
        told = refused(as_(login).post("/api/diagrams", json={"files": GOOD, "reason": "r"}), 403)
        assert told["permission"] == "diagrams:publish"
    assert published(as_("dora")) == []


def test_what_a_diagram_names_has_to_be_there(owen):
    for code, step in WRONG.items():
        answer = owen.post("/api/diagrams", json={"files": files([step], "s A e"), "reason": "r"})
        told = refused(answer, 422)
        assert codes(told["findings"]) == {code}
        assert "A" in told["findings"][0]["zh"] and "A" in told["findings"][0]["en"]
    assert published(owen) == []


def test_malformed_hostile_and_large_files_are_findings_and_nothing_is_stored(owen):
    for kind in ("half a file", "billion laughs", "a file of the machine", "another kind of XML"):
        content, code = FILES[kind]
        sent = {"a.bpmn": content.decode()}
        assert code in codes(post(owen, "diagrams/checks", files=sent)["findings"])
        told = refused(owen.post("/api/diagrams", json={"files": sent, "reason": "r"}), 422)
        assert code in codes(told["findings"])
    for length, status in ((2_200_000, 422), (9_000_000, 413)):
        text = GOOD["p.bpmn"].replace("</bpmn:def", f"<!--{'x' * length}--></bpmn:def")
        large = {"files": {"a.bpmn": text}, "reason": "r"}
        refused(owen.post("/api/diagrams", json=large), status)
    refused(owen.post("/api/diagrams", json={"files": {}, "reason": "r"}), 422)
    assert published(owen) == []


def test_a_file_of_another_modeler_is_converted_and_it_is_told_how(owen):
    asked = node("userTask", "A", **{"camunda:candidateGroups": "noc", "camunda:formKey": "judge"})
    sent = {"p.bpmn": foreign([asked], "s A e").decode(), "judge.json": FORM}
    told = post(owen, "diagrams/checks", files=sent)
    notes = [found for found in told["findings"] if found["code"] == "conversion"]
    assert told["is_publishable"] and [note["element"] for note in notes] == ["A", "A"]

    post(owen, "diagrams", files=sent, reason="从 Camunda 转来")
    kept = owen.get("/api/diagrams/p/versions/1").json()
    assert 'name="group" value="noc"' in kept["files"]["p.bpmn"]
    assert [found["code"] for found in kept["findings"]].count("conversion") == 2


def test_what_is_published_is_what_the_next_run_uses(owen):
    post(owen, "diagrams", files=files([], "s A e"), reason="r")
    first = post(owen, "runs", diagram="p")
    post(owen, "diagrams", files=files([], "s C e"), reason="r")
    second = post(owen, "runs", diagram="p")
    waiting = [owen.get(f"/api/runs/{run['id']}/why").json() for run in (first, second)]
    assert [one["element"] for why in waiting for one in why] == ["A", "C"]
