"""Seals: one hash over all that was written to history since the seal before.

A chain proves that nobody changed an entry between two others; a seal, that no chain as a whole
and no end of one was removed or written anew. Verbs: records/sealing.py.
"""

from datetime import datetime

from sqlmodel import Field, SQLModel

from records.columns import BigId, UtcDateTime


class Seal(SQLModel, table=True):
    """What history had come to at an instant. Each follows the one before, and each only one."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    at: datetime = Field(sa_type=UtcDateTime)
    chains: int  # how many subjects have entries under this seal that are not under the one before
    entries: int  # how many entries those are
    last_entry: int = Field(sa_type=BigId)  # the newest of them
    root: str  # over subject, seq and hash of each, in order of id
    previous: str = Field(unique=True)  # the hash of the seal before
    hash: str  # over all of this
