"""Questions to everybody and their answers (问答). Verbs: tasks/learning/questions.py."""

from datetime import datetime

from sqlalchemy import Index, inspect, text
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime

IS_OPEN = "state = 'open'"


class Question(SQLModel, table=True):
    """What somebody asked. Its words are never changed; what is to be added is an Answer."""

    __table_args__ = (
        Index("ix_question_rise", "rise_at", sqlite_where=text(IS_OPEN),
              postgresql_where=text(IS_OPEN)),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    title: str
    text: str
    category: str = Field(default="", index=True)
    skills: list[str] = Field(default_factory=list, sa_type=Json)
    subject: str = Field(default="", index=True)  # the case that it is about: "ticket:7"
    level: str = Field(default="city", index=True)
    city: str = ""
    state: str = Field(default="open", index=True)  # open, answered, withdrawn
    asked_by: str = Field(index=True)
    asked_at: datetime = Field(sa_type=UtcDateTime, index=True)
    # When it rises to the next level, or its asker is reminded of the answers.
    rise_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reminders: int = 0  # of its asker, at this level
    rounds: int = 0  # how often experts were asked
    answers: int = 0
    accepted_id: int | None = Field(default=None, sa_type=BigId)
    article_id: int | None = Field(default=None, sa_type=BigId)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision: int = 1


class Answer(SQLModel, table=True):
    """One answer, or what somebody added to the question."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    question_id: int = Field(foreign_key="question.id", index=True)
    kind: str = "answer"  # answer, addition
    state: str = "given"  # given, accepted, late: after the close
    text: str
    evidence: str = ""
    level: str = ""  # where the question stood then
    by: str = Field(index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    reused: int = 0


class Asked(SQLModel, table=True):
    """An expert who was asked, and by when they answered."""

    question_id: int = Field(primary_key=True, foreign_key="question.id")
    person_id: int = Field(primary_key=True, foreign_key="person.id", index=True)
    level: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


# Two people press the same button: the second flush raises StaleDataError (409).
inspect(Question).version_id_col = inspect(Question).columns["revision"]
