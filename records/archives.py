"""Customers' archives (客户档案): what is known of each, how complete and fresh it is, what they
consented to, and how ready they are. Verbs: tasks/archive/archives.py, consents.py, readiness.py.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime


class ArchiveSection(SQLModel, table=True):
    """One section of one customer's archive. Which there are: policy "archives"."""

    __table_args__ = (UniqueConstraint("customer_id", "section"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    customer_id: int = Field(foreign_key="customer.id")
    section: str  # business, topology, contacts, consent, history, plans
    completeness: int = 0  # percent
    missing: list[str] = Field(default_factory=list, sa_type=Json)  # checks that are not all met
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # what is kept by hand
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    confirmed_by: str = ""
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)  # none: never
    run_id: int | None = Field(default=None, index=True)  # the work that is open about it


class Consent(SQLModel, table=True):
    """What a customer allows, until when. Without one, nothing that needs it is done."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    customer_id: int = Field(foreign_key="customer.id", index=True)
    scope: str  # run_analysis, assessment …: policy "archives"
    given_by: str  # who signed, at the customer's
    document: str = ""  # number of the paper
    given_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    noted_by: str
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_by: str = ""
    reason: str = ""  # of the withdrawal


class Readiness(SQLModel, table=True):
    """How ready a customer is for care from end to end: three shares, and their product."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    customer_id: int = Field(foreign_key="customer.id", unique=True)
    reach: float = 0.0  # of element managers
    accuracy: float = 0.0  # of inventory
    linkage: float = 0.0  # of work orders
    score: float = Field(default=0.0, index=True)
    audited: int = 0  # circuits that were audited lately: accuracy was measured, not thought
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # what was counted
    counted_at: datetime = Field(sa_type=UtcDateTime)
