"""Who hears that a theme is amber or red: the groups of the policy "hot_issues". Called by
hot_issues.py.
"""

from datetime import datetime

from sqlmodel import Session

from notifications import notices
from notifications.notices import News
from records import HotIssue
from tasks import policies
from tasks.learning import knowledge


def tell(session: Session, issue: HotIssue, volume: int, *, now: datetime) -> None:
    """Red is urgent: in quiet hours too."""
    groups = policies.current(session, "hot_issues").content["told"]
    facts = {
        "title": {"zh": issue.title, "en": issue.title_en or issue.title},
        "volume": volume,
        "is_red": issue.state == "red",
        "plan": issue.plan,
        "link": f"/hot-issues/{issue.id}",
    }
    key = f"hot issue:{issue.id}:{issue.state}"
    news = News(
        knowledge.members(session, groups), "hot_issue", facts, key, f"hot issue:{issue.id}"
    )
    notices.tell_all(session, [news], is_urgent=issue.state == "red", now=now)
