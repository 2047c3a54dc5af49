"""Points (积分): a ledger that is only added to. Verbs: tasks/learning/points.py."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from records.columns import BigId, UtcDateTime


class PointsEntry(SQLModel, table=True):
    """What somebody earned, or what was taken back. Days and months are those of Shanghai."""

    __table_args__ = (
        Index("ix_pointsentry_day", "person_id", "day"),
        Index("ix_pointsentry_month", "month", "person_id"),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    key: str = Field(unique=True)  # "answer:7:accepted": earned once
    person_id: int = Field(foreign_key="person.id")
    kind: str  # as the policy "points" has them
    subject: str = ""  # what for: "question:3"
    points: int  # below what the policy gives where a cap was met; < 0: taken back
    full: int  # what the policy gives
    cap: str = ""  # which cap was met: daily, pair
    by: str  # whose doing it was: never the person's own
    at: datetime = Field(sa_type=UtcDateTime)
    day: str  # 2026-03-11
    month: str  # 2026-03
