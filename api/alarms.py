"""JSON: alarms from the network. Kept before the answer (202); acted on afterwards."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Id, Turn, allow, make_router
from api.facts import Facts
from api.paging import Asked, Page, narrow, page
from records import Alarm, Device
from tasks.network import alarms
from tasks.network.senders import check_senders

router = make_router("alarms")
SORTS = {
    "raised_at": (col(Alarm.raised_at), col(Alarm.id)),
    "id": (col(Alarm.id),),
}
FILTERS = {
    "source": col(Alarm.source),
    "object": col(Alarm.object),
    "cause": col(Alarm.cause),
    "severity": col(Alarm.severity),
    "ticket": col(Alarm.ticket_id),
    "group": col(Alarm.group_id),
    "planned_work": col(Alarm.planned_work_id),
    "is_flapping": col(Alarm.is_flapping),
}
# Of a filter that is a yes or no: the column that is empty where it is a no.
STATES = {
    "is_cleared": col(Alarm.cleared_at),
    "is_acknowledged": col(Alarm.acknowledged_at),
    "is_shelved": col(Alarm.shelved_until),
    "is_shielded": col(Alarm.planned_work_id),
}


class AlarmGiven(Given):
    source: str = Field(examples=["ems-3"])
    object: str = Field(description="A device's code, or DEVICE/part", examples=["HZ-1/GE1/0/7"])
    cause: str = Field(description="X.733 probable cause", examples=["lossOfSignal"])
    raised_at: AwareDatetime
    is_clear: bool = False
    severity: str = Field("major", examples=["critical"])
    external_id: str = Field("", max_length=200)
    text: str = Field("", max_length=2_000)
    raw: Facts = Field(default_factory=dict, description="What else the source sent")


class AlarmsGiven(Given):
    alarms: list[AlarmGiven] = Field(min_length=1, max_length=alarms.MOST)


class Taken(BaseModel):
    taken: int


class AlarmShown(BaseModel):
    id: int
    source: str
    object: str
    cause: str
    severity: str
    alarm_type: str = Field(examples=["communicationsAlarm"])
    specific_problem: str = Field(description="What its own system calls it")
    external_id: str
    text: str
    tally: int
    raised_at: datetime
    last_at: datetime
    cleared_at: datetime | None
    received_at: datetime
    device_id: int | None
    ticket_id: int | None
    receipt_id: int | None = Field(description="The delivery that told of it first")
    group_id: int | None
    is_flapping: bool = Field(description="Raised too often: one alarm that goes on")
    planned_work_id: int | None = Field(description="What shields it, or did until it was clear")
    act_at: datetime | None = Field(description="When it is to be acted on: held off until then")
    acknowledged_at: datetime | None
    acknowledged_by: str
    shelved_until: datetime | None
    shelved_by: str


class AlarmFilter(Asked):
    source: str | None = None
    object: str | None = None
    cause: str | None = None
    severity: str | None = None
    ticket: int | None = None
    group: int | None = None
    planned_work: int | None = None
    device: str | None = Field(None, description="Its code")
    is_active: bool | None = Field(None, alias="active")
    is_acknowledged: bool | None = Field(None, alias="acknowledged")
    is_shelved: bool | None = Field(None, alias="shelved")
    is_shielded: bool | None = Field(None, alias="shielded")
    is_flapping: bool | None = Field(None, alias="flapping")

    @property
    def is_cleared(self) -> bool | None:
        return None if self.is_active is None else not self.is_active


@router.post("", status_code=202)
def receive(given: AlarmGiven, turn: Turn = allow("alarms:send")) -> Taken:
    return _receive(turn, [given])


@router.post("/batches", status_code=202)
def receive_batch(given: AlarmsGiven, turn: Turn = allow("alarms:send")) -> Taken:
    """All of them, or, if one is wrong, none."""
    return _receive(turn, given.alarms)


@router.get("")
def list_alarms(
    asked: Annotated[AlarmFilter, Query()], turn: Turn = allow("alarms:read")
) -> Page[AlarmShown]:
    rows = narrow(select(Alarm), asked, FILTERS)
    for name, column in STATES.items():
        wanted = getattr(asked, name)
        if wanted is not None:
            rows = rows.where(column.is_not(None) if wanted else column.is_(None))
    if asked.device is not None:
        one = select(Device.id).where(Device.code == asked.device).scalar_subquery()
        rows = rows.where(col(Alarm.device_id) == one)
    return page(turn.session, rows, asked, sorts=SORTS, default="-raised_at", show=show_alarm)


@router.get("/{id}")
def show(id: Id, turn: Turn = allow("alarms:read")) -> AlarmShown:
    return show_alarm(turn.find(Alarm, id))


def show_alarm(alarm: Alarm) -> AlarmShown:
    told = alarm.model_dump()
    if alarm.acknowledged_at is None:  # it got worse, and history is yet to say who had seen it
        told["acknowledged_by"] = ""
    return AlarmShown.model_validate(told)


def _receive(turn: Turn, given: list[AlarmGiven]) -> Taken:
    check_senders(turn.session, (one.source for one in given), by=turn.person, now=turn.now)
    reports = [alarms.Report(**one.model_dump()) for one in given]
    return Taken(taken=alarms.receive(turn.session, reports, now=turn.now))
