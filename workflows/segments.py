"""Every minute: keep the segments of the tickets that are over."""

from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from tasks.timelines import kept_segments
from workflows.ticking import each_due


def keep(engine: Engine, now: datetime) -> int:
    """How many tickets were accounted for."""

    def keep_one(session: Session, key: int) -> bool:
        return kept_segments.keep_segments(session, key, now) > 0

    def pass_over(session: Session, key: int) -> None:
        kept_segments.pass_over(session, key, now)

    return each_due(engine, kept_segments.find_over, keep_one, pass_over)
