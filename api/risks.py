"""JSON: which tickets will miss their limit, and how good such forecasts have been."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field

from api.clocks import Said
from api.deps import Given, Turn, allow, make_router
from api.lengths import Length, show_seconds
from tasks.refusals import wrong
from tasks.timelines import forecasts, risks
from tasks.timelines.risks import Risk
from tasks.timelines.stages import name_stage

router = make_router("reports")
MONTH = timedelta(days=30)


class RiskFilter(Given):
    within: float = Field(12, gt=0, le=240, description="Hours in which the limit ends")
    least: float = Field(0, ge=0, le=1, description="The probability from which on to show it")
    limit: int = Field(100, ge=1, le=500)


class RiskShown(BaseModel):
    """An open ticket. Times are net: without suspensions."""

    ticket: int
    number: str = Field(examples=["FT-20260311-417"])
    title: str
    state: str
    grade: str
    level: str
    probability: float = Field(description="That the restore limit will be missed", examples=[0.62])
    stage: str = Field(examples=["repair"])
    stage_zh: str
    stage_en: str
    in_stage: Length
    remaining: Length
    due_at: datetime | None = Field(description="None while it is suspended")
    p50: Length = Field(description="In which half of such tickets are restored, from now on")
    p80: Length
    basis: int = Field(description="How many past tickets say so")
    reasons: list[Said]


class PeriodFilter(Given):
    since: AwareDatetime | None = Field(None, alias="from", description="30 days ago if left out")
    until: AwareDatetime | None = Field(None, description="Now, if left out")


class BinShown(BaseModel):
    least: float
    below: float
    count: int
    predicted: float = Field(description="The mean of these forecasts")
    happened: float = Field(description="The share of them that came true")


class CalibrationShown(BaseModel):
    """Forecasts of the period whose outcome is known, in tenths; and how early breaches were seen.

    `brier`: the mean of (predicted - happened)²: 0 is best, 0.25 is what a coin comes to.
    """

    since: datetime
    until: datetime
    count: int
    tickets: int
    brier: float | None
    bins: list[BinShown]
    breaches: int
    warned: int = Field(description="Breaches that were foretold with 0.5 or more")
    early: int = Field(description="Of these, at least 40 minutes ahead")
    lead: Length | None = Field(description="The median of how far ahead")


@router.get("/risks", summary="Tickets that may miss their limit, the likeliest first")
def list_risks(
    asked: Annotated[RiskFilter, Query()], turn: Turn = allow("reports:read")
) -> list[RiskShown]:
    within = timedelta(hours=asked.within)
    found = risks.find_risks(
        turn.session, turn.now, within=within, least=asked.least, limit=asked.limit
    )
    return [_show(risk) for risk in found]


@router.get("/calibration", summary="What was foretold, and what came of it")
def calibrate(
    asked: Annotated[PeriodFilter, Query()], turn: Turn = allow("reports:read")
) -> CalibrationShown:
    until = asked.until or turn.now
    since = asked.since or until - MONTH
    if since >= until:
        raise wrong("from", "须早于 until", "has to be before until")
    found = forecasts.calibrate(turn.session, since, until)
    told = {name: getattr(found, name, None) for name in CalibrationShown.model_fields}
    lead = None if found.lead_seconds is None else show_seconds(found.lead_seconds)
    bins = [BinShown.model_validate(one, from_attributes=True) for one in found.bins]
    return CalibrationShown(**told | {"lead": lead, "bins": bins})


def _show(risk: Risk) -> RiskShown:
    zh, en = name_stage(risk.stage)
    alike = ("number", "title", "state", "grade", "level")
    return RiskShown(
        ticket=risk.ticket.id,
        **{name: getattr(risk.ticket, name) for name in alike},
        probability=risk.odds.probability,
        stage=risk.stage,
        stage_zh=zh,
        stage_en=en,
        in_stage=show_seconds(risk.age),
        remaining=show_seconds(risk.remaining),
        due_at=risk.due_at,
        p50=show_seconds(risk.odds.p50),
        p80=show_seconds(risk.odds.p80),
        basis=risk.odds.basis,
        reasons=[Said(**reason) for reason in risk.reasons],
    )
