"""Certificates (资质证书): that somebody may do something, at a level, until a day. Verbs:
tasks/field/certificates.py.
"""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from records.columns import BigId, UtcDateTime


class Certificate(SQLModel, table=True):
    """One skill of one person. Renewed in its place; history keeps what it was."""

    __table_args__ = (UniqueConstraint("person_id", "skill"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    person_id: int = Field(foreign_key="person.id")
    skill: str = Field(index=True)  # as in Person.skills and the policy "crews"
    level: int = 1  # 1 the lowest
    number: str = ""
    issued_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, index=True
    )  # none: never
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
