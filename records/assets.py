"""Vehicles and instruments (车辆、仪表) that a visit needs. Verbs: tasks/field/assets.py."""

from datetime import datetime

from sqlalchemy import inspect
from sqlmodel import Field, SQLModel

from records.columns import BigId, UtcDateTime

KINDS = ("vehicle", "instrument")


class Asset(SQLModel, table=True):
    """One vehicle, or one instrument with the day on which it has to be calibrated again."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    code: str = Field(unique=True)
    kind: str  # vehicle, instrument
    type: str = Field(index=True)  # van, otdr …: as in the policy "crews"
    name: str
    name_en: str = ""
    city: str = Field(default="", index=True)
    team_id: int | None = Field(default=None, foreign_key="team.id", index=True)
    seats: int = 0  # of a vehicle
    state: str = "in_service"  # in_service, in_repair, retired
    calibrated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    calibration_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    revision: int = 1


# Two people press the same button: the second flush raises StaleDataError (409).
inspect(Asset).version_id_col = inspect(Asset).columns["revision"]
