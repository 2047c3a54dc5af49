"""Anything on the sheet finds its ticket; filters of the worklist; the one box of the header."""

import pytest
from sqlmodel import select

from api.worklist import Wanted
from records import Alarm, Customer, Device, Ticket, WorkOrder
from tasks import sheet_search
from tests.asking import report_fault

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def ticket(session, cast, now):
    return report_fault(session, cast, now, phone="13800000001")


SHEET = [
    "HD-DIA-1",
    "hd-dia",
    "海东",
    "haidong",
    "C-1",
    "13800000001",
    "138 0000 0001",
    "东街",
    "HZ-DJ",
]


NOTHING = ["", " ", "nobody", "WO-999", "%", "_", "\0", "FT-999"]


def test_anything_on_the_sheet_finds_it_and_nothing_else_does(session, ticket):
    for text in [*SHEET, "000-1"]:
        assert sheet_search.find(session, text).tickets == {ticket.id}, text
    for text in NOTHING:
        assert sheet_search.find(session, text) == sheet_search.Found(), text


def test_where_there_is_more_than_was_looked_at_it_is_said(session):
    many = range(sheet_search.KEYS)
    session.add_all(Customer(code=f"X-{n}", name="某单位") for n in many)
    session.flush()
    assert sheet_search.find(session, "某单位").is_cut
    assert not sheet_search.find(session, "X-7").is_cut


def test_numbers_are_read_as_people_say_them(session, ticket):
    order = session.exec(select(WorkOrder)).one()
    assert sheet_search.number_in(ticket.number) == ("ticket", ticket.id)
    assert sheet_search.find(session, f"wo-{order.id}").orders == {order.id}
    assert sheet_search.find(session, ticket.number).tickets == {ticket.id}


def test_the_object_of_an_alarm_and_its_device_find_the_ticket(session, cast, now):
    device = session.exec(select(Device)).first()
    times = dict.fromkeys(("raised_at", "last_at", "received_at", "started_at", "opened_at"), now)
    ticket = Ticket(source="alarm", title="x", device_id=device.id, **times)
    session.add(ticket)
    session.flush()
    told = {"source": "ems", "key": "1", "object": "HZ-9/GE1", "cause": "LOS"}
    session.add(Alarm(ticket_id=ticket.id, **told, **times))
    session.flush()
    for text in (device.code, device.name, "hz-9/ge1"):
        assert sheet_search.find(session, text).tickets == {ticket.id}


FILTERS = [
    ({"grade": "AAA"}, {"grade": "A"}),
    ({"state": "dispatched"}, {"state": "accepted"}),
    ({"stage": "accept"}, {"stage": "repair"}),
    ({"holder": "-"}, {"holder": "me"}),
    ({"city": "海州"}, {"city": "x"}),
    ({"site": "hz-dj"}, {"site": "x"}),
    ({"due": "24h"}, {"due": "late"}),
    ({"q": "HD-DIA-1"}, {"q": "HD-DIA-2"}),
    ({"queue": "crc"}, {"queue": "line"}),
]


def test_the_worklist_is_narrowed_by_what_its_address_says(as_, ticket):
    ada = as_("ada")
    for shown, empty in FILTERS:
        found = ada.get("/api/worklist", params=shown).json()["items"]
        assert [one["ticket"] for one in found] == [ticket.number], shown
        assert ada.get("/api/worklist", params=empty).json()["items"] == [], empty


def test_columns_are_those_of_the_address(as_, ticket):
    shown = as_("ada").get("/work-orders?show=city&show=customer&grade=AAA", headers=ENGLISH).text
    assert "Haidong Bank" in shown and "<th>City</th>" in shown and "<th>Step</th>" not in shown
    assert Wanted(show=["city"], q="a b").query() == "q=a+b&show=city"


def test_one_box_leads_there_or_lists_what_there_is(as_, ticket):
    ada = as_("ada")
    assert ada.get("/search?q=HD-DIA-1").url.path == f"/tickets/{ticket.id}"
    assert ada.get("/search?q=WO-1").url.path == "/work-orders/1"
    assert "Nothing has this" in ada.get("/search?q=<b>", headers=ENGLISH).text
    assert "Haidong Bank" in ada.get("/search?q=1", headers=ENGLISH).text  # order 1, ticket 1, C-1
