"""JSON: cases. An answer, an acceptance, an invitation are nouns that are created on one."""

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.case_shapes import (
    Acceptance,
    Added,
    AnswerGiven,
    CaseInFull,
    CaseShown,
    HelpShown,
    Invitation,
    NewCase,
    PostShown,
    Withdrawal,
    Wording,
)
from api.deps import Id, Turn, allow, make_router
from api.once import once
from api.paging import Asked, Page, narrow, page, search
from bpmn import cases
from records import Case, CaseAsked, CasePost
from tasks.cases import case_causes, case_drafts, case_help, case_states, case_threads, hops
from tasks.cases.cases import require_owner
from tasks.refusals import NotAllowed

router = make_router("cases")
SORTS = {"opened_at": (col(Case.opened_at), col(Case.id)), "id": (col(Case.id),)}
POST_SORTS = {"id": (col(CasePost.id),)}
FILTERS = {
    "state": col(Case.state),
    "channel": col(Case.channel),
    "category": col(Case.category),
    "owner": col(Case.owner),
    "customer": col(Case.customer_id),
    "hot_issue": col(Case.hot_issue_id),
    "way": col(Case.way),
}


class CaseFilter(Asked):
    q: str | None = Field(None, max_length=100, description="Part of what the customer said")
    state: str | None = Field(None, max_length=40)
    channel: str | None = Field(None, max_length=40)
    category: str | None = Field(None, max_length=100)
    owner: str | None = Field(None, max_length=40)
    customer: int | None = None
    hot_issue: int | None = None
    way: Literal["consultation", "linear"] | None = None
    asked: str | None = Field(None, max_length=40, description="A login: of whom it is asked")
    is_open: bool | None = Field(None, alias="open")


class DraftShown(BaseModel):
    article: int


@router.get("")
def index(
    asked: Annotated[CaseFilter, Query()], turn: Turn = allow("cases:read")
) -> Page[CaseShown]:
    rows = narrow(search(select(Case), asked.q, (col(Case.words),)), asked, FILTERS)
    if asked.is_open is not None:
        is_open = col(Case.state).in_(case_states.OPEN)
        rows = rows.where(is_open if asked.is_open else ~is_open)
    if asked.asked:
        of = select(CaseAsked.case_id).where(CaseAsked.login == asked.asked)
        rows = rows.where(col(Case.id).in_(of.where(CaseAsked.state == "asked")))
    return page(turn.session, rows, asked, sorts=SORTS, default="-opened_at", show=_show)


@router.post("", status_code=201)
def open_case(given: NewCase, turn: Turn = allow("cases:open")) -> CaseInFull:
    """Whoever takes it owns it; the customer's words are locked from now on."""

    def make() -> CaseInFull:
        told = given.model_dump(exclude_defaults=True)
        return _told(turn, cases.open_case(turn.session, told, by=turn.person, now=turn.now))

    return once(turn, make)


@router.get("/{id}")
def show(id: Id, turn: Turn = allow("cases:read")) -> CaseInFull:
    return _told(turn, case_states.find(turn.session, id))


@router.get("/{id}/help", summary="Articles that answer the like, and scripts to go through first")
def show_help(id: Id, turn: Turn = allow("cases:read")) -> HelpShown:
    case = case_states.find(turn.session, id)
    found = case_help.suggest(turn.session, case)
    scripts = case_help.scripts(turn.session, case, now=turn.now)
    return HelpShown.of(found, scripts, case_help.answer_of(turn.session, case))


@router.put("/{id}/words", summary="Always refused: what a customer said is locked")
def change_words(id: Id, given: Wording, turn: Turn = allow("cases:open")) -> CaseInFull:
    case = case_states.find(turn.session, id)
    raise NotAllowed(
        f"{case.number} 的客户原话已锁定,不能修改;要补充请发到讨论里",
        f"The words of the customer of {case.number} are locked: add to the thread instead",
    )


