"""JSON: where the time of a ticket went. The bar, its sums, the hand-offs by name, the clocks."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field

from api.clocks import ClockShown, show_clocks
from api.deps import Id, Turn, allow, make_router
from api.lengths import Length, show_length
from records import Ticket
from tasks.access.groups import name_groups
from tasks.sla.clock_words import Reasons, name_reason
from tasks.sla.clocks import reasons_of
from tasks.timelines.segments import HAND_OFF, KINDS, NO_ORDER, Stretch, cut, net, total
from tasks.timelines.stages import name_stage
from tasks.timelines.time_spent import Gap, hand_offs_of, shares, stretches_of, sums

router = make_router("tickets")
Names = dict[str, tuple[str, str]]
SYSTEM = ("系统", "system")
NOBODY = ("没有工单", "no work order")


class StretchShown(BaseModel):
    """A piece of the bar. Whom it came from is told of `queue` and `wait_internal` only."""

    kind: str = Field(examples=["queue"])
    kind_zh: str = Field(examples=["待接单"])
    kind_en: str = Field(examples=["in queue"])
    started_at: datetime
    ended_at: datetime
    length: Length
    stops_clock: bool = Field(description="The ticket was suspended: net time is without it")
    after_restore: bool = Field(description="The service was back by then")
    ticket: int = Field(description="Whose time it is: a child's goes on as its parent's")
    work_order: int | None
    element: str = Field(examples=["line_on_site"])
    title: str = Field(examples=["线路现场 / Line, on site"])
    stage: str = Field(examples=["repair"])
    group: str = Field(examples=["field"])
    person: str
    taken_by: str = Field(examples=["liu"])
    from_group: str = Field(examples=["dispatch"])
    from_person: str = Field(examples=["dora"])
    from_element: str = Field(examples=["judge"])
    reason: str = Field(examples=["no_access"])
    reason_zh: str = Field(examples=["客户拒绝或无法提供进场"])
    reason_en: str


class Part(BaseModel):
    """What one person, group, stage or kind had of the time."""

    key: str = Field(examples=["field"])
    zh: str = Field(examples=["外线班组"])
    en: str = Field(examples=["Field crew"])
    length: Length
    share: float = Field(ge=0, le=1, description="Of all the time; the shares add up to 1")


class HandOffShown(BaseModel):
    from_group: str
    from_person: str
    to_group: str
    element: str
    work_order: int | None
    started_at: datetime
    ended_at: datetime
    length: Length
    taken_by: str
    zh: str = Field(examples=["调度 → 外线班组,线路现场:23 分钟,liu 接单"])
    en: str = Field(examples=["Dispatch → Field crew at Line, on site: 23 min, accepted by liu"])


class Totals(BaseModel):
    gross: Length = Field(description="From opened until over, or now: what the bar covers")
    net: Length = Field(description="Gross without suspensions of the ticket")
    stopped: Length
    to_restore_gross: Length = Field(description="From opened until the service was back, or now")
    to_restore_net: Length = Field(description="What the restore limit is measured against")
    outage: Length = Field(description="From when the fault began until the service was back")
    before_opened: Length = Field(description="From when the fault began until we knew of it")


class TimeSpent(BaseModel):
    """`bar` covers every second from opened until over, or `as_of`, each in one kind."""

    ticket_id: int
    number: str = Field(examples=["FT-20260311-417"])
    state: str
    as_of: datetime
    started_at: datetime
    opened_at: datetime
    restored_at: datetime | None
    closed_at: datetime | None
    bar: list[StretchShown]
    totals: Totals
    kinds: list[Part]
    stages: list[Part]
    groups: list[Part] = Field(description="By lane; what nobody's lane had is under “”")
    people: list[Part]
    hand_off_share: float = Field(description="(queue + wait_internal) / net")
    travel_share: float = Field(description="travel / net")
    hand_offs: list[HandOffShown]
    clocks: list[ClockShown]


@router.get("/{id}/time", summary="Where the time of a ticket went")
def show_time(id: Id, turn: Turn = allow("tickets:read")) -> TimeSpent:
    return tell_time(turn, turn.find(Ticket, id))


def tell_time(turn: Turn, ticket: Ticket, at: datetime | None = None) -> TimeSpent:
    """`at`: as it was then; as it is where that is None."""
    bar, names = stretches_of(turn.session, ticket, turn.now), name_groups(turn.session)
    bar = cut(bar, bar[0].started_at, at) if at else bar
    reasons = {**reasons_of(turn.session), NO_ORDER: dict(zip(("zh", "en"), NOBODY, strict=True))}
    alike = ("number", "state", "started_at", "opened_at", "restored_at", "closed_at")
    return TimeSpent(
        ticket_id=ticket.id,
        as_of=at or turn.now,
        **{name: getattr(ticket, name) for name in alike},
        bar=[_show_stretch(one, reasons) for one in bar],
        totals=_totals(ticket, bar),
        kinds=_parts(bar, lambda one: one.kind, KINDS.__getitem__, tuple(KINDS)),
        stages=_parts(bar, lambda one: one.stage, name_stage),
        groups=_parts(bar, lambda one: one.group, lambda key: names.get(key, (key, key))),
        people=_parts(bar, lambda one: one.person, lambda key: (key, key)),
        hand_off_share=_share(bar, HAND_OFF),
        travel_share=_share(bar, ("travel",)),
        hand_offs=[_show_hand_off(one, names, reasons) for one in hand_offs_of(bar)],
        clocks=show_clocks(turn.session, ticket, at or turn.now, is_past=at is not None),
    )


def _show_stretch(one: Stretch, reasons: Reasons) -> StretchShown:
    told: dict[str, Any] = {name: getattr(one, name, None) for name in StretchShown.model_fields}
    kind, reason = KINDS[one.kind], name_reason(reasons, one.reason)
    told |= dict(zip(("kind_zh", "kind_en"), kind, strict=True))
    told |= {"reason_zh": reason["zh"], "reason_en": reason["en"]}
    return StretchShown(**told | {"length": show_length(one.length)})


def _parts(
    bar: list[Stretch],
    key: Callable[[Stretch], str],
    name: Callable[[str], tuple[str, str]],
    known: tuple[str, ...] = (),
) -> list[Part]:
    lengths = sums(bar, key, known)
    share = shares(lengths)
    return [
        Part(key=one, zh=zh, en=en, length=show_length(length), share=share[one])
        for one, length in lengths.items()
        for zh, en in [name(one)]
    ]


def _totals(ticket: Ticket, bar: list[Stretch]) -> Totals:
    to_restore = [one for one in bar if not one.after_restore]
    end = ticket.restored_at or bar[-1].ended_at
    lengths = {
        "gross": total(bar),
        "net": net(bar),
        "stopped": total(bar) - net(bar),
        "to_restore_gross": total(to_restore),
        "to_restore_net": net(to_restore),
        "outage": max(end - ticket.started_at, timedelta()),
        "before_opened": max(ticket.opened_at - ticket.started_at, timedelta()),
    }
    return Totals(**{name: show_length(length) for name, length in lengths.items()})


def _share(bar: list[Stretch], kinds: tuple[str, ...]) -> float:
    whole = net(bar)
    return round(total(one for one in bar if one.kind in kinds) / whole, 4) if whole else 0.0


def _show_hand_off(one: Gap, names: Names, reasons: Reasons) -> HandOffShown:
    first, length = one.first, show_length(one.length)
    zh, en = _say(one, names, reasons, length)
    return HandOffShown(
        from_group=first.from_group,
        from_person=first.from_person,
        to_group=first.group,
        element=first.element,
        work_order=first.work_order,
        started_at=first.started_at,
        ended_at=one.stretches[-1].ended_at,
        length=length,
        taken_by=one.taken_by,
        zh=zh,
        en=en,
    )


def _say(one: Gap, names: Names, reasons: Reasons, length: Length) -> tuple[str, str]:
    """调度 → 外线班组,线路现场:23 分钟,liu 接单. And in English."""
    first = one.first
    came = names.get(first.from_group) or (first.from_person,) * 2
    from_zh, from_en = came if all(came) else SYSTEM
    to_zh, to_en = names.get(first.group, SYSTEM)
    at_zh, at_en = _title(first)
    how_zh, how_en = _how(one, reasons)
    return (
        f"{from_zh} → {to_zh},{at_zh}:{length.zh},{how_zh}",
        f"{from_en} → {to_en} at {at_en}: {length.en}, {how_en}",
    )


def _title(one: Stretch) -> tuple[str, str]:
    if one.reason == NO_ORDER:
        return NOBODY
    zh, _, en = one.title.partition(" / ")
    return zh or one.element, en or zh or one.element


def _how(one: Gap, reasons: Reasons) -> tuple[str, str]:
    if one.first.reason == NO_ORDER:
        return "等待派单", "waiting for one"
    if one.first.kind == "wait_internal":
        why = name_reason(reasons, one.first.reason)
        return f"内部等待({why['zh']})", f"waiting: {why['en']}"
    if one.taken_by:
        return f"{one.taken_by} 接单", f"accepted by {one.taken_by}"
    return "无人接单", "not accepted"
