"""Cases, from the customer's first words to the close. Every change of a state is in this file.

Who is asked about one: consultations.py. What they say: case_threads.py, case_answers.py. The run
beside it: bpmn/cases.py. The states are drawn in case_states.py.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from records import Article, Case, CasePost, Customer, Person
from tasks.access.people import find_person, may, require
from tasks.cases import case_causes, case_drafts, case_policy, case_threads, plain_words
from tasks.cases.case_states import record, shift, subject_of
from tasks.cases.case_states import require as require_state
from tasks.faults.tickets import require_reason
from tasks.learning import articles, knowledge, points, uses
from tasks.refusals import Forbidden, wrong
from tasks.texts import check_texts, require_words

LONGEST = {"words": 10_000, "caller": 100, "phone": 40, "city": 100, "cause": 100}
TRIAGE = {"when": 1_000, "tried": 1_000, "asked": 1_000}
KINDS = {"consultation": ("咨询", "consultation"), "complaint": ("投诉", "complaint")}
WAYS = ("consultation", "linear")
Told = Mapping[str, Any]


def open_case(session: Session, told: Told, *, by: Person, now: datetime) -> Case:
    """A new case (its `run_id` is None), owned by whoever takes it; its words are locked.

    `told`: words and channel; kind, customer (a code), caller, phone, city, category, cause, way.
    """
    require(by, "cases:open")
    given = dict(told)
    require_words(given, "words", "channel")
    check_texts(given, LONGEST)
    case_policy.require_known(session, "channels", "channel", given["channel"])
    knowledge.require_category(session, given.get("category", ""))
    _require_one_of("kind", given.get("kind", "complaint"), KINDS)
    _require_one_of("way", given.get("way", "consultation"), WAYS)
    customer = _find_customer(session, given.pop("customer", ""))
    given["city"] = given.get("city") or (customer.city if customer else by.city)
    case = Case(
        **given, customer_id=customer.id if customer else None, owner=by.login, opened_at=now
    )
    session.add(case)
    session.flush()
    record(session, "opened", case, by.login, now, **told)
    return case


def take_triage(
    session: Session, case: Case, told: Told, *, is_known: bool, by: str, now: datetime
) -> None:
    """What the guided questions came to. `is_known`: its owner can answer, and asks nobody.

    `told`: category, parties, and article where one of ours answers it.
    """
    require_state("triage", case)
    check_texts(told, TRIAGE)
    knowledge.require_category(session, told["category"])
    for party in told.get("parties", ()):
        case_policy.require_known(session, "parties", "parties", party)
    case.category, case.triage = told["category"], dict(told)
    article = session.get(Article, told.get("article") or 0)
    if article and article.state in articles.CURRENT:
        case.article_id = article.id
    state = "answering" if is_known else "consulting"
    shift(session, "triaged", case, state, by, now, told=dict(told), article=case.article_id)


def note_reply(session: Session, case: Case, told: Told, *, by: str, now: datetime) -> list[str]:
    """What the customer was told. Words of ours that they cannot know, if any: then nothing is
    noted, and it has to be said in plain words first."""
    require_state("reply", case)
    check_texts(told, {"words": 10_000, "customer_words": 10_000})
    if jargon := plain_words.find_jargon(session, told["words"]):
        record(session, "reply not plain", case, by, now, jargon=jargon)
        return jargon
    case.answer, case.replied_at = told["words"], now
    case.has_agreed = bool(told["has_agreed"])
    case.score = told.get("score", case.score)
    case_threads.keep(session, case, "reply", told["words"], by, now)
    if said := told.get("customer_words"):
        case_threads.keep(session, case, "customer", said, by, now)
    agreed = case.has_agreed
    shift(session, "customer replied to", case, "replied", by, now, has_agreed=agreed)
    return []


def note_meeting(session: Session, case: Case, told: Told, *, by: str, now: datetime) -> str:
    """The customer did not agree, and it was talked over: "reply" better, "ask" again, or "close".
    What had been accepted did not hold where it is asked again."""
    require_state("ask_again", case)
    case_threads.keep(session, case, "minutes", told["minutes"], by, now)
    outcome = str(told["outcome"])
    state = {"reply": "answering", "ask": "consulting", "close": "replied"}[outcome]
    if outcome == "ask":
        case_threads.unaccept(session, case, by=by, now=now)
    shift(session, "talked over", case, state, by, now, outcome=outcome)
    return outcome


def close(session: Session, case: Case, told: Told, *, by: str, now: datetime) -> None:
    """归档: its causes, each with its party; an article drafted of it, if that is wanted; points
    for a right triage, and for the article that solved it."""
    require_state("close", case)
    person = find_person(session, by)
    case_causes.keep(session, case, told["causes"], by=by, now=now)
    case.closed_at = now
    shift(session, "closed", case, "closed", by, now, satisfied=case.has_agreed)
    if case.article_id:
        _note_use(session, case, person, now)
    _reward_triage(session, case, now)
    if told.get("wants_article") and may(person, "articles:write"):
        case_drafts.draft(session, case, by=person, now=now)


def withdraw(session: Session, case: Case, reason: str, *, by: str, now: datetime) -> None:
    """The customer does not want it any more."""
    require_state("withdraw", case)
    require_reason(reason)
    case.closed_at = now
    shift(session, "withdrawn", case, "withdrawn", by, now, reason=reason)


def require_owner(case: Case, by: Person) -> None:
    if by.login != case.owner and not may(by, "cases:steer"):
        raise Forbidden(
            f"这件咨询投诉由 {case.owner} 负责,请找其办理",
            f"This case is {case.owner}'s: ask them to do it",
        )


def _reward_triage(session: Session, case: Case, now: datetime) -> None:
    """By whoever gave the accepted answer: the parties that were named had to do with it."""
    answer = session.get(CasePost, case.accepted_id) if case.accepted_id else None
    named = set(case.triage.get("parties", ()))
    if answer and named & case_causes.parties_of(session, case):
        points.award(
            session, case.owner, "triage_right", key=f"case:{case.id}:triage",
            subject=subject_of(case), by=answer.by, now=now,
        )  # fmt: skip


def _note_use(session: Session, case: Case, person: Person, now: datetime) -> None:
    article = session.get_one(Article, case.article_id)
    if article.state in articles.CURRENT:
        outcome = "solved" if case.has_agreed else "failed"
        uses.note_article(session, article, subject_of(case), outcome, by=person, now=now)


def _find_customer(session: Session, code: str) -> Customer | None:
    if not code:
        return None
    customer = session.exec(select(Customer).where(Customer.code == code)).first()
    if customer is None:
        raise wrong("customer", f"没有客户 {code},请核对", f"There is no customer {code}: check it")
    return customer


def _require_one_of(field: str, given: str, known: Any) -> None:
    if given not in known:
        some = ", ".join(known)
        raise wrong(field, f"没有“{given}”,可用:{some}", f"There is no “{given}”: there are {some}")
