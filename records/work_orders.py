"""Work orders: what is known of one. What may be done to it is in tasks/work_orders.py."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, inspect, text
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime

IS_OPEN = "finished_at IS NULL"
FINISHED = "finished_at IS NOT NULL"
WAITS = f"{IS_OPEN} AND holder IS NULL"
NEVER = datetime(2200, 1, 1, tzinfo=UTC)  # due: sorts behind all others, as null would not


class WorkOrder(SQLModel, table=True):
    """A step of a run that waits for a person (工单)."""

    __table_args__ = (
        Index("ix_workorder_queue", "group_key", "opened_at", "id",
              sqlite_where=text(IS_OPEN), postgresql_where=text(IS_OPEN)),
        Index("ix_workorder_holder", "holder", "opened_at",
              sqlite_where=text(IS_OPEN), postgresql_where=text(IS_OPEN)),
        Index("ix_workorder_due", "group_key", "due_at", "id",
              sqlite_where=text(IS_OPEN), postgresql_where=text(IS_OPEN)),
        Index("ix_workorder_held", "holder", "due_at", "id",
              sqlite_where=text(IS_OPEN), postgresql_where=text(IS_OPEN)),
        Index("ix_workorder_open", "due_at", "id",
              sqlite_where=text(IS_OPEN), postgresql_where=text(IS_OPEN)),
        Index("ix_workorder_waiting", "group_key", "due_at", "id",
              sqlite_where=text(WAITS), postgresql_where=text(WAITS)),
        # A whole index would lure SQLite away from those of open ones.
        Index("ix_workorder_finished_at", "finished_at",
              sqlite_where=text(FINISHED), postgresql_where=text(FINISHED)),
        Index("ix_workorder_step", "run_id", "step_id", unique=True),
    )  # fmt: skip

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    run_id: int = Field(foreign_key="run.id")
    step_id: int = Field(sa_type=BigId)
    element: str
    title: str  # "判断 / Judge"
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id", index=True)
    group_key: str = ""
    form: str = ""
    stage: str = ""
    clock: str = ""  # the one of its ticket that it is measured by
    segment: str = "work"  # the segment that working on it counts as, where the diagram says one
    is_on_site: bool = False
    state: str = "dispatched"
    resume_state: str = ""  # where a suspended or waiting order goes back to
    holder: str | None = None
    priority: int = 3
    revision: int = 1
    opened_at: datetime = Field(sa_type=UtcDateTime)
    # When that clock runs out, or the next one of the ticket's; kept with the rows of clocks.
    due_at: datetime = Field(default=NEVER, sa_type=UtcDateTime)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    resume_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    suspensions: int = 0
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_by: str = ""
    draft: dict[str, Any] | None = Field(default=None, sa_type=Json)
    answers: dict[str, Any] | None = Field(default=None, sa_type=Json)


class Comment(SQLModel, table=True):
    """A remark on a work order."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    work_order_id: int = Field(foreign_key="workorder.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str
    text: str


class Attachment(SQLModel, table=True):
    """A file on a work order. Its bytes stand here, so that they commit with everything else."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    work_order_id: int = Field(foreign_key="workorder.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str
    name: str
    media_type: str
    size: int  # bytes
    sha256: str
    content: bytes = Field(sa_type=LargeBinary)


# Two people press the same button: the second flush raises StaleDataError (409).
inspect(WorkOrder).version_id_col = inspect(WorkOrder).columns["revision"]
