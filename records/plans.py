"""Emergency plans (应急预案) in versions, and what they can draw on. Verbs: tasks/plans/."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint, inspect
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime


class Plan(SQLModel, table=True):
    """As it counts now. `draft` has what its next version is to be; what either says:
    tasks/plans/plan_checks.py."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    key: str = Field(unique=True)
    state: str = Field(default="draft", index=True)  # draft, published, withdrawn
    content: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    draft: dict[str, Any] | None = Field(default=None, sa_type=Json)
    owner: str = Field(index=True)  # a login
    number: int = 0  # of the version that counts; 0: none yet
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    review_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    drill_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # the next one is due
    drilled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    watch_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)  # next look
    revision: int = 1


class PlanVersion(SQLModel, table=True):
    """One published version, never changed, with the version of the diagrams that it runs by."""

    __table_args__ = (UniqueConstraint("plan_id", "number"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    plan_id: int = Field(foreign_key="plan.id")
    number: int
    content: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    nodes: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)  # its key nodes
    version_id: int = Field(foreign_key="version.id")  # the runner with the plan's own diagram
    content_hash: str
    published_at: datetime = Field(sa_type=UtcDateTime)
    published_by: str
    reason: str = ""


class PlanCircuit(SQLModel, table=True):
    """A circuit that a plan is for, and what helps there: another way, a spare, whom to ask."""

    circuit_id: int = Field(primary_key=True, foreign_key="circuit.id")
    plan_id: int = Field(foreign_key="plan.id", index=True)
    note: str = ""
    added_by: str
    added_at: datetime = Field(sa_type=UtcDateTime)


class PlanResource(SQLModel, table=True):
    """What plans draw on: so many of a kind, at a place, with somebody who keeps them."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    code: str = Field(unique=True)
    kind: str = Field(index=True)  # as in the policy "plans": generator, spare_cpe …
    name: str
    name_en: str = ""
    city: str = Field(default="", index=True)
    place: str
    quantity: int
    keeper: str = Field(index=True)  # a login
    state: str = "ready"  # ready, not_ready, retired
    note: str = ""
    checked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    check_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)  # is due
    revision: int = 1


# Two people press the same button: the second flush raises StaleDataError (409).
inspect(Plan).version_id_col = inspect(Plan).columns["revision"]
inspect(PlanResource).version_id_col = inspect(PlanResource).columns["revision"]
