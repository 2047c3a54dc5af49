"""Every ten minutes: note what is to be foretold of open tickets, and what came of it before."""

from datetime import datetime

from sqlalchemy import Engine

from records.database import open_session
from tasks import forecasts


def forecast(engine: Engine, now: datetime) -> int:
    """How many forecasts were settled or noted."""
    with open_session(engine, readonly=True) as session:
        rows = forecasts.foretell(session, now)
    with open_session(engine) as session:
        settled = forecasts.settle_forecasts(session, now)
        return settled + forecasts.keep_forecasts(session, rows)
