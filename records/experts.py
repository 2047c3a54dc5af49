"""Experts (专家): a virtual team across lines and places. Verbs: tasks/learning/experts.py."""

from datetime import datetime

from sqlalchemy import inspect
from sqlmodel import Field, SQLModel

from records.columns import Json, UtcDateTime


class Expert(SQLModel, table=True):
    """Somebody of ours who may be asked. Their place is that of the person."""

    person_id: int = Field(primary_key=True, foreign_key="person.id")
    state: str = Field(default="candidate", index=True)  # candidate, active, ended
    level: str = "city"  # city, province, group: as the policy "knowledge" has them
    line: str = ""  # of work: network, billing, market …
    skills: list[str] = Field(default_factory=list, sa_type=Json)
    most: int = 0  # open requests at once; 0: as the policy says
    term_from: datetime | None = Field(default=None, sa_type=UtcDateTime)
    term_until: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    away_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    asked: int = 0
    answered: int = 0
    accepted: int = 0
    nominated_by: str = ""
    note: str = ""
    revision: int = 1


# Two people press the same button: the second flush raises StaleDataError (409).
inspect(Expert).version_id_col = inspect(Expert).columns["revision"]
