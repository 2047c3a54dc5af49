"""JSON: what people make of an alarm, or of many at once: acknowledged, shelved, commented. The
network: alarms.py.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Body
from pydantic import AwareDatetime, BaseModel, Field

from api.alarms import AlarmShown, show_alarm
from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.problems import FieldProblem, tell
from records import Alarm, Entry
from tasks.network import alarm_states, bulk_states
from tasks.refusals import Refusal, wrong

router = make_router("alarms")
NEEDED = {"shelve": ("until", "reason"), "unshelve": (), "acknowledge": (), "unacknowledge": ()}
MAY_HAVE = {"acknowledge": ("note",), "unacknowledge": (), "shelve": (), "unshelve": ()}


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


class Changes(Given):
    alarms: list[Annotated[int, Field(ge=1, le=2**63 - 1)]] = Field(
        min_length=1, max_length=bulk_states.MOST
    )
    change: Literal["acknowledge", "unacknowledge", "shelve", "unshelve"]
    note: str | None = Field(None, max_length=2_000, description="Of acknowledge")
    until: AwareDatetime | None = Field(None, description="Of shelve")
    reason: str | None = Field(None, max_length=2_000, description="Of shelve")


class ChangeResult(BaseModel):
    """Of one alarm: what it is now, or why it was left as it was."""

    id: int
    is_done: bool
    alarm: AlarmShown | None = None
    status: int = Field(200, description="As where it had been asked for alone")
    code: str = Field("", examples=["conflict"])
    zh: str = ""
    en: str = ""
    fields: list[FieldProblem] = []


class ChangesDone(BaseModel):
    done: int
    refused: int
    results: list[ChangeResult] = Field(description="In the order in which they were asked for")


@router.post("/changes")
def change_many(given: Changes, turn: Turn = allow("alarms:handle")) -> ChangesDone:
    """Each is done or refused by itself."""
    return once(turn, lambda: _change_all(given, turn))


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


def _change_all(given: Changes, turn: Turn) -> ChangesDone:
    told = _told(given)
    by, now = turn.person, turn.now
    found = bulk_states.change_all(turn.session, given.alarms, given.change, **told, by=by, now=now)
    results = [_result(turn, id, found[id]) for id in given.alarms]
    done = sum(one.is_done for one in results)
    return ChangesDone(done=done, refused=len(results) - done, results=results)


def _told(given: Changes) -> dict[str, Any]:
    """What the change needs has to be there, and nothing else."""
    needed = NEEDED[given.change]
    told = {name: getattr(given, name) for name in ("note", "until", "reason")}
    for name, value in told.items():
        if value is None and name in needed:
            raise wrong(name, "必填", "is required")
        if value is not None and name not in (*needed, *MAY_HAVE[given.change]):
            raise wrong(name, f"{given.change} 不用填", f"is of no use to {given.change}")
    return {name: value for name, value in told.items() if value is not None}


def _result(turn: Turn, id: int, made: Alarm | Refusal) -> ChangeResult:
    if isinstance(made, Alarm):
        return ChangeResult(id=id, is_done=True, alarm=show_alarm(made))
    said, status = tell(made), turn.request.app.state.status_of(made)
    told = {"code": said.code, "zh": said.zh, "en": said.en, "fields": said.fields}
    return ChangeResult(id=id, is_done=False, status=status, **told)
