"""Services about the case that a run is about: what complaint_consultation.bpmn and
linear_forwarding.bpmn call. The verbs and their rules are in tasks/cases/.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from records import Case
from tasks.access.people import find_person
from tasks.cases import case_help, case_threads, cases, consultations, forwarding
from tasks.cases.case_states import find, record
from tasks.refusals import Refusal
from tasks.services.kinds import Caller

Facts = dict[str, Any]
Told = Mapping[str, Any]


def describe(caller: Caller) -> Facts:
    """Whose case it is and where it came from; what is known of the like."""
    case = _case(caller)
    return case_help.facts_of(caller.session, case, now=caller.now)


def take_triage(caller: Caller, *, told: Told, is_known: bool) -> Facts:
    def take(case: Case) -> Facts:
        given: Any = {"is_known": is_known, "by": caller.by, "now": caller.now}
        category = {"category": told.get("about", "")}
        cases.take_triage(caller.session, case, {**told, **category}, **given)
        return {}

    return _try(caller, take)


def ask(caller: Caller, *, level: str) -> Facts:
    return consultations.ask(caller.session, _case(caller), level, by=caller.by, now=caller.now)


def invite(caller: Caller, *, logins: Sequence[str], by: str) -> Facts:
    given: Any = {"by": by, "now": caller.now}
    return {"posts": consultations.invite(caller.session, _case(caller), logins, **given)}


def take_answer(caller: Caller, *, told: Told) -> Facts:
    def take(case: Case) -> Facts:
        given: Any = {key: told[key] for key in ("evidence", "confidence") if key in told}
        by = find_person(caller.session, caller.by)
        row = case_threads.answer(
            caller.session, case, told["text"], by=by, now=caller.now, **given
        )
        return {"answer": row.id}

    return _try(caller, take)


def accept(caller: Caller, *, answers: Sequence[int], by: str) -> Facts:
    rows = [case_threads.find_post(caller.session, id) for id in answers]
    person, case = find_person(caller.session, by), _case(caller)
    case_threads.accept(caller.session, case, rows, by=person, now=caller.now)
    return {"accepted": list(answers)}


def end_asking(caller: Caller) -> Facts:
    case_threads.end_asking(caller.session, _case(caller), by=caller.by, now=caller.now)
    return {"state": "answering"}


def settle(caller: Caller, *, words: str, by: str) -> Facts:
    case_threads.settle(caller.session, _case(caller), words, by=by, now=caller.now)
    return {"words": words}


def note_reply(caller: Caller, *, told: Told) -> Facts:
    """`is_plain` is false where a customer cannot know the words."""

    def take(case: Case) -> Facts:
        jargon = cases.note_reply(caller.session, case, told, by=caller.by, now=caller.now)
        return {"is_taken": not jargon, "jargon": jargon}

    return _try(caller, take)


def note_meeting(caller: Caller, *, told: Told) -> Facts:
    def take(case: Case) -> Facts:
        told_by: Any = {"by": caller.by, "now": caller.now}
        return {"outcome": cases.note_meeting(caller.session, case, told, **told_by)}

    return _try(caller, take)


def close(caller: Caller, *, told: Told) -> Facts:
    def take(case: Case) -> Facts:
        cases.close(caller.session, case, told, by=caller.by, now=caller.now)
        return {"draft": case.draft_id}

    return _try(caller, take)


def withdraw(caller: Caller, *, reason: str, by: str) -> Facts:
    cases.withdraw(caller.session, _case(caller), reason, by=by, now=caller.now)
    return {"state": "withdrawn"}


def pass_on(caller: Caller, *, party: str, words: str, before: Sequence[str]) -> Facts:
    given: Any = {"by": caller.by, "now": caller.now}
    return forwarding.pass_on(caller.session, _case(caller), party, words, before, **given)


def accept_forwarded(caller: Caller, *, answer: int) -> Facts:
    """What came back along the line is what its owner has."""
    case = _case(caller)
    return accept(caller, answers=[answer], by=case.owner)


def _try(caller: Caller, take: Callable[[Case], Facts]) -> Facts:
    """`is_taken` is false where a verb refuses what somebody wrote: they are to write it anew."""
    case = _case(caller)
    try:
        return {"is_taken": True} | take(case)
    except Refusal as refusal:
        why = {"zh": refusal.zh, "en": refusal.en}
        record(caller.session, "not taken", case, caller.by, caller.now, **why)
        return {"is_taken": False, **why}


def _case(caller: Caller) -> Case:
    return find(caller.session, int(caller.subject.rpartition(":")[2]), locked=True)
