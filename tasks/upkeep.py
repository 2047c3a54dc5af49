"""What is thrown away when it is old: it lets nobody in any more, and history tells of it anyway.

Called by a nightly flow.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, delete
from sqlmodel import Session, col

from records import FailedSignIn, KeptAnswer, Lateness, Receipt, Shift, SignIn

KEPT = {  # how long after the end, or after it was written
    SignIn: (col(SignIn.expires_at), timedelta(days=7)),
    FailedSignIn: (col(FailedSignIn.last_at), timedelta(days=2)),
    Shift: (col(Shift.seen_at), timedelta(days=30)),
    Lateness: (col(Lateness.minute), timedelta(days=30)),
    Receipt: (col(Receipt.parsed_at), timedelta(days=30)),  # those rejected were replayed by then
    KeptAnswer: (col(KeptAnswer.kept_at), timedelta(days=2)),
}


LISTS = timedelta(days=2)  # of all that is active at a source: one comes each hour, and is large


def forget_old(session: Session, *, now: datetime) -> int:
    """How many rows went."""
    lists = delete(Receipt).where(col(Receipt.is_complete), col(Receipt.state) == "parsed")
    result: CursorResult[Any] = session.execute(lists.where(col(Receipt.parsed_at) < now - LISTS))  # type: ignore[assignment]
    gone = result.rowcount
    for table, (since, kept) in KEPT.items():
        result = session.execute(delete(table).where(since < now - kept))  # type: ignore[assignment]
        gone += result.rowcount
    return gone
