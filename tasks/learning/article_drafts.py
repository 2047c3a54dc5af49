"""Drafts of articles from what was solved: a ticket, a question, or a case that says what it was.

Nobody at a customer's is in it: names, phone numbers and circuits are taken out, and a person looks
at the draft before it is published. Called by the doors and by cases.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from records import Alarm, Answer, Article, Circuit, Contact, Customer, Person, Question, Ticket
from tasks.access.people import require
from tasks.learning import articles
from tasks.refusals import NotAllowed, NotFound, wrong

NUMBERS = re.compile(r"(?<!\d)(?:\+?\d[\d\s-]{5,18}\d)(?!\d)")  # of phones, accounts, cards
MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,190}")


@dataclass(frozen=True)
class Solved:
    """A case that was solved, as far as others may learn from it."""

    title: str
    symptoms: str
    cause: str
    solution: str
    kind: str = "fault"
    category: str = ""
    causes: list[str] = field(default_factory=list)  # of alarms
    hidden: dict[str, str] = field(default_factory=dict)  # names, and what stands for each


def draft_from(
    session: Session, subject: str, *, by: Person, now: datetime, told: Solved | None = None
) -> Article:
    """The draft of an article about "ticket:7" or "question:3"; about anything else, of what is
    `told`. A case has one: the second time it is the same, and history says who wanted it."""
    require(by, "articles:write")
    if there := articles.find_by_source(session, subject):
        articles.record(session, "drafted again", there, by.login, now, source=subject)
        return there
    solved = told or _read(session, subject)
    content = _content(solved)
    return articles.write(session, content, by=by, now=now, source=subject)


def _read(session: Session, subject: str) -> Solved:
    kind, _, number = subject.partition(":")
    read = {"ticket": _of_ticket, "question": _of_question}.get(kind)
    if read is None or not number.isdecimal() or len(number) > 18:
        raise wrong("subject", "须为 ticket:编号 或 question:编号", "is ticket:… or question:…")
    return read(session, int(number))


def _of_ticket(session: Session, id: int) -> Solved:
    ticket = session.get(Ticket, id)
    if ticket is None:
        raise NotFound(f"没有编号为 {id} 的故障单", f"There is no ticket {id}")
    if ticket.state != "closed":
        raise NotAllowed(
            f"{ticket.number} 还没有归档,请先归档再整理成知识",
            f"{ticket.number} is not closed: close it first, then draft an article of it",
        )
    alarms = select(Alarm.cause).where(Alarm.ticket_id == id).distinct().order_by(col(Alarm.cause))
    return Solved(
        title=ticket.title,
        symptoms=ticket.symptom,
        cause=str(ticket.closing.get("cause") or ticket.cause),
        solution=str(ticket.closing.get("action") or ""),
        category="network",
        causes=list(session.exec(alarms.limit(20))),
        hidden=_names_at(session, ticket),
    )


def _of_question(session: Session, id: int) -> Solved:
    question = session.get(Question, id)
    if question is None:
        raise NotFound(f"没有编号为 {id} 的问题", f"There is no question {id}")
    answer = session.get(Answer, question.accepted_id) if question.accepted_id else None
    if answer is None:
        raise NotAllowed(
            "还没有采纳的回答,请先采纳再整理成知识",
            "No answer is accepted yet: accept one first, then draft an article of it",
        )
    solution = "\n".join(text for text in (answer.text, answer.evidence) if text)
    kind = {"offer": "offer", "terminal": "terminal", "wlan": "terminal"}
    told: dict[str, Any] = {"kind": kind.get(question.category, "fault")}
    return Solved(question.title, question.text, "", solution, category=question.category, **told)


def _names_at(session: Session, ticket: Ticket) -> dict[str, str]:
    """Who and what a ticket is about, and what is said instead."""
    hidden = {ticket.reporter: "联系人", ticket.phone: "(电话)", ticket.number: "故障单"}
    if customer := session.get(Customer, ticket.customer_id) if ticket.customer_id else None:
        hidden |= {customer.name: "客户", customer.name_en: "the customer"}
        at = select(Contact.name).where(Contact.customer_id == customer.id)
        hidden |= dict.fromkeys(session.exec(at), "联系人")
    if circuit := session.get(Circuit, ticket.circuit_id) if ticket.circuit_id else None:
        hidden[circuit.code] = "电路"
    return hidden


def _content(solved: Solved) -> dict[str, Any]:
    hide = _hider(solved.hidden)
    parts = (("原因 / Cause", solved.cause), ("处理 / What was done", solved.solution))
    body = "\n\n".join(f"{name}\n{hide(text)}" for name, text in parts if text.strip())
    return {
        "kind": solved.kind,
        "category": solved.category,
        "title": hide(solved.title)[: articles.LONGEST["title"]],
        "symptoms": hide(solved.symptoms)[: articles.LONGEST["symptoms"]],
        "body": body[: articles.LONGEST["body"]],
        "causes": solved.causes,
    }


def _hider(hidden: dict[str, str]) -> Any:
    """The longest names first, so that no part of one is left over."""
    names: Iterable[str] = sorted((name for name in hidden if len(name) > 1), key=len, reverse=True)

    def hide(text: str) -> str:
        for name in names:
            text = text.replace(name, hidden[name])
        return NUMBERS.sub("(号码)", MAIL.sub("(邮箱)", text))

    return hide
