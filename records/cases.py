"""Cases (咨询、投诉): what a customer asks or complains of, and the thread that all see about it.
Verbs: tasks/cases/.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import inspect
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime


class Case(SQLModel, table=True):
    """One case. The database itself refuses to change `words` (migration 0012)."""

    __tablename__ = "service_case"  # CASE is a word of SQL

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    kind: str = "complaint"  # consultation, complaint
    channel: str = Field(index=True)  # hotline, media …: policy "cases"
    words: str  # the customer's own, as they said them
    customer_id: int | None = Field(default=None, foreign_key="customer.id", index=True)
    caller: str = ""
    phone: str = ""
    city: str = ""
    category: str = Field(default="", index=True)  # of the policy "knowledge"
    cause: str = ""  # of an alarm that it may come from
    way: str = "consultation"  # consultation; linear: passed on from desk to desk, as before
    state: str = Field(default="new", index=True)
    owner: str = Field(index=True)  # the agent: stays so until the close
    level: str = ""  # how far up it was asked
    rounds: int = 0  # how often posts were asked
    triage: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    accepted_id: int | None = Field(default=None, sa_type=BigId)
    answer: str = ""  # what the customer was told, in plain words
    article_id: int | None = Field(default=None, sa_type=BigId)  # that solved it
    draft_id: int | None = Field(default=None, sa_type=BigId)  # that was drafted of it
    hot_issue_id: int | None = Field(default=None, index=True)
    has_agreed: bool | None = None
    score: int | None = None  # 1 to 5, the customer's
    run_id: int | None = Field(default=None, index=True)
    revision: int = 1
    opened_at: datetime = Field(sa_type=UtcDateTime, index=True)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # the first time
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    replied_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)

    @property
    def number(self) -> str:
        """What people say on the phone: CS-20260311-417."""
        return f"CS-{self.opened_at:%Y%m%d}-{self.id}"


class CasePost(SQLModel, table=True):
    """One contribution to the thread. Its text is never changed either: who errs adds another."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    case_id: int = Field(foreign_key="service_case.id", index=True)
    kind: str  # answer, addition, customer, minutes, reply
    state: str = "given"  # of an answer: given, accepted, combined, late
    text: str
    evidence: str = ""
    confidence: int | None = None  # percent, of an answer
    level: str = ""  # where the case stood then
    by: str = Field(index=True)
    at: datetime = Field(sa_type=UtcDateTime)


class CaseAsked(SQLModel, table=True):
    """A post that was asked: a person, or whoever is in a group."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    case_id: int = Field(foreign_key="service_case.id", index=True)
    login: str = Field(default="", index=True)
    group_key: str = ""
    level: str
    round: int
    state: str = "asked"  # asked, answered, left: nobody any more, called_off
    reasons: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    asked_by: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CaseCause(SQLModel, table=True):
    """Why it came about: several causes, each some party's, each perhaps the cause of another."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    case_id: int = Field(foreign_key="service_case.id", index=True)
    parent_id: int | None = Field(default=None, foreign_key="casecause.id")
    party: str = Field(index=True)  # billing, coverage, terminal …: policy "cases"
    text: str
    share: int = 0  # percent that it contributed, among its siblings
    evidence: str = ""
    by: str
    at: datetime = Field(sa_type=UtcDateTime)


# Two people press the same button: the second flush raises StaleDataError (409).
inspect(Case).version_id_col = inspect(Case).columns["revision"]
