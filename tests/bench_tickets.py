"""Fault tickets for the benchmarks: a database full of them, and the way that one goes.

Dora dispatches, so she may do every order. Each ticket is about a circuit of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bpmn import library, runs, tickets
from records import Circuit, Contact, Customer, Group, Person, Run, Site, WorkOrder
from records.database import connect, open_session
from records.progress import Progress
from records.region.groups import GROUPS
from tasks import work_orders
from tasks.access import sign_ins
from tests.fault_walks import FAULT, example

BATCH = 25  # tickets opened in one transaction


@dataclass
class Action:
    """What Dora does to a work order: "acceptance" or "completion"."""

    order_id: int
    element: str
    verb: str
    answers: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/api/work-orders/{self.order_id}/{self.verb}"

    @property
    def told(self) -> dict[str, Any]:
        """The body of the request."""
        return {"answers": self.answers} if self.verb == "completion" else {}


def fill(url: str, count: int, show: Progress) -> str:
    """Open `count` tickets, each with its first order accepted. The secret of Dora's cookie."""
    engine, now = connect(url), datetime.now(UTC)
    with open_session(engine) as session:
        dora = _found(session, count, now)
        library.publish(session, FAULT, by="owen", now=now)
        secret = sign_ins.sign_in(session, dora, now=now)
    for first in range(0, count, BATCH):
        with open_session(engine) as session:
            for number in range(first, min(first + BATCH, count)):
                _open(session, dora, number, now)
        show("opening tickets", min(first + BATCH, count), count)
    engine.dispose()
    return secret


def run_ids(engine: Engine) -> list[int]:
    with open_session(engine, readonly=True) as session:
        return list(session.exec(select(Run.id).where(Run.status == "open").order_by(col(Run.id))))


def way(engine: Engine, run_id: int, **answers: dict[str, Any]) -> Iterator[Action]:
    """What is to be done next, until the run is over. Whoever asks has to do it meanwhile."""
    while True:
        with open_session(engine, readonly=True) as session:
            action = following(session, run_id, **answers)
        if action is None:
            return
        yield action


def following(session: Session, run_id: int, **answers: dict[str, Any]) -> Action | None:
    """What is to be done next; `answers` to an element, where not those of the form's example."""
    is_open = col(WorkOrder.finished_at).is_(None)
    mine = select(WorkOrder).where(WorkOrder.run_id == run_id, is_open).order_by(col(WorkOrder.id))
    order = session.exec(mine).first()
    if order is None:
        return None
    if order.state == "dispatched":
        return Action(order.id, order.element, "acceptance", {})
    given = {**example(order.form), **answers.get(order.element, {})}
    return Action(order.id, order.element, "completion", given)


def do(session: Session, action: Action) -> None:
    """As the routes do it, without HTTP."""
    dora = session.exec(select(Person).where(Person.login == "dora")).one()
    order = session.get_one(WorkOrder, action.order_id, with_for_update=True)
    now = datetime.now(UTC)
    if action.verb == "acceptance":
        work_orders.accept(session, order, by=dora, now=now)
    else:
        runs.complete_order(session, order, action.answers, by=dora, now=now)


def _found(session: Session, count: int, now: datetime) -> Person:
    groups = [Group(key=key, name=zh, name_en=en) for key, (zh, en) in GROUPS.items()]
    dora = Person(login="dora", name="Dora", roles=["dispatcher"], created_at=now)
    bank = Customer(code="C-1", name="海东银行", name_en="Haidong Bank", grade="AAA", city="海州")
    sites = [Site(code=code, name=code, city="海州") for code in ("HZ-DJ", "HZ-CB")]
    session.add_all([*groups, dora, bank, *sites])
    session.flush()
    session.add(Contact(customer_id=bank.id, name="王敏", email="wang@bank.example"))
    session.add_all(
        Circuit(
            code=f"HD-DIA-{number}",
            customer_id=bank.id,
            product="DIA",
            grade="AAA",
            megabits=100,
            a_site_id=sites[0].id,
            z_site_id=sites[1].id,
        )
        for number in range(count)
    )
    return dora


def _open(session: Session, dora: Person, number: int, now: datetime) -> None:
    began = (now - timedelta(minutes=10)).isoformat()
    told = {"circuit_code": f"HD-DIA-{number}", "started_at": began}
    call = {**example("fault_intake.json"), **told}
    ticket = tickets.report(session, call, by=dora, now=now)
    first = session.exec(select(WorkOrder).where(WorkOrder.run_id == ticket.run_id)).one()
    work_orders.accept(session, first, by=dora, now=now)
