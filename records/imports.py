"""Files that are brought into inventory, and what became of each of their rows. Verbs:
tasks/archive/imports.py.
"""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime

IS_OPEN = "state = 'running'"


class Import(SQLModel, table=True):
    """One file. It is read some rows at a time; `done` says how far it is."""

    __table_args__ = (
        Index("ix_import_open", "id", sqlite_where=text(IS_OPEN), postgresql_where=text(IS_OPEN)),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    kind: str  # customers, contacts, sites, devices, circuits
    name: str = ""  # of the file
    sha256: str
    is_dry_run: bool = False
    state: str = "running"  # running, stopped, done
    total: int = 0  # rows
    done: int = 0
    added: int = 0
    changed: int = 0
    same: int = 0
    refused: int = 0
    given_by: str
    given_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ImportFile(SQLModel, table=True):
    """The bytes of one, until it is done. Apart: each part changes its import, which would write
    them anew."""

    import_id: int = Field(foreign_key="import.id", primary_key=True, sa_type=BigId)
    content: bytes = Field(sa_type=LargeBinary)


class ImportRow(SQLModel, table=True):
    """What became of one row."""

    import_id: int = Field(foreign_key="import.id", primary_key=True, sa_type=BigId)
    row: int = Field(primary_key=True)  # 1 is the first after the header
    key: str = ""  # the code in it
    outcome: str  # added, changed, same, refused
    fields: list[dict[str, str]] = Field(default_factory=list, sa_type=Json)  # why, or what changed
