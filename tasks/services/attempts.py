"""What people gave and cannot be done is told back, for the diagram to ask again. Used by
services.
"""

from collections.abc import Callable
from typing import Any

from records import history
from tasks.refusals import Refusal
from tasks.services.kinds import Caller

Facts = dict[str, Any]


def attempt(caller: Caller, verb: Callable[..., Facts], row: Any, given: Facts) -> Facts:
    """What `verb` returns, with `is_taken`; where it refuses, `why`, and nothing is kept of it."""
    session, by, now = caller.session, caller.by, caller.now
    try:
        with history.savepoint(session):
            return verb(session, row, given, by=by, now=now) | {"is_taken": True, "why": {}}
    except Refusal as refusal:
        fields = refusal.facts.get("fields", [])[:20]
        why: Facts = {"zh": refusal.zh, "en": refusal.en, "fields": fields}
        told = {"what": verb.__name__, **why}
        history.record(session, "not taken", subject=caller.subject, by=by, at=now, also=told)
        return {"is_taken": False, "why": why}
