"""One alarm with nothing behind it, as most are that come alone: stored by one statement, which
does nothing where there is more to it. Called by alarms.py, which then takes the careful way.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, func, select
from sqlmodel import Session, col

from records import Alarm, Policy
from records.prepared import Prepared
from tasks.network import alarm_rules
from tasks.network.alarm_reports import Report
from tasks.network.alarm_rows import DEVICE, on_repeat, row_of

_KEPT = (
    *("source", "key", "external_id", "object", "cause", "severity", "alarm_type"),
    *("specific_problem", "text", "raised_at", "last_at", "received_at", "tally", "counted"),
    *("act_at", "is_flapping", "raw", "receipt_id"),
)


def is_stored(session: Session, report: Report, *, now: datetime) -> bool:
    """False, with nothing done, where it clears something, where one of its key ended lately, where
    it is no news, or where the rules have changed since this process looked."""
    known = alarm_rules.last_known(session)
    if report.is_clear or known is None:
        return False
    number, rules = known
    row = {f"new_{name}": value for name, value in row_of(report, rules, now).items()}
    row |= {"device": row.pop("new_device"), "number": number}
    row["since"] = report.raised_at - rules.flap_window
    return _STORE.run(session.connection(), [row]) == 1


def _statement(dialect: Any) -> Any:
    columns = Alarm.__table__.columns  # type: ignore[attr-defined]
    given = [bindparam(f"new_{name}", type_=columns[name].type).label(name) for name in _KEPT]
    newest = select(func.max(col(Policy.number))).where(col(Policy.key) == "alarms")
    ended = exists().where(
        col(Alarm.ended_key) == bindparam("new_key", type_=columns["key"].type),
        col(Alarm.cleared_at) >= bindparam("since", type_=columns["cleared_at"].type),
    )
    is_simple = ~ended, func.coalesce(newest.scalar_subquery(), 0) == bindparam("number")
    rows = select(*given, DEVICE.label("device_id")).where(*is_simple)
    return on_repeat(dialect.insert(Alarm).from_select([*_KEPT, "device_id"], rows))


_STORE = Prepared(_statement)
