"""Pages for people: sign in, the worklist, a work order and its form, a ticket."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from fastapi.testclient import TestClient
from sqlmodel import select

from api.pages import ROUTERS, answers
from api.pages.languages import messages
from api.pages.pages import PageRoute, local
from api.pages.paper import MENU
from bpmn import tickets
from records import AlarmGroup, Clock, WorkOrder
from tasks.sla import clocks
from tests.asking import publish
from tests.fault_walks import FAULT, example
from tests.shots import PAGES
from workflows.schedule import SCHEDULE

ROOM = Path(__file__).parent.parent
OPEN_TO_ALL = {"/sign-in"}
ENGLISH, CHINESE = {"Accept-Language": "en"}, {"Accept-Language": "zh"}


@pytest.fixture
def order(session, cast, now):
    """The first order of a fault that Haidong Bank has reported."""
    publish(session, now, FAULT)
    began = {"circuit_code": "HD-DIA-1", "started_at": now.isoformat()}
    call = {**example("fault_intake.json"), **began}
    tickets.report(session, call, by=cast["ada"], now=now)
    session.commit()
    clocks.catch_up(session, now=now)
    order = session.exec(select(WorkOrder)).one()
    session.commit()
    return order


@pytest.fixture
def visitor(app):
    return TestClient(app, follow_redirects=False)


def test_who_is_not_signed_in_does_that_first_and_comes_back(visitor, cast, app, hasher, engine):
    asked = visitor.get("/work-orders?queue=crc")
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        "/sign-in?next=/work-orders%3Fqueue%3Dcrc",
    )
    assert 'value="/work-orders?queue=crc"' in visitor.get(asked.headers["location"]).text


def test_signing_in_leads_on_and_a_wrong_password_keeps_the_login(visitor, session, cast, hasher):
    cast["dora"].password_hash = hasher.hash("correct horse")
    session.add(cast["dora"])
    session.commit()
    given = {"login": "dora", "password": "wrong horse", "next": "/tickets"}
    refused = visitor.post("/sign-in", data=given, headers=CHINESE)
    assert refused.status_code == 401
    assert "账号或密码不对" in refused.text and 'value="dora"' in refused.text
    taken = visitor.post("/sign-in", data=given | {"password": "correct horse"})
    assert taken.headers["location"] == "/tickets" and "baton=" in taken.headers["set-cookie"]


@pytest.mark.parametrize("path", ["https://evil.example", "//evil.example", "/\\evil", "x", ""])
def test_signing_in_leads_nowhere_else(path):
    assert local(path) == ""


def test_the_worklist_shows_what_runs_out_first_in_both_languages(as_, order):
    dora = as_("dora")
    assert "受理申告" in dora.get("/work-orders", headers=CHINESE).text
    shown = dora.get("/work-orders?queue=crc&q=HD-DIA-1", headers=ENGLISH).text
    assert "Accept the call" in shown and "data-due" in shown
    assert "Nothing waits here." in dora.get("/work-orders?q=nobody", headers=ENGLISH).text


def test_an_order_is_due_when_its_clock_runs_out(session, order):
    accept = next(one for one in clocks_of(session, order) if one.name == "accept")
    assert order.clock == "accept" and order.due_at == accept.due_at


def test_a_form_with_an_error_says_so_beside_the_field_and_keeps_what_was_typed(as_, order):
    ada = as_("ada")
    ada.post(f"/work-orders/{order.id}/actions/accept")
    typed = {"answers.contact": "王敏", "answers.phone": "#"}
    answer = ada.post(f"/work-orders/{order.id}/completion", data=typed, headers=ENGLISH)
    assert answer.status_code == 422
    assert 'value="王敏"' in answer.text and 'aria-invalid="true"' in answer.text
    assert ada.get(f"/api/work-orders/{order.id}").json()["state"] == "accepted"


def test_a_completed_order_leads_to_the_next_one(as_, order):
    ada = as_("ada")
    ada.post(f"/work-orders/{order.id}/actions/accept")
    given = {"answers.confirmed": "yes", "answers.remark": "已核对"}
    ada.post(f"/work-orders/{order.id}/draft", data=given)
    assert "已核对" in ada.get(f"/work-orders/{order.id}").text
    answer = ada.post(f"/work-orders/{order.id}/completion", data=given, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/work-orders")
    assert ada.get(f"/api/work-orders/{order.id}").json()["answers"]["confirmed"] is True


@pytest.mark.both_databases
def test_the_second_of_two_hears_who_was_first(as_, order):
    as_("ada").post(f"/work-orders/{order.id}/actions/accept")
    answer = as_("dora").post(f"/work-orders/{order.id}/actions/accept", headers=ENGLISH)
    assert answer.status_code == 409
    assert "First: ada" in answer.text and "accepted" in answer.text


def test_a_call_becomes_a_ticket_and_a_refused_one_keeps_what_was_typed(as_, order):
    ada = as_("ada")
    call = answers.shown(tickets.intake_form().schema, example("fault_intake.json"))
    refused = ada.post("/tickets", data=call | {"answers.impact": ""}, headers=ENGLISH)
    assert refused.status_code == 422 and 'value="HD-DIA-1"' in refused.text
    taken = ada.post("/tickets", data=call, follow_redirects=False)
    assert taken.headers["location"] == f"/tickets/{order.ticket_id}"  # one more call on it


def test_a_ticket_shows_its_time_its_clocks_and_its_way(as_, order):
    shown = as_("dora").get(f"/tickets/{order.ticket_id}", headers=ENGLISH).text
    assert all(words in shown for words in ("Where the time goes", "Restore", "城北-MSTP-02"))


def test_a_storm_is_shown_by_its_roots(as_, session, cast, now):
    told = {"cause": "lossOfSignal", "severity": "critical", "circuits": 1200, "customers": 260}
    times = {"raised_at": now, "last_at": now, "opened_at": now}
    group = AlarmGroup(root_kind="section", root_object="GL-000417", layer=3, **told, **times)
    session.add(group)
    session.commit()
    dora = as_("dora")
    assert all(one in dora.get("/alarm-groups").text for one in ("GL-000417", "1200", "260"))
    assert dora.get(f"/alarm-groups/{group.id}").status_code == 200


def test_what_somebody_wrote_is_never_run(as_, order):
    ada, words = as_("ada"), "<script>alert(1)</script>"
    ada.post(f"/tickets/{order.ticket_id}/calls", data={"caller": words, "words": words})
    shown = ada.get(f"/tickets/{order.ticket_id}")
    assert "&lt;script&gt;" in shown.text and "<script>alert" not in shown.text
    assert "script-src 'self'" in shown.headers["Content-Security-Policy"]


def test_a_form_from_another_site_is_refused(as_, order):
    told = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", **ENGLISH}
    answer = as_("ada").post(f"/work-orders/{order.id}/actions/accept", headers=told)
    assert answer.status_code == 403 and "another site" in answer.text


def test_the_viewer_chooses_language_and_theme(as_, order):
    dora = as_("dora")
    dora.post("/choices", data={"language": "en", "back": "/work-orders"}, headers=CHINESE)
    dora.post("/choices", data={"theme": "dark"})
    shown = dora.get("/work-orders", headers=CHINESE).text
    assert '<html lang="en" data-theme="dark">' in shown


def test_an_address_that_leads_nowhere_is_a_page_too(as_):
    answer = as_("dora").get("/work-orders/999999", headers=ENGLISH)
    assert answer.status_code == 404 and "There is no work order 999999" in answer.text


def test_every_page_but_the_door_asks_who_is_there(app):
    pages = [route for route in app.routes if isinstance(route, PageRoute)]
    assert len(pages) > 10
    visitor = TestClient(app, follow_redirects=False)
    for route in pages:
        path, method = re.sub(r"\{\w+\}", "1", route.path), min(route.methods - {"HEAD"})
        if path not in OPEN_TO_ALL:
            answer = visitor.request(method, path)
            assert answer.headers.get("location", "").startswith("/sign-in"), f"{method} {path}"


def test_style_and_script_are_kept_until_they_change(visitor):
    page = visitor.get("/sign-in").text
    for address in re.findall(r'"(/static/[^"]+)"', page):
        answer = visitor.get(address)
        assert answer.status_code == 200 and "immutable" in answer.headers["Cache-Control"]


def test_every_word_of_a_page_exists_in_chinese():
    said = {words for _, words, _, _ in MENU}
    told = extract_from_dir(
        ROOM / "api/templates", [("**.html", "jinja2.ext:babel_extract")], keywords={"_": None}
    )
    said |= {words for _, _, words, _, _ in told}
    assert said - messages().keys() == set()


def test_every_name_of_timed_work_exists_in_chinese():
    assert {*SCHEDULE, "shift"} - messages().keys() == set()


def test_every_verb_of_history_exists_in_chinese():
    record = re.compile(r'record\(\s*(?:caller\.)?(?:session|turn\.session),\s*"([a-z -]+)"')
    verbs = set()
    for room in ("records", "tasks", "bpmn", "notifications"):
        for path in (ROOM / room).rglob("*.py"):
            verbs |= set(record.findall(path.read_text(encoding="utf-8")))
    assert len(verbs) > 40
    assert verbs - messages().keys() == set()


def clocks_of(session, order):
    return list(session.exec(select(Clock).where(Clock.ticket_id == order.ticket_id)))


NOT_TO_LOOK_AT = (
    "/",
    "/administration",
    "/live",
    "/next",
    ".csv",
    ".xes",
    "/paint",
    "/files/{name}",
    "/suggestions",
)


def test_every_page_has_its_pictures():
    """`make shots` takes them."""
    taken = [re.sub(r"\{\w+\}", "1", path.partition("?")[0]) for path in PAGES]
    for router in ROUTERS:
        for route in router.routes:
            if "GET" in route.methods and not route.path.endswith(NOT_TO_LOOK_AT):
                assert any(route.path_regex.match(path) for path in taken), route.path
