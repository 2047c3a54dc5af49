"""Twice a minute: who has not read a push in time is reminded; pushes whose time is over end."""

from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from tasks.learning import faq_pushes
from workflows.ticking import each_due


def remind(engine: Engine, now: datetime) -> int:
    def find(session: Session) -> list[int]:
        return faq_pushes.due(session, now)

    def remind_one(session: Session, key: int) -> bool:
        return faq_pushes.remind(session, key, now=now)

    def put_off(session: Session, key: int) -> None:
        faq_pushes.put_off(session, key, now=now)

    return each_due(engine, find, remind_one, put_off)
