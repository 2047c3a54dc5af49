"""JSON: reports. Where hours are lost between people, and those that were made each night."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import orjson
from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Turn, allow, make_router
from api.lengths import Length, show_seconds
from api.paging import Asked, Page, narrow, page
from records import Report
from tasks.access.groups import name_groups
from tasks.refusals import NotFound, wrong
from tasks.timelines import hand_offs
from tasks.timelines.hand_offs import Rank, Ranking

router = make_router("reports")
WEEK = timedelta(days=7)
LONGEST = timedelta(days=732)
SORTS = {"period": (col(Report.period), col(Report.id))}
INTAKE = ("受理", "intake")  # where the first hand-off of a ticket comes from


class HandOffFilter(Given):
    since: AwareDatetime | None = Field(None, alias="from", description="A week ago, if left out")
    until: AwareDatetime | None = Field(None, description="Now, if left out")
    by: Literal["pair", "group", "element", "person"] = "pair"
    grade: str | None = Field(None, max_length=10)
    level: str | None = Field(None, max_length=10)
    city: str | None = Field(None, max_length=100)
    group: str | None = Field(None, max_length=100, description="Which had it before, or after")
    limit: int = Field(50, ge=1, le=200)


class Worst(BaseModel):
    ticket: int
    number: str = Field(examples=["FT-20260311-417"])
    length: Length


class RankShown(BaseModel):
    zh: str = Field(examples=["调度 → 外线班组,线路现场"])
    en: str = Field(examples=["Dispatch → Field crew at Line, on site"])
    key: dict[str, str] = Field(
        examples=[{"from_group": "dispatch", "group_key": "field", "element": "line_on_site"}]
    )
    count: int
    total: Length
    share: float = Field(description="Of all hand-off hours of the period")
    share_of_time: float = Field(description="Of the net time of all its tickets")
    median: Length
    p80: Length
    worst: list[Worst]


class RankingShown(BaseModel):
    """Hand-offs (queue and wait_internal) of the tickets that were over in the period."""

    since: datetime
    until: datetime
    by: str
    tickets: int
    hand_offs: int
    total: Length
    net: Length = Field(description="Of these tickets")
    share: float = Field(description="Of hand-offs in the net time")
    ranks: list[RankShown]


class ReportShown(BaseModel):
    kind: str = Field(examples=["hand-offs"])
    period: str = Field(examples=["2026-03-11"])
    made_at: datetime


class ReportInFull(ReportShown):
    content: dict[str, Any]


class ReportFilter(Asked):
    kind: str | None = Field(None, max_length=40)


@router.get("", summary="The reports that were made, newest period first")
def index(
    asked: Annotated[ReportFilter, Query()], turn: Turn = allow("reports:read")
) -> Page[ReportShown]:
    rows = narrow(select(Report), asked, {"kind": col(Report.kind)})
    return page(turn.session, rows, asked, sorts=SORTS, default="-period", show=_show_report)


@router.get("/hand-offs", summary="Where hours are lost between people")
def rank_hand_offs(
    asked: Annotated[HandOffFilter, Query()], turn: Turn = allow("reports:read")
) -> RankingShown:
    until = asked.until or turn.now
    since = asked.since or until - WEEK
    if not since < until or until - since > LONGEST:
        zh, en = "须早于 until,且不超过两年", "has to be before until, by two years at most"
        raise wrong("from", zh, en)
    told = {name: getattr(asked, name) or "" for name in ("grade", "level", "city", "group")}
    found = hand_offs.rank(turn.session, since, until, by=asked.by, narrow=told, limit=asked.limit)
    return show_ranking(found, name_groups(turn.session))


@router.get("/{kind}/{period}", summary="One report, as it was made")
def show(kind: str, period: str, turn: Turn = allow("reports:read")) -> ReportInFull:
    of = select(Report).where(Report.kind == kind, Report.period == period)
    report = turn.session.exec(of).first()
    if report is None:
        raise NotFound(
            f"没有 {period} 的“{kind}”报表,每天凌晨生成前一天的",
            f"There is no report “{kind}” of {period}: each night that of the day before is made",
        )
    return ReportInFull(**_show_report(report).model_dump(), content=orjson.loads(report.content))


def _show_report(report: Report) -> ReportShown:
    return ReportShown(kind=report.kind, period=report.period, made_at=report.made_at)


def show_ranking(found: Ranking, names: dict[str, tuple[str, str]]) -> RankingShown:
    return RankingShown(
        since=found.since,
        until=found.until,
        by=found.by,
        tickets=found.tickets,
        hand_offs=found.hand_offs,
        total=show_seconds(found.seconds),
        net=show_seconds(found.net_seconds),
        share=found.share,
        ranks=[_show_rank(one, names) for one in found.ranks],
    )


def _show_rank(one: Rank, names: dict[str, tuple[str, str]]) -> RankShown:
    zh, en = _say(one, names)
    return RankShown(
        zh=zh,
        en=en,
        key=one.key,
        count=one.count,
        total=show_seconds(one.seconds),
        share=one.share,
        share_of_time=one.share_of_time,
        median=show_seconds(one.median),
        p80=show_seconds(one.p80),
        worst=[Worst(**{**told, "length": show_seconds(told["seconds"])}) for told in one.worst],
    )


def _say(one: Rank, names: dict[str, tuple[str, str]]) -> tuple[str, str]:
    zh, _, en = one.title.partition(" / ")
    title = (zh or one.key.get("element", ""), en or zh or one.key.get("element", ""))
    if "person" in one.key:
        person = one.key["person"]
        return person or "无人接单", person or "nobody took it"
    if "group_key" not in one.key:
        return title
    to = names.get(one.key["group_key"], (one.key["group_key"] or "无班组",) * 2)
    if "from_group" not in one.key:
        return to
    came = names.get(one.key["from_group"], INTAKE)
    return f"{came[0]} → {to[0]},{title[0]}", f"{came[1]} → {to[1]} at {title[1]}"
