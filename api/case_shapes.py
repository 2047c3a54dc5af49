"""What cases look like in JSON: given and shown. Used by cases.py and hot_issues.py."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.deps import Given
from tasks.learning.article_search import Suggestion
from tasks.learning.case_scripts import Script


class CaseShown(BaseModel):
    """Texts are plain: show them as text."""

    id: int
    number: str = Field(examples=["CS-20260311-7"])
    kind: Literal["consultation", "complaint"]
    channel: str
    words: str = Field(description="The customer's own, never changed")
    category: str
    city: str
    customer_id: int | None
    way: Literal["consultation", "linear"]
    state: str
    state_zh: str
    state_en: str
    owner: str = Field(description="Stays so until the close")
    level: str = Field(description="How far up it was asked; everybody below still sees it")
    rounds: int
    hot_issue_id: int | None
    run_id: int | None
    opened_at: datetime
    accepted_at: datetime | None
    replied_at: datetime | None
    closed_at: datetime | None


class AskedShown(BaseModel):
    login: str
    level: str
    round: int
    state: Literal["asked", "answered", "left", "called_off"]
    reasons: list[dict[str, Any]]
    asked_by: str
    asked_at: datetime
    answered_at: datetime | None


class CauseShown(BaseModel):
    id: int
    parent_id: int | None = Field(description="The cause that it is the cause of")
    party: str
    text: str
    share: int = Field(description="Percent, among those beside it")
    evidence: str
    by: str


class CourseShown(BaseModel):
    hops: int = Field(description="Desks one after another; asked at once, they are one")
    asked: int
    answer_minutes: float | None
    accept_minutes: float | None
    reply_minutes: float | None


class CaseInFull(CaseShown):
    caller: str
    phone: str
    triage: dict[str, Any]
    answer: str = Field(description="What the customer was told, in plain words")
    accepted_id: int | None
    article_id: int | None
    draft_id: int | None
    has_agreed: bool | None
    score: int | None
    asked: list[AskedShown]
    causes: list[CauseShown]
    course: CourseShown


class PostShown(BaseModel):
    id: int
    kind: Literal["answer", "addition", "customer", "minutes", "reply"]
    state: Literal["given", "accepted", "combined", "late"]
    text: str
    evidence: str
    confidence: int | None
    level: str
    by: str
    at: datetime


class ArticleFound(BaseModel):
    id: int
    title: str
    title_en: str
    share: float = Field(description="How much of the customer's words it has, from 0 to 1")


class ScriptOpened(BaseModel):
    push_id: int
    article_id: int
    title: str
    steps: list[str]
    matched: list[str]


class HelpShown(BaseModel):
    articles: list[ArticleFound]
    scripts: list[ScriptOpened] = Field(description="预处理方案: to be gone through first")
    hot_answer: str = Field(
        description="What every case of its hot issue is told, if that is known"
    )

    @classmethod
    def of(
        cls, found: Sequence[Suggestion], scripts: Sequence[Script], hot_answer: str
    ) -> "HelpShown":
        articles = [{**each.article.model_dump(), "share": each.share} for each in found]
        opened = [vars(each) for each in scripts]
        told = {"articles": articles, "scripts": opened, "hot_answer": hot_answer}
        return cls.model_validate(told)


class NewCase(Given):
    words: str = Field(
        max_length=10_000, examples=["我一直连着 Wi-Fi,怎么还扣 GPRS 流量费?"],
        description="As the customer said it; locked from now on",
    )  # fmt: skip
    channel: str = Field(max_length=40, examples=["hotline"])
    kind: Literal["consultation", "complaint"] = "complaint"
    customer: str = Field("", max_length=100, description="Its code", examples=["C-1"])
    caller: str = Field("", max_length=100, examples=["赵先生"])
    phone: str = Field("", max_length=40)
    city: str = Field("", max_length=100)
    category: str = Field("", max_length=100, examples=["wlan"])
    cause: str = Field("", max_length=100, description="Of an alarm that it may come from")
    way: Literal["consultation", "linear"] = Field(
        "consultation", description="linear: passed on from desk to desk, to be compared with"
    )


class Wording(Given):
    words: str = Field(max_length=10_000)


class Added(Given):
    text: str = Field(max_length=10_000, examples=["客户说只有夜里才有"])
    evidence: str = Field("", max_length=10_000)
    is_customers: bool = Field(False, description="The customer said it")


class AnswerGiven(Given):
    text: str = Field(max_length=10_000, examples=["商场信号弱,手机自动切到移动数据"])
    evidence: str = Field("", max_length=10_000, description="What shows that it is so")
    confidence: int | None = Field(None, ge=0, le=100, description="Percent")


class Acceptance(Given):
    answers: list[int] = Field(
        min_length=1,
        max_length=20,
        description="The one that ends it, and others that belong to it",
    )


class Invitation(Given):
    logins: list[str] = Field(min_length=1, max_length=20, examples=[["liu"]])


class Withdrawal(Given):
    reason: str = Field(min_length=1, max_length=2_000)