@router.get("/{id}/posts", summary="The thread, in the order in which all of it came")
def list_posts(
    id: Id, asked: Annotated[Asked, Query()], turn: Turn = allow("cases:read")
) -> Page[PostShown]:
    rows = select(CasePost).where(CasePost.case_id == case_states.find(turn.session, id).id)
    return page(turn.session, rows, asked, sorts=POST_SORTS, default="id", show=_show_post)


@router.post("/{id}/posts", status_code=201)
def add(id: Id, given: Added, turn: Turn = allow("cases:answer")) -> PostShown:
    """Whoever has not answered yet hears of it."""

    def make() -> PostShown:
        told: dict[str, Any] = {**given.model_dump(), "by": turn.person, "now": turn.now}
        return _show_post(case_threads.add(turn.session, _take(turn, id), **told))

    return once(turn, make)


@router.post("/{id}/answers", status_code=201)
def answer(id: Id, given: AnswerGiven, turn: Turn = allow("cases:answer")) -> PostShown:
    """Of whoever was asked, it finishes their work order. One after the close is kept as late."""

    def make() -> PostShown:
        case, told = _take(turn, id), given.model_dump()
        return _show_post(cases.answer(turn.session, case, told, by=turn.person, now=turn.now))

    return once(turn, make)


@router.post("/{id}/acceptance", summary="The first accepted answer ends the asking")
def accept(id: Id, given: Acceptance, turn: Turn = allow("cases:answer")) -> CaseInFull:
    case = _take(turn, id)
    cases.accept(turn.session, case, given.answers, by=turn.person, now=turn.now)
    return _told(turn, case)


@router.post("/{id}/invitations", status_code=201)
def invite(id: Id, given: Invitation, turn: Turn = allow("cases:answer")) -> CaseInFull:
    def make() -> CaseInFull:
        case = _take(turn, id)
        cases.invite(turn.session, case, given.logins, by=turn.person, now=turn.now)
        return _told(turn, case)

    return once(turn, make)


@router.post("/{id}/withdrawal", summary="The customer does not want it any more")
def withdraw(id: Id, given: Withdrawal, turn: Turn = allow("cases:answer")) -> CaseInFull:
    case = _take(turn, id)
    cases.withdraw(turn.session, case, reason=given.reason, by=turn.person, now=turn.now)
    return _told(turn, case)


@router.post("/{id}/draft", status_code=201, summary="Draft an article of a closed case")
def draft(id: Id, turn: Turn = allow("articles:write")) -> DraftShown:
    def make() -> DraftShown:
        case = _take(turn, id)
        require_owner(case, turn.person)
        case_states.require("draft", case)
        row = case_drafts.draft(turn.session, case, by=turn.person, now=turn.now)
        return DraftShown(article=row.id)

    return once(turn, make)


def _take(turn: Turn, id: int) -> Case:
    turn.about(f"case:{id}")
    return case_states.find(turn.session, id)


def _told(turn: Turn, case: Case) -> CaseInFull:
    turn.session.flush()
    turn.session.refresh(case)
    rows = select(CaseAsked).where(CaseAsked.case_id == case.id).order_by(col(CaseAsked.id))
    course = hops.course_of(turn.session, case, now=turn.now)
    return CaseInFull.model_validate(
        _facts(case)
        | {
            "asked": [row.model_dump() for row in turn.session.exec(rows)],
            "causes": [row.model_dump() for row in case_causes.of_case(turn.session, case)],
            "course": vars(course),
        }
    )


def _show(case: Case) -> CaseShown:
    return CaseShown.model_validate(_facts(case))


def _facts(case: Case) -> dict[str, Any]:
    zh, en = case_states.STATES[case.state]
    return case.model_dump() | {"number": case.number, "state_zh": zh, "state_en": en}


def _show_post(row: CasePost) -> PostShown:
    return PostShown.model_validate(row.model_dump())
