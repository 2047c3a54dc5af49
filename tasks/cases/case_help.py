"""What helps with a case before anybody is asked: articles that answer the like, and the scripts
that are to be gone through first. Asked by the doors while it is written, and at its beginning.
"""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from records import Case, HotIssue
from tasks.cases import case_policy
from tasks.learning import article_search, case_scripts
from tasks.learning.article_search import Suggestion
from tasks.learning.case_scripts import Script

MOST = 5  # articles


def suggest(session: Session, case: Case) -> list[Suggestion]:
    told = {"category": case.category, "cause": case.cause}
    return article_search.suggest(session, case.words, limit=MOST, **told)


def scripts(session: Session, case: Case, *, now: datetime) -> list[Script]:
    told = {"category": case.category, "cause": case.cause}
    return case_scripts.scripts_for(session, case.words, now=now, **told)


def answer_of(session: Session, case: Case) -> str:
    """What every case of its hot issue is told; "" where there is no such answer."""
    issue = session.get(HotIssue, case.hot_issue_id) if case.hot_issue_id else None
    return issue.answer if issue else ""


def facts_of(session: Session, case: Case, *, now: datetime) -> dict[str, Any]:
    """What its run begins with. The words stay where they are locked."""
    articles = [
        {"id": each.article.id, "title": each.article.title} for each in suggest(session, case)
    ]
    steps = [vars(script) for script in scripts(session, case, now=now)]
    return {
        "id": case.id,
        "number": case.number,
        "owner": case.owner,
        "kind": case.kind,
        "channel": case.channel,
        "is_press": case_policy.is_press(session, case.channel),
        "articles": articles,
        "scripts": steps,
        "hot_answer": answer_of(session, case),
    }
