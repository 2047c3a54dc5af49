"""Services about customers' archives, audits and onboarding: what archive_refresh.bpmn,
resource_audit.bpmn and customer_onboarding.bpmn call. The verbs are in tasks/ under the same nouns.
"""

from typing import Any

from records import Audit, Customer, Onboarding
from tasks.archive import archives, audits, discrepancies, onboarding
from tasks.services.kinds import Caller

Facts = dict[str, Any]


def describe(caller: Caller) -> Facts:
    """Whose archive it is, and which sections are due."""
    customer = _row(caller, Customer)
    due = archives.due_sections(caller.session, customer.id, now=caller.now)
    told = {"customer": customer.name, "grade": customer.grade}
    return told | {"sections": [section.section for section in due]}


def note_refresh(caller: Caller, *, told: Facts, sections: list[str]) -> Facts:
    """What was confirmed is; the rest is due again later; what is wrong is raised."""
    customer, confirmed = _row(caller, Customer), [*told["confirmed"]]
    if confirmed:
        by: Any = {"by": caller.by, "now": caller.now, "note": told.get("note", "")}
        archives.note_confirmed(caller.session, customer, confirmed, **by)
    rest = [section for section in sections if section not in confirmed]
    archives.put_off(caller.session, customer, rest, now=caller.now)
    for each in told.get("wrong", []):
        discrepancies.raise_one(
            caller.session, kind="wrong_value", object=each["object"], field=each["field"],
            found=each["found"], source=caller.subject, customer_id=customer.id,
            by=caller.by, now=caller.now,
        )  # fmt: skip
    return {"is_complete": not rest}


def compare(caller: Caller) -> Facts:
    return audits.facts_of(caller.session, _row(caller, Audit))


def note_audit(caller: Caller, *, told: Facts) -> Facts:
    audit = _row(caller, Audit)
    wrong = audits.note(caller.session, audit, told, by=caller.by, now=caller.now)
    return {"wrong": wrong, "needs_field": bool(told.get("needs_field"))}


def plan_audit_visit(caller: Caller) -> Facts:
    audit = _row(caller, Audit)
    return {"visit": audits.plan_visit(caller.session, audit, by=caller.by, now=caller.now)}


def propose_right(caller: Caller, *, right: str) -> Facts:
    audits.propose(caller.session, _row(caller, Audit), right, by=caller.by, now=caller.now)
    return {"proposed": True}


def settle_audit(caller: Caller) -> Facts:
    """`is_settled` is false where the same person proposed it."""
    told: Any = {"by": caller.by, "now": caller.now}
    return {"is_settled": audits.settle(caller.session, _row(caller, Audit), **told)}


def finish_audit(caller: Caller) -> Facts:
    audits.finish(caller.session, _row(caller, Audit), by=caller.by, now=caller.now)
    return {"state": "done"}


def look_at_readiness(caller: Caller) -> Facts:
    return onboarding.look(caller.session, _row(caller, Onboarding), now=caller.now)


def take_on(caller: Caller, *, checklist: Facts) -> Facts:
    row, by = _row(caller, Onboarding), caller.by
    done = onboarding.take_on(caller.session, row, checklist, by=by, now=caller.now)
    return {"is_onboarded": done}


def put_off(caller: Caller, *, reason: str) -> Facts:
    row = _row(caller, Onboarding)
    onboarding.put_off(caller.session, row, reason, by=caller.by, now=caller.now)
    return {"state": row.state}


def _row(caller: Caller, table: Any) -> Any:
    return caller.session.get_one(table, int(caller.subject.rpartition(":")[2]))
