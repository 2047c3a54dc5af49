"""Each morning: owners hear which articles to review; what nobody reviews is out of date."""

from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from tasks.learning import article_reviews
from workflows.ticking import each_due


def watch(engine: Engine, now: datetime) -> int:
    """How many articles were looked at: all that are due, however many."""
    looked = 0
    while done := _watch(engine, now):
        looked += done
    return looked


def _watch(engine: Engine, now: datetime) -> int:
    def find(session: Session) -> list[int]:
        return article_reviews.due(session, now)

    def watch_one(session: Session, key: int) -> bool:
        return article_reviews.watch(session, key, now=now)

    def put_off(session: Session, key: int) -> None:
        article_reviews.put_off(session, key, now=now)

    return each_due(engine, find, watch_one, put_off)
