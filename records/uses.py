"""What knowledge was used for: an article or an answer, on a case. Verbs: tasks/learning."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from records.columns import BigId, UtcDateTime


class Use(SQLModel, table=True):
    """Somebody used it for a case; the last outcome that they told counts."""

    __table_args__ = (UniqueConstraint("about", "subject", "by"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    about: str  # "article:7", "answer:3"
    subject: str = Field(index=True)  # the case: "ticket:9"
    by: str
    number: int = 0  # of the article's version
    outcome: str  # solved, failed
    at: datetime = Field(sa_type=UtcDateTime)
