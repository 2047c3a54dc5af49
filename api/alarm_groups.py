"""JSON: groups of alarms: root, what it hits, what was decided; and how to set them right."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.alarms import AlarmShown, show_alarm
from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, narrow, page
from records import Alarm, AlarmGroup
from tasks.network import affected, group_changes, topology

router = make_router("alarm-groups")
Kind = Literal["site", "device", "card", "duct", "section", "port", "circuit", "object"]
SORTS = {
    "raised_at": (col(AlarmGroup.raised_at), col(AlarmGroup.id)),
    "last_at": (col(AlarmGroup.last_at), col(AlarmGroup.id)),
    "circuits": (col(AlarmGroup.circuits), col(AlarmGroup.id)),
    "id": (col(AlarmGroup.id),),
}
FILTERS = {
    "kind": col(AlarmGroup.root_kind),
    "object": col(AlarmGroup.root_object),
    "priority": col(AlarmGroup.priority),
    "action": col(AlarmGroup.action),
    "severity": col(AlarmGroup.severity),
    "ticket": col(AlarmGroup.ticket_id),
}


class GroupShown(BaseModel):
    id: int
    root_kind: Kind
    root_id: int | None
    root_object: str = Field(examples=["GL-000417"])
    root_alarm_id: int | None = Field(description="null: the root was inferred")
    layer: int = Field(description="1 power and site … 7 equipment at the customer's")
    cause: str
    severity: str
    impact: str = Field(examples=["outage"])
    priority: str = Field(description="P1 to P4; empty: no ticket")
    action: str = Field(examples=["ticket"])
    alarms: int
    circuits: int
    customers: int
    aaa: int
    ticket_id: int | None
    taken_over_by: int | None = Field(description="A group that knows the root better")
    raised_at: datetime
    last_at: datetime
    opened_at: datetime
    cleared_at: datetime | None = Field(description="Its root is clear, for now")
    over_at: datetime | None = Field(description="Clear for good")


class GroupWithReasons(GroupShown):
    decision: dict[str, Any] = Field(description="The row of alarm_priority, and what it knew")


class HitShown(BaseModel):
    circuit_id: int
    customer_id: int
    grade: str
    impact: str
    product: str
    is_protected: bool
    manageability: str


class Impact(BaseModel):
    """As it is now, by inventory."""

    circuits: int
    customers: int
    aaa: int
    at_risk: int
    hits: list[HitShown]


class TakingOver(Given):
    group: int = Field(ge=1, lt=2**63, description="The one that is taken over")
    reason: str = Field(max_length=2_000)


class Release(Given):
    alarms: list[int] = Field(min_length=1, max_length=group_changes.MOST)
    reason: str = Field(max_length=2_000)


class GroupFilter(Asked):
    kind: Kind | None = None
    object: str | None = Field(None, max_length=200)
    priority: str | None = Field(None, max_length=4)
    action: str | None = Field(None, max_length=20)
    severity: str | None = Field(None, max_length=20)
    ticket: int | None = None
    is_open: bool | None = Field(None, alias="open")


@router.get("")
def list_groups(
    asked: Annotated[GroupFilter, Query()], turn: Turn = allow("alarms:read")
) -> Page[GroupShown]:
    rows = narrow(select(AlarmGroup), asked, FILTERS)
    if asked.is_open is not None:
        over = col(AlarmGroup.over_at)
        rows = rows.where(over.is_(None) if asked.is_open else over.is_not(None))
    return page(turn.session, rows, asked, sorts=SORTS, default="-raised_at", show=show_group)


@router.get("/{id}")
def show(id: Id, turn: Turn = allow("alarms:read")) -> GroupWithReasons:
    return GroupWithReasons.model_validate(turn.find(AlarmGroup, id).model_dump())


@router.get("/{id}/members")
def list_members(
    id: Id, asked: Annotated[Asked, Query()], turn: Turn = allow("alarms:read")
) -> Page[AlarmShown]:
    """Its alarms, the oldest first; the root's own is `root_alarm_id`."""
    turn.find(AlarmGroup, id)
    rows = select(Alarm).where(Alarm.group_id == id)
    sorts = {"id": (col(Alarm.id),), "raised_at": (col(Alarm.raised_at), col(Alarm.id))}
    return page(turn.session, rows, asked, sorts=sorts, default="raised_at", show=show_alarm)


@router.get("/{id}/impact")
def show_impact(id: Id, turn: Turn = allow("circuits:read")) -> Impact:
    one = turn.find(AlarmGroup, id)
    root = one.root_kind, one.root_id, one.root_object
    hits = affected.hit_by(turn.session, *root, impact=one.impact, besides=one.id)
    shown = [HitShown.model_validate(hit, from_attributes=True) for hit in hits]
    return Impact(**affected.sums_of(hits), hits=shown)


@router.post("/{id}/takeovers")
def take_over(id: Id, given: TakingOver, turn: Turn = allow("tickets:steer")) -> GroupWithReasons:
    """归并: the other group has the same root."""
    one, other = turn.find(AlarmGroup, id), turn.find(AlarmGroup, given.group)
    turn.about(f"alarm group:{id}")
    told: dict[str, Any] = {"reason": given.reason, "by": turn.person, "now": turn.now}
    group_changes.take_over(turn.session, one, other, **told)
    return GroupWithReasons.model_validate(one.model_dump())


@router.post("/{id}/releases", status_code=201)
def release(id: Id, given: Release, turn: Turn = allow("tickets:steer")) -> GroupWithReasons:
    """拆分: these alarms have another root. The new group."""

    def make() -> GroupWithReasons:
        one, net = turn.find(AlarmGroup, id), topology.of(turn.session, now=turn.now)
        told: dict[str, Any] = {"reason": given.reason, "by": turn.person, "now": turn.now}
        new = group_changes.release(turn.session, one, given.alarms, net, **told)
        return GroupWithReasons.model_validate(new.model_dump())

    turn.about(f"alarm group:{id}")
    return once(turn, make)


def show_group(group: AlarmGroup) -> GroupShown:
    return GroupShown.model_validate(group.model_dump())
