"""The old way (线条式传递): a case goes from desk to desk, each telling the next in its own words,
and the answer comes back by the same desks. Kept to be compared with: linear_forwarding.bpmn.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from records import Case
from tasks.cases import case_policy
from tasks.cases.case_states import record
from tasks.cases.case_states import require as require_state
from tasks.learning.expert_choice import choose


def pass_on(
    session: Session,
    case: Case,
    party: str,
    words: str,
    before: Sequence[str],
    *,
    by: str,
    now: datetime,
) -> dict[str, Any]:
    """The next desk: one expert of the party, not one of those `before`. "" where there is nobody:
    then it waits for the group."""
    require_state("ask", case)
    skills = case_policy.skills_of(session, [party], case.category)
    out = {*before, case.owner}
    known = [skill for each in skills.values() for skill in each]
    found = choose(session, known, limit=1, city=case.city, exclude=out, now=now)
    login = found[0].login if found else ""
    record(session, "passed on", case, by, now, to=login, party=party, words=words)
    return {"login": login, "party": party}
