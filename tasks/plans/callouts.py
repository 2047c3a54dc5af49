"""Calling out (召集) the parties of a plan, and who answered.

Of each party so many are called as the plan says, those of its city first. Where nobody of a party
has answered when the time is over, the next ones are called, and whoever commands hears of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from records import Group, Membership, Person, PlanCall, PlanRun
from tasks.plans.plan_checks import times_of
from tasks.plans.plan_news import tell, tell_command
from tasks.plans.plan_rules import rules_of
from tasks.plans.plan_states import record, require
from tasks.refusals import NotFound
from tasks.texts import check_texts

PEOPLE = 2  # called of a party that says no number
Map = Mapping[str, Any]


def call_parties(session: Session, run: PlanRun, content: Map, *, now: datetime) -> int:
    """How many people were called."""
    return sum(_call(session, run, party, content, 1, now) for party in content["parties"])


def acknowledge(
    session: Session, run: PlanRun, *, answer: str, by: Person, now: datetime
) -> list[PlanCall]:
    """I am coming. Where nobody commands yet, the first of who may does from now on."""
    require("acknowledge", run)
    check_texts({"answer": answer}, {"answer": 500})
    mine = [call for call in calls_of(session, run) if call.person_id == by.id]
    if not mine:
        raise NotFound(f"预案执行 {run.id} 没有召集您", f"You were not called to plan run {run.id}")
    for call in mine:
        if call.acked_at is None:
            call.acked_at, call.answer = now, answer
            record(session, "call answered", run, by.login, now, party=call.party, answer=answer)
    return mine


def take_command(
    session: Session, run: PlanRun, parties: Sequence[Map], *, by: Person, now: datetime
) -> None:
    """The first who answered of a party that commands, where nobody does."""
    commands = {party["key"] for party in parties if "command" in (party.get("powers") or ())}
    mine = {call.party for call in calls_of(session, run) if call.person_id == by.id}
    if not run.commander and commands & mine:
        run.commander = by.login
        record(session, "took command", run, by.login, now)


def call_next(session: Session, run: PlanRun, content: Map, *, now: datetime) -> int:
    """For each party of which nobody answered in time; how many people were called."""
    called, most = 0, rules_of(session)["callout"]["rounds"]
    for party, calls in _silent(session, run, content, now).items():
        number = max(call.round for call in calls)
        for call in calls:
            call.due_at = max(call.due_at, now + timedelta(days=365))  # looked at once
        of = next(each for each in content["parties"] if each["key"] == party)
        new = _call(session, run, of, content, number + 1, now) if number < most else 0
        called += new
        facts = {"what": {"zh": f"{of['zh']}没有人应答", "en": f"nobody of {of['en']} answered"}}
        told = tell_command(session, run, "plan_behind", facts, key=f"{party}:{number}", now=now)
        record(session, "nobody answered", run, "system", now, party=party, called=new, told=told)
    return called


def send_home(session: Session, run: PlanRun, *, reason: str, now: datetime) -> None:
    called = select(PlanCall.person_id).where(PlanCall.plan_run_id == run.id)
    people = select(Person).where(col(Person.id).in_(called)).order_by(col(Person.login))
    tell(session, run, session.exec(people).all(), "plan_ended", {"why": reason}, key="", now=now)


def next_due(session: Session, run: PlanRun) -> datetime | None:
    """When the first answer of a party that has given none is due."""
    calls = calls_of(session, run)
    answered = {call.party for call in calls if call.acked_at}
    return min((call.due_at for call in calls if call.party not in answered), default=None)


def calls_of(session: Session, run: PlanRun) -> list[PlanCall]:
    mine = select(PlanCall).where(PlanCall.plan_run_id == run.id).order_by(col(PlanCall.id))
    return list(session.exec(mine))


def _call(
    session: Session, run: PlanRun, party: Map, content: Map, number: int, now: datetime
) -> int:
    people = _choose(session, run, party)
    due = now + timedelta(minutes=times_of(content)["ack"])
    about = {"plan_run_id": run.id, "party": party["key"], "round": number, "due_at": due}
    session.add_all(PlanCall(**about, person_id=each.id, called_at=now) for each in people)
    facts = {
        "party": {"zh": party["zh"], "en": party["en"]},
        "duties": {"zh": ";".join(party["duties"]), "en": "; ".join(_english(party))},
    }
    told = tell(session, run, people, "plan_called", facts, key=f"{party['key']}:{number}", now=now)
    record(session, "called out", run, "system", now, party=party["key"], round=number, called=told)
    session.flush()
    return len(people)


def _english(party: Map) -> Sequence[str]:
    duties: Sequence[str] = party.get("duties_en") or party["duties"]
    return duties


def _choose(session: Session, run: PlanRun, party: Map) -> list[Person]:
    """Of its group, who was not called for it; those of the city first."""
    before = select(PlanCall.person_id).where(
        PlanCall.plan_run_id == run.id, PlanCall.party == party["key"]
    )
    of_group = (
        select(Person)
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .join(Group, col(Group.id) == col(Membership.group_id))
        .where(Group.key == party["group"], col(Person.active), col(Person.id).not_in(before))
        .order_by(func.coalesce(col(Person.city) != run.city, True), col(Person.id))
    )
    return list(session.exec(of_group.limit(party.get("people") or PEOPLE)))


def _silent(
    session: Session, run: PlanRun, content: Map, now: datetime
) -> dict[str, list[PlanCall]]:
    """By party: its calls, where none was answered and all that were made are due."""
    known = {party["key"] for party in content["parties"]}
    by_party = _by_party(call for call in calls_of(session, run) if call.party in known)
    return {
        party: calls
        for party, calls in by_party.items()
        if not any(call.acked_at for call in calls) and any(call.due_at <= now for call in calls)
    }


def _by_party(calls: Iterable[PlanCall]) -> dict[str, list[PlanCall]]:
    found: dict[str, list[PlanCall]] = {}
    for call in calls:
        found.setdefault(call.party, []).append(call)
    return found
