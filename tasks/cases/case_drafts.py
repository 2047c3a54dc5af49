"""What others may learn from a case: the draft of an article, with nobody's name in it."""

from datetime import datetime

from sqlmodel import Session, col, select

from records import Article, Case, CasePost, Contact, Customer, Person
from tasks.cases import case_causes, case_policy
from tasks.cases.case_states import record, subject_of
from tasks.learning import article_drafts
from tasks.learning.article_drafts import Solved

KINDS = {"offer": "offer", "billing": "offer", "terminal": "terminal", "wlan": "terminal"}
LONGEST = 60  # characters of the title


def draft(session: Session, case: Case, *, by: Person, now: datetime) -> Article:
    """One for each case, however often it is asked for."""
    told = Solved(
        title=case.words.splitlines()[0][:LONGEST],
        symptoms=case.words,
        cause=_causes(session, case),
        solution=_solution(session, case),
        kind=KINDS.get(case.category, "fault"),
        category=case.category,
        causes=[case.cause] if case.cause else [],
        hidden=_names(session, case),
    )
    article = article_drafts.draft_from(session, subject_of(case), by=by, now=now, told=told)
    case.draft_id = article.id
    record(session, "article drafted", case, by.login, now, article=article.id)
    return article


def _causes(session: Session, case: Case) -> str:
    parties = case_policy.content(session)["parties"]
    rows = case_causes.of_case(session, case)
    named = [(parties.get(row.party, {}).get("zh", row.party), row) for row in rows]
    return "\n".join(f"{zh}({row.share}%):{row.text}" for zh, row in named)


def _solution(session: Session, case: Case) -> str:
    accepted = session.get(CasePost, case.accepted_id) if case.accepted_id else None
    return "\n".join(text for text in (case.answer, accepted.text if accepted else "") if text)


def _names(session: Session, case: Case) -> dict[str, str]:
    """Who a case is about, and what is said instead."""
    hidden = {case.caller: "客户", case.phone: "(电话)", case.number: "这一事项"}
    if customer := session.get(Customer, case.customer_id) if case.customer_id else None:
        hidden |= {customer.name: "客户", customer.name_en: "the customer"}
        at = select(Contact.name).where(col(Contact.customer_id) == customer.id)
        hidden |= dict.fromkeys(session.exec(at), "联系人")
    return {name: instead for name, instead in hidden.items() if name}
