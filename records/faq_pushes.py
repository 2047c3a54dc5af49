"""FAQ pushes (FAQ 推送): articles told to those who will be asked. Verbs: tasks/learning."""

from datetime import datetime

from sqlalchemy import Index, inspect, text
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime

IS_ACTIVE = "ended_at IS NULL"


class FaqPush(SQLModel, table=True):
    """An article that some people have to know now; its script opens on cases that match."""

    __table_args__ = (
        Index("ix_faqpush_active", "remind_at", sqlite_where=text(IS_ACTIVE),
              postgresql_where=text(IS_ACTIVE)),
        Index("ix_faqpush_ends", "ends_at", sqlite_where=text(IS_ACTIVE),
              postgresql_where=text(IS_ACTIVE)),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    article_id: int = Field(foreign_key="article.id", index=True)
    number: int  # of the article's version then
    trigger: str  # tariff, price, cutover, fault, hot_issue …: the policy "knowledge"
    note: str = ""  # why now
    groups: list[str] = Field(default_factory=list, sa_type=Json)
    logins: list[str] = Field(default_factory=list, sa_type=Json)
    # A case matches where its category is this one, and any word or cause is there.
    category: str = ""
    causes: list[str] = Field(default_factory=list, sa_type=Json)
    words: list[str] = Field(default_factory=list, sa_type=Json)
    told: int = 0  # how many people
    reminders: int = 0
    pushed_by: str
    pushed_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)  # to be read by then
    remind_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str = ""
    revision: int = 1


class FaqReceipt(SQLModel, table=True):
    """Somebody who was told, and when they said that they had read it."""

    push_id: int = Field(primary_key=True, foreign_key="faqpush.id")
    person_id: int = Field(primary_key=True, foreign_key="person.id", index=True)
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


# Two people press the same button: the second flush raises StaleDataError (409).
inspect(FaqPush).version_id_col = inspect(FaqPush).columns["revision"]
