"""Seals: one hash over the ends of all chains of history, made from time to time.

A chain proves that nobody changed an entry between two others; a seal, that no chain and no end of
one was removed or written anew. Verbs: records/sealing.py.
"""

from datetime import datetime

from sqlmodel import Field, SQLModel

from records.columns import BigId, UtcDateTime


class Seal(SQLModel, table=True):
    """What history came to at an instant. Each follows the one before."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    at: datetime = Field(sa_type=UtcDateTime)
    chains: int
    entries: int
    last_entry: int = Field(sa_type=BigId)  # all entries up to this id are under it
    root: str  # over the newest entry up to there of each chain, in order of subject
    hash: str  # over the seal before and this one
