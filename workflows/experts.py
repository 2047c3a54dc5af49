"""Nightly: terms of experts that are over, and experts who have left."""

from datetime import datetime

from sqlalchemy import Engine

from records.database import open_session
from tasks.learning import experts


def end_terms(engine: Engine, now: datetime) -> int:
    with open_session(engine) as session:
        return experts.end_terms(session, now=now)
