"""JSON: what people make of an alarm: acknowledged, shelved, commented. The network: alarms.py."""

from datetime import datetime
from typing import Annotated

from fastapi import Body
from pydantic import AwareDatetime, BaseModel, Field

from api.alarms import AlarmShown, show_alarm
from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from records import Alarm, Entry
from tasks.network import alarm_states

router = make_router("alarms")


class Acknowledgement(Given):
    note: str = Field("", max_length=2_000)


class Shelf(Given):
    until: AwareDatetime
    reason: str = Field(max_length=2_000, examples=["设备待更换,已有工单"])


class Text(Given):
    text: str = Field(examples=["已电话联系机房"])


class CommentShown(BaseModel):
    at: datetime
    by: str
    text: str


@router.post("/{id}/acknowledgement")
def acknowledge(
    id: Id,
    given: Annotated[Acknowledgement, Body(default_factory=Acknowledgement)],
    turn: Turn = allow("alarms:handle"),
) -> AlarmShown:
    alarm = turn.find(Alarm, id)
    alarm_states.acknowledge(turn.session, alarm, note=given.note, by=turn.person, now=turn.now)
    return show_alarm(alarm)


@router.delete("/{id}/acknowledgement")
def unacknowledge(id: Id, turn: Turn = allow("alarms:handle")) -> AlarmShown:
    alarm = turn.find(Alarm, id)
    alarm_states.unacknowledge(turn.session, alarm, by=turn.person, now=turn.now)
    return show_alarm(alarm)


@router.post("/{id}/shelf")
def shelve(id: Id, given: Shelf, turn: Turn = allow("alarms:handle")) -> AlarmShown:
    """搁置: not acted on until then. Again: until another time."""
    alarm = turn.find(Alarm, id)
    until, reason = given.until, given.reason
    alarm_states.shelve(
        turn.session, alarm, until=until, reason=reason, by=turn.person, now=turn.now
    )
    return show_alarm(alarm)


@router.delete("/{id}/shelf")
def unshelve(id: Id, turn: Turn = allow("alarms:handle")) -> AlarmShown:
    alarm = turn.find(Alarm, id)
    alarm_states.unshelve(turn.session, alarm, by=turn.person, now=turn.now)
    return show_alarm(alarm)


@router.get("/{id}/comments")
def list_comments(id: Id, turn: Turn = allow("alarms:read")) -> list[CommentShown]:
    return [_show(one) for one in alarm_states.comments_of(turn.session, turn.find(Alarm, id))]


@router.post("/{id}/comments", status_code=201)
def comment(id: Id, given: Text, turn: Turn = allow("alarms:handle")) -> CommentShown:
    def make() -> CommentShown:
        alarm = turn.find(Alarm, id)
        alarm_states.comment(turn.session, alarm, given.text, by=turn.person, now=turn.now)
        return CommentShown(at=turn.now, by=turn.person.login, text=given.text)

    return once(turn, make)


def _show(entry: Entry) -> CommentShown:
    return CommentShown(at=entry.at, by=entry.by, text=entry.particulars["text"])
