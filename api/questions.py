"""JSON: questions and answers. An acceptance, a reuse are nouns that are created on one."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.articles import UseGiven, UseShown
from api.deps import Given, Id, Turn, allow, make_router
from api.once import once
from api.paging import Asked as AskedPage
from api.paging import Page, narrow, page, search
from records import Answer, Asked, Person, Question
from tasks.learning import questions, uses

router = make_router("questions")
SORTS = {"id": (col(Question.id),), "asked_at": (col(Question.asked_at), col(Question.id))}
ANSWER_SORTS = {"id": (col(Answer.id),)}
FILTERS = {
    "state": col(Question.state),
    "level": col(Question.level),
    "category": col(Question.category),
    "subject": col(Question.subject),
    "asked_by": col(Question.asked_by),
}


class QuestionShown(BaseModel):
    """Texts are plain: show them as text."""

    id: int
    title: str
    text: str = Field(description="The words of who asked, never changed")
    category: str
    skills: list[str]
    subject: str = Field(description="The case that it is about")
    level: str = Field(description="How far it has risen; everybody below still sees it")
    state: Literal["open", "answered", "withdrawn"]
    asked_by: str
    asked_at: datetime
    rise_at: datetime | None
    answers: int
    accepted_id: int | None
    closed_at: datetime | None


class Requested(BaseModel):
    login: str
    level: str
    asked_at: datetime
    answered_at: datetime | None


class QuestionInFull(QuestionShown):
    asked: list[Requested] = Field(description="Experts; anybody may answer")


class AnswerShown(BaseModel):
    id: int
    kind: Literal["answer", "addition"]
    state: Literal["given", "accepted", "late"]
    text: str
    evidence: str
    level: str
    by: str
    at: datetime
    reused: int


class QuestionFilter(AskedPage):
    q: str | None = Field(None, max_length=100, description="Part of the title or the text")
    state: Literal["open", "answered", "withdrawn"] | None = None
    level: str | None = Field(None, max_length=40)
    category: str | None = Field(None, max_length=100)
    subject: str | None = Field(None, max_length=100)
    asked_by: str | None = Field(None, max_length=40)
    asked: str | None = Field(
        None, max_length=40, description="A login: what this expert was asked"
    )


class NewQuestion(Given):
    title: str = Field(examples=["用户话单为何拆成多条"])
    text: str = Field(examples=["用户称一次通话有三条话单,时间相连"])
    category: str = Field("", examples=["billing"])
    skills: list[str] = Field([], max_length=20, description="Else those of the category")
    subject: str = Field("", max_length=100, examples=["ticket:7"])


class NewAnswer(Given):
    text: str = Field(examples=["超过 30 分钟的通话按计费周期切分,金额不重复"])
    evidence: str = Field("", description="What shows that it is so")


class Addition(Given):
    text: str


class Acceptance(Given):
    answer: int = Field(ge=1, le=2**63 - 1)


class Reason(Given):
    reason: str = Field(min_length=1, max_length=2_000)


@router.get("")
def index(
    asked: Annotated[QuestionFilter, Query()], turn: Turn = allow("questions:read")
) -> Page[QuestionShown]:
    rows = search(select(Question), asked.q, (col(Question.title), col(Question.text)))
    rows = narrow(rows, asked, FILTERS)
    if asked.asked:
        of = select(Asked.question_id).join(Person, col(Person.id) == col(Asked.person_id))
        rows = rows.where(col(Question.id).in_(of.where(Person.login == asked.asked)))
    return page(turn.session, rows, asked, sorts=SORTS, default="-id", show=_show)


@router.post("", status_code=201)
def ask(given: NewQuestion, turn: Turn = allow("questions:ask")) -> QuestionInFull:
    """Experts of the first level are told at once; unanswered, it rises by itself."""

    def make() -> QuestionInFull:
        told = given.model_dump()
        return _told(turn, questions.ask(turn.session, **told, by=turn.person, now=turn.now))

    return once(turn, make)


@router.get("/{id}")
def show(id: Id, turn: Turn = allow("questions:read")) -> QuestionInFull:
    return _told(turn, questions.find(turn.session, id))


@router.get("/{id}/answers")
def list_answers(
    id: Id, asked: Annotated[AskedPage, Query()], turn: Turn = allow("questions:read")
) -> Page[AnswerShown]:
    """With what was added to the question, in the order in which all of it came."""
    rows = select(Answer).where(Answer.question_id == questions.find(turn.session, id).id)
    return page(turn.session, rows, asked, sorts=ANSWER_SORTS, default="id", show=_show_answer)


@router.post("/{id}/answers", status_code=201)
def answer(id: Id, given: NewAnswer, turn: Turn = allow("questions:ask")) -> AnswerShown:
    """One after the close is kept as late."""

    def make() -> AnswerShown:
        question, told = _take(turn, id), given.model_dump()
        row = questions.answer(turn.session, question, **told, by=turn.person, now=turn.now)
        return _show_answer(row)

    return once(turn, make)


@router.post("/{id}/additions", status_code=201)
def add(id: Id, given: Addition, turn: Turn = allow("questions:ask")) -> AnswerShown:
    def make() -> AnswerShown:
        told = {"by": turn.person, "now": turn.now}
        row = questions.add(turn.session, _take(turn, id), given.text, **told)  # type: ignore[arg-type]
        return _show_answer(row)

    return once(turn, make)


@router.post("/{id}/acceptance")
def accept(id: Id, given: Acceptance, turn: Turn = allow("questions:ask")) -> QuestionInFull:
    question, row = _take(turn, id), questions.find_answer(turn.session, given.answer)
    questions.accept(turn.session, question, row, by=turn.person, now=turn.now)
    return _told(turn, question)


@router.post("/{id}/reopening")
def reopen(id: Id, given: Reason, turn: Turn = allow("questions:ask")) -> QuestionInFull:
    question = _take(turn, id)
    questions.reopen(turn.session, question, reason=given.reason, by=turn.person, now=turn.now)
    return _told(turn, question)


@router.post("/{id}/withdrawal")
def withdraw(id: Id, given: Reason, turn: Turn = allow("questions:ask")) -> QuestionInFull:
    question = _take(turn, id)
    questions.withdraw(turn.session, question, reason=given.reason, by=turn.person, now=turn.now)
    return _told(turn, question)


@router.post("/{id}/answers/{answer_id}/uses", status_code=201)
def use(id: Id, answer_id: Id, given: UseGiven, turn: Turn = allow("questions:read")) -> UseShown:
    """The accepted answer was used for another case."""

    def make() -> UseShown:
        row, told = questions.find_answer(turn.session, answer_id), given.model_dump()
        noted = uses.note_answer(turn.session, row, **told, by=turn.person, now=turn.now)
        return UseShown.model_validate(noted.model_dump())

    return once(turn, make)


def _take(turn: Turn, id: int) -> Question:
    turn.about(f"question:{id}")
    return questions.find(turn.session, id)


def _told(turn: Turn, question: Question) -> QuestionInFull:
    turn.session.flush()
    rows = (
        select(Person.login, Asked.level, Asked.asked_at, Asked.answered_at)
        .join(Asked, col(Asked.person_id) == col(Person.id))
        .where(Asked.question_id == question.id)
        .order_by(col(Asked.asked_at), col(Person.login))
    )
    names = ("login", "level", "asked_at", "answered_at")
    found = [dict(zip(names, row, strict=True)) for row in turn.session.exec(rows)]
    return QuestionInFull.model_validate(question.model_dump() | {"asked": found})


def _show(question: Question) -> QuestionShown:
    return QuestionShown.model_validate(question.model_dump())


def _show_answer(row: Answer) -> AnswerShown:
    return AnswerShown.model_validate(row.model_dump())
