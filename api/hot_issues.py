"""JSON: hot issues. A settlement, a push, a closure are nouns that are created on one."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, narrow, page
from bpmn import hot_issues as with_runs
from records import HotIssue
from tasks.cases import hot_issues
from tasks.learning import articles

router = make_router("hot-issues")
SORTS = {"amber_at": (col(HotIssue.amber_at), col(HotIssue.id)), "id": (col(HotIssue.id),)}
FILTERS = {
    "state": col(HotIssue.state),
    "theme": col(HotIssue.theme),
    "plan_state": col(HotIssue.plan_state),
}
State = Literal["amber", "red", "settled", "over"]


class HotIssueShown(BaseModel):
    id: int
    theme: str
    title: str
    title_en: str
    state: State
    state_zh: str
    state_en: str
    why: dict[str, Any] = Field(description="The rule that fired, what was counted, its limit")
    words: list[str]
    volume: int = Field(description="Cases of the last window")
    usual: float = Field(description="Cases of such a window in the days before")
    press: int = Field(description="Of them from the media or a regulator")
    sample: list[int] = Field(description="Cases to look at; all: /api/cases?hot_issue=")
    plan: str
    plan_state: str = Field(description="proposed, activated, declined")
    plan_ref: str
    article_id: int | None
    push_id: int | None
    answer: str
    seen_at: datetime
    amber_at: datetime
    red_at: datetime | None
    settled_at: datetime | None
    over_at: datetime | None


class Settled(HotIssueShown):
    told: int = Field(description="Cases that need be asked about no more")


class PushMade(BaseModel):
    push: int


class HotIssueFilter(Asked):
    state: State | None = None
    theme: str | None = Field(None, max_length=100)
    plan_state: Literal["proposed", "activated", "declined"] | None = None


class Settlement(Given):
    words: str = Field(max_length=10_000, description="What every case of it is told")


class Push(Given):
    article: int = Field(ge=1, le=2**63 - 1)
    note: str = Field("", max_length=2_000)


class PlanDecision(Given):
    state: Literal["activated", "declined"]
    ref: str = Field("", max_length=100, examples=["plan run:7"])
    reason: str = Field("", max_length=2_000)


class Reason(Given):
    reason: str = Field(min_length=1, max_length=2_000)


@router.get("")
def index(
    asked: Annotated[HotIssueFilter, Query()], turn: Turn = allow("hot-issues:read")
) -> Page[HotIssueShown]:
    rows = narrow(select(HotIssue), asked, FILTERS)
    return page(turn.session, rows, asked, sorts=SORTS, default="-amber_at", show=_show)


@router.get("/{id}")
def show(id: Id, turn: Turn = allow("hot-issues:read")) -> HotIssueShown:
    return _show(hot_issues.find(turn.session, id))


@router.post("/{id}/settlement", summary="One answer to all of its cases")
def settle(id: Id, given: Settlement, turn: Turn = allow("hot-issues:steer")) -> Settled:
    issue = _take(turn, id)
    told = with_runs.settle(turn.session, issue, given.words, by=turn.person, now=turn.now)
    return Settled.model_validate(_facts(issue) | {"told": told})


@router.post("/{id}/pushes", status_code=201, summary="Tell everybody who answers customers")
def push(id: Id, given: Push, turn: Turn = allow("hot-issues:steer")) -> PushMade:
    def make() -> PushMade:
        issue, article = _take(turn, id), articles.find(turn.session, given.article)
        told: Any = {"note": given.note, "by": turn.person, "now": turn.now}
        return PushMade(push=hot_issues.push(turn.session, issue, article, **told).id)

    return once(turn, make)


@router.put("/{id}/plan", summary="What became of the plan that was proposed")
def decide(id: Id, given: PlanDecision, turn: Turn = allow("hot-issues:steer")) -> HotIssueShown:
    issue, told = _take(turn, id), given.model_dump()
    hot_issues.decide_plan(turn.session, issue, **told, by=turn.person, now=turn.now)
    return _show(issue)


@router.post("/{id}/closure", summary="It is over")
def close(id: Id, given: Reason, turn: Turn = allow("hot-issues:steer")) -> HotIssueShown:
    issue = _take(turn, id)
    hot_issues.end(turn.session, issue, reason=given.reason, by=turn.person, now=turn.now)
    return _show(issue)


def _take(turn: Turn, id: int) -> HotIssue:
    turn.about(f"hot issue:{id}")
    return hot_issues.find(turn.session, id)


def _show(issue: HotIssue) -> HotIssueShown:
    return HotIssueShown.model_validate(_facts(issue))


def _facts(issue: HotIssue) -> dict[str, Any]:
    zh, en = hot_issues.STATES[issue.state]
    return issue.model_dump() | {"state_zh": zh, "state_en": en}
