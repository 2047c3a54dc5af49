"""What was found out in a transaction and holds until its end, so that nobody asks twice."""

from typing import Any

from sqlalchemy.orm import Session


def remembered(session: Session, name: str) -> dict[Any, Any]:
    """The same dict for the same name, empty at first; another one in the next transaction."""
    now = session.get_transaction()
    transaction, known = session.info.get(name, (None, {}))
    if now is None:
        return {}
    if transaction is not now:
        known = {}
        session.info[name] = (now, known)
    return known  # type: ignore[no-any-return]
