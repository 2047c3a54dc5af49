"""Orders of services over HTTP: taken in, refused, from a file, changed; nothing given twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import select

from bpmn import library
from records import Allocation, Circuit, Hop, ServiceOrder
from records.database import open_session
from tasks.orders import allocations
from tasks.orders import service_orders as orders
from tasks.refusals import Conflict, NotAllowed
from tests.asking import post, refused, wrong_fields
from tests.order_walks import ACTIVATION, NEW, OLD, Order, in_one_visit
from workflows.service_orders import watch

on_one = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
PORT = {"kind": "port", "object": "HZ-1", "unit": "9/1"}
FILE = """external_key,kind,customer,circuit,product,megabits,a_site,z_site
B-1,new,C-1,,DIA,100,HZ-CB,HZ-DJ
B-2,cease,C-1,HD-DIA-1,,,,
B-3,cease,C-1,HD-DIA-1,,,,
B-4,new,C-9,,DDN,fast,HZ-CB,HZ-DJ
B-5,new,C-9,,DDN,2,HZ-CB,HZ-XX
B-6,new
"""


@pytest.fixture
def published(session, cast, now):
    library.keep_version(session, ACTIVATION, [], by="owen", now=now)
    session.commit()


@on_one
def test_an_order_is_taken_in_once_and_shown(as_, published):
    ada = as_("ada")
    order = post(ada, "service-orders", **NEW, external_key="B-1")
    assert (order["state_zh"], order["customer_name"]) == ("已受理", "海东银行")
    assert [one["element"] for one in order["work_orders"]] == ["intake_check"]
    assert refused(ada.post("/api/service-orders", json=NEW | {"external_key": "B-1"}), 409)
    assert [each["id"] for each in ada.get("/api/service-orders?open=true").json()["items"]] == [1]
    told = ada.get("/api/service-orders/1/times").json()
    assert told["timeline"][0]["what"] == "received" and told["visits"] == 0


@on_one
@pytest.mark.parametrize(
    "wrong, fields",
    [
        ({"customer": "C-9", "a_site": "HZ-XX"}, ["customer", "a_site"]),
        ({"product": "FAX"}, ["product"]),
        ({"product": "DDN", "megabits": 64}, ["product", "megabits"]),
        ({"kind": "move"}, ["circuit"]),
        ({"promised_at": "2020-01-01T00:00:00Z"}, ["promised_at"]),
    ],
)
def test_what_cannot_be_is_refused_by_field(as_, published, wrong, fields):
    assert wrong_fields(as_("ada").post("/api/service-orders", json=NEW | wrong)) == fields


@on_one
def test_a_file_is_taken_in_row_by_row_and_twice_changes_nothing(as_, published):
    ada = as_("ada")
    assert post(ada, "service-orders/files", text=FILE, is_dry=True)["new"] == 3
    assert ada.get("/api/service-orders").json()["items"] == []
    told = post(ada, "service-orders/files", text=FILE)
    assert [row["outcome"] for row in told["rows"]] == ["new", "new", *["refused"] * 4]
    assert [f["field"] for f in told["rows"][4]["fields"]] == ["customer", "z_site", "product"]
    again = post(ada, "service-orders/files", text=FILE)
    assert (again["new"], again["same"], again["refused"]) == (0, 2, 4)
    for text in ("a,b\n1,2", FILE + '"half a', "", "external_key,kind"):
        assert wrong_fields(ada.post("/api/service-orders/files", json={"text": text})) == ["text"]


@on_one
def test_customers_put_off_change_and_cancel(as_, published, engine, clock, now):
    dora = as_("dora")
    place = f"service-orders/{post(dora, 'service-orders', **NEW)['id']}"
    until = (now + timedelta(days=9)).isoformat()
    assert wrong_fields(
        dora.post(
            f"/api/{place}/postponement", json={"reason": "装修", "resume_at": now.isoformat()}
        )
    ) == ["resume_at"]
    assert (
        post(dora, f"{place}/postponement", reason="装修", resume_at=until)["state"] == "postponed"
    )
    refused(dora.post(f"/api/{place}/amendments", json={"reason": "快些", "megabits": 9}), 409)
    assert dora.delete(f"/api/{place}/postponement").json()["state"] == "received"
    assert wrong_fields(dora.post(f"/api/{place}/amendments", json={"reason": "x"})) == ["changes"]
    assert post(dora, f"{place}/amendments", reason="快些", megabits=200)["amendments"] == 1
    refused(dora.post(f"/api/{place}/construction"), 409)
    assert watch(engine, now + timedelta(days=30)) == 1
    limits = dora.get(f"/api/{place}").json()["limits"]["of"]
    assert all(each["missed"] for each in limits.values())
    assert post(dora, f"{place}/cancellation", reason="不要了")["state"] == "cancelled"
    refused(dora.post(f"/api/{place}/cancellation", json={"reason": "不要了"}), 409)
    refused(as_("liu").post(f"/api/{place}/cancellation", json={"reason": "不要了"}), 403)


@on_one
def test_what_was_built_is_in_inventory(published, session, cast, now):
    walk = Order(session, cast, now)
    in_one_visit(walk)
    order, circuit = walk.order, session.get_one(Circuit, walk.order.circuit_id)
    hops = session.exec(select(Hop).where(Hop.circuit_id == circuit.id)).all()
    assert (circuit.code, len(hops), circuit.opened_at) == ("HD-DIA-91", 2, order.accepted_at)
    assert order.rent_from == order.accepted_at
    assert order.inspect_by == order.accepted_at + timedelta(days=30)
    assert {row.state for row in session.exec(select(Allocation))} == {"used"}
    with pytest.raises(NotAllowed):
        orders.accept(session, order, {"signed_by": "王敏"}, by="mei", now=now)


def test_of_two_that_take_a_port_at_once_one_gets_it(engine, session, cast, now):
    for _ in range(2):
        orders.open_order(session, NEW, by="dora", now=now)
    orders.open_order(session, OLD | {"kind": "change", "megabits": 9}, by="dora", now=now)
    session.commit()

    def take(key):
        try:
            with open_session(engine) as own:
                order = own.get_one(ServiceOrder, key)
                allocations.allocate(own, order, [PORT], by="dora", now=now)
            return "got it"
        except Conflict:
            return "taken"

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(take, (1, 2, 3))) == ["got it", "taken", "taken"]
