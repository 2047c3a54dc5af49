"""What orders of services look like from outside. Used by service_orders.py."""

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Turn
from api.facts import Facts
from api.paging import Asked
from records import Circuit, Customer, ServiceOrder, Site, WorkOrder
from tasks.field import visits
from tasks.orders import allocations, order_times
from tasks.orders.order_states import KINDS, STATES, subject_of

Kind = Literal["new", "change", "move", "cease"]


class OrderGiven(Given):
    kind: Kind
    customer: str = Field(max_length=100, description="Its code", examples=["C-000017"])
    circuit: str = Field("", max_length=100, description="Of what is changed, moved or ceased")
    product: str = Field("", max_length=40, examples=["DIA"])
    megabits: int | None = Field(None, ge=0, le=1_000_000)
    grade: str | None = Field(None, max_length=10)
    is_protected: bool | None = None
    a_site: str = Field("", max_length=100, description="A site's code")
    z_site: str = Field("", max_length=100)
    promised_at: AwareDatetime | None = None
    external_key: str = Field("", max_length=100, description="What the other system calls it")
    details: Facts = Field(
        default_factory=dict, description="Interface, contact, access hours, rack, power, earth"
    )


class OrderChanged(Given):
    """What is left out stays as it is."""

    reason: str = Field(max_length=2_000)
    product: str | None = Field(None, max_length=40)
    megabits: int | None = Field(None, ge=0, le=1_000_000)
    grade: str | None = Field(None, max_length=10)
    is_protected: bool | None = None
    a_site: str | None = Field(None, max_length=100)
    z_site: str | None = Field(None, max_length=100)
    promised_at: AwareDatetime | None = None


class Postponement(Given):
    reason: str = Field(max_length=2_000, examples=["客户机房装修"])
    resume_at: AwareDatetime


class Reason(Given):
    reason: str = Field(max_length=2_000)


class FileGiven(Given):
    text: str = Field(max_length=1_000_000, description="CSV with a line of column names")
    is_dry: bool = Field(False, description="Only say what would become of each row")


class RowShown(BaseModel):
    line: int
    outcome: Literal["new", "same", "refused"]
    number: str | None = None
    id: int | None = None
    fields: list[dict[str, str]] = []


class FileShown(BaseModel):
    new: int
    same: int
    refused: int
    rows: list[RowShown]


class OrderShown(BaseModel):
    id: int
    number: str = Field(examples=["SO-20260311-17"])
    kind: Kind
    kind_zh: str
    state: str
    state_zh: str
    customer: str = Field(description="Its code")
    customer_name: str
    circuit: str | None
    product: str
    megabits: int
    grade: str
    is_protected: bool
    a_site: str
    z_site: str
    external_key: str | None
    promised_at: datetime | None
    run_id: int | None
    amendments: int
    postponed_at: datetime | None
    resume_at: datetime | None
    opened_by: str
    opened_at: datetime
    accepted_at: datetime | None
    rent_from: datetime | None
    rent_until: datetime | None
    inspect_by: datetime | None = Field(description="Of the first inspection")
    ended_at: datetime | None
    revision: int


class AllocationShown(BaseModel):
    kind: str
    key: str
    unit: str
    state: str
    held_at: datetime


class OpenOrder(BaseModel):
    id: int
    element: str
    title: str
    group: str
    state: str
    holder: str | None


class OrderInFull(OrderShown):
    details: dict[str, Any]
    limits: dict[str, Any]
    summary: dict[str, Any]
    design: dict[str, Any]
    test: dict[str, Any]
    acceptance: dict[str, Any]
    closing: dict[str, Any]
    allocations: list[AllocationShown]
    visits: list[int]
    work_orders: list[OpenOrder] = Field(description="Those that are open")


class MomentShown(BaseModel):
    at: datetime
    what: str
    subject: str
    by: str


class TimesShown(BaseModel):
    timeline: list[MomentShown]
    segments: dict[str, float] = Field(description="Minutes")
    visits: int = Field(description="That were done")


class OrderFilter(Asked):
    kind: Kind | None = None
    state: str | None = None
    customer: str | None = Field(None, max_length=100, description="A code")
    external_key: str | None = Field(None, max_length=100)
    is_open: bool | None = Field(None, alias="open")


def show_order(turn: Turn, order: ServiceOrder) -> OrderShown:
    session = turn.session
    customer = session.get_one(Customer, order.customer_id)
    circuit = session.get(Circuit, order.circuit_id) if order.circuit_id else None
    ends = {
        f"{end}_site": session.get_one(Site, getattr(order, f"{end}_site_id")).code for end in "az"
    }
    told = {k: getattr(order, k) for k in OrderShown.model_fields if hasattr(order, k)}
    words = {"kind_zh": KINDS[order.kind][0], "state_zh": STATES[order.state][0]}
    whose = {"customer": customer.code, "customer_name": customer.name}
    return OrderShown(**told, **words, **whose, **ends, circuit=circuit.code if circuit else None)


def in_full(turn: Turn, order: ServiceOrder) -> OrderInFull:
    session = turn.session
    session.flush()
    parts = ("details", "limits", "summary", "design", "test", "acceptance", "closing")
    held = allocations.held_by(session, order)
    is_open = col(WorkOrder.finished_at).is_(None)
    mine = select(WorkOrder).where(WorkOrder.run_id == (order.run_id or 0), is_open)
    return OrderInFull(
        **show_order(turn, order).model_dump(),
        **{part: getattr(order, part) for part in parts},
        allocations=[AllocationShown.model_validate(row, from_attributes=True) for row in held],
        visits=[visit.id for visit in visits.of_subject(session, subject_of(order))],
        work_orders=[_show_work(each) for each in session.exec(mine.order_by(col(WorkOrder.id)))],
    )


def show_times(turn: Turn, order: ServiceOrder) -> TimesShown:
    session = turn.session
    found = visits.of_subject(session, subject_of(order))
    return TimesShown(
        timeline=[MomentShown(**each) for each in order_times.timeline(session, order)],
        segments=order_times.segments(session, order, turn.now),
        visits=sum(visit.state == "finished" for visit in found),
    )


def _show_work(one: WorkOrder) -> OpenOrder:
    told = {k: getattr(one, k) for k in ("id", "element", "title", "state", "holder")}
    return OpenOrder(**told, group=one.group_key)
