"""Every ten seconds: questions that nobody has answered in time rise to the next level."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from tasks.learning import question_levels
from workflows.ticking import each_due


def raise_questions(engine: Engine, now: datetime) -> int:
    def find(session: Session) -> Mapping[int, datetime]:
        return question_levels.due(session, now)

    def rise(session: Session, key: int) -> bool:
        return question_levels.rise(session, key, now=now)

    def put_off(session: Session, key: int) -> None:
        question_levels.put_off(session, key, now=now)

    return each_due(engine, find, rise, put_off, job="raise questions", now=now)
