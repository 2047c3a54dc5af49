"""Every five minutes: themes that many cases have at once, and those that have become quiet."""

from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from records.database import open_session
from tasks.cases import hot_issues
from workflows.ticking import each_due


def count_themes(engine: Engine, now: datetime) -> int:
    """Nobody is kept waiting while the cases of a week are looked at."""
    with open_session(engine, readonly=True) as session:
        seen = dict(enumerate(hot_issues.look(session, now=now)))

    def take(session: Session, key: int) -> bool:
        theme, heat = seen[key]
        return hot_issues.take(session, theme, heat, now=now) is not None

    def end(session: Session, key: int) -> bool:
        return hot_issues.end_quiet(session, key, now=now)

    def wait(session: Session, key: int) -> None:
        """It is looked at again at the next turn."""

    each_due(engine, lambda _: list(seen), take, wait)
    return each_due(engine, lambda session: hot_issues.quiet(session, now=now), end, wait)
