"""The states of a case, and its history. Used by cases.py and its neighbours.

new ──triage──▶ consulting ──accept──▶ answering ──reply──▶ replied ──close──▶ closed
 └─────── triage: its owner knows ─────────▲   ▲               │
                    ▲                          └── not agreed ──┤
                    └───────── ask again ──────────────────────┘
any open one ── withdraw ──▶ withdrawn
"""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from records import Case, history
from tasks.refusals import NotAllowed, NotFound

STATES = {
    "new": ("待初判", "new"),
    "consulting": ("会诊中", "being consulted on"),
    "answering": ("待答复客户", "to be answered"),
    "replied": ("已答复", "replied to"),
    "closed": ("已归档", "closed"),
    "withdrawn": ("客户撤回", "withdrawn"),
}
OPEN = {"new", "consulting", "answering", "replied"}
ALLOWED = {
    "triage": {"new"},
    "ask": {"consulting"},
    "accept": {"consulting"},
    "settle": {"new", "consulting"},
    "reply": {"answering"},
    "ask_again": {"replied"},
    "close": {"replied"},
    "withdraw": OPEN,
    "add": OPEN,
    "draft": {"closed"},
}


def subject_of(case: Case) -> str:
    return f"case:{case.id}"


def find(session: Session, id: int, *, locked: bool = False) -> Case:
    case = session.get(Case, id, with_for_update=True if locked else None)
    if case is None:
        raise NotFound(f"没有编号为 {id} 的咨询投诉", f"There is no case {id}")
    return case


def require(verb: str, case: Case) -> None:
    if case.state in ALLOWED[verb]:
        return
    zh, en = STATES[case.state]
    raise NotAllowed(
        f"{case.number} 现在是“{zh}”,不能这样做,请刷新后再看",
        f"{case.number} is {en}: this cannot be done now, reload to see",
        state=case.state,
    )


def shift(
    session: Session, verb: str, case: Case, state: str, by: str, now: datetime, **told: Any
) -> None:
    """Into another state, with the entry of history that says so."""
    told |= {"was": case.state, "is": state}
    case.state = state
    record(session, verb, case, by, now, **told)


def record(session: Session, verb: str, case: Case, by: str, now: datetime, **told: Any) -> None:
    history.record(session, verb, subject=subject_of(case), by=by, at=now, also=told)
