"""Hot issues (热点问题,「門」): a theme that many cases have at once. Verbs:
tasks/cases/hot_issues.py; how themes are found: tasks/cases/themes.py.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import inspect
from sqlmodel import Field, SQLModel

from records.columns import BigId, Json, UtcDateTime


class HotIssue(SQLModel, table=True):
    """One theme from when it was amber until it is over."""

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    # One that is not over for each theme: kept until then, emptied at the end.
    open_key: str | None = Field(default=None, unique=True)
    theme: str  # of the policy "hot_issues", or made of its words
    title: str
    title_en: str = ""
    words: list[str] = Field(default_factory=list, sa_type=Json)  # that its cases share
    state: str = Field(default="amber", index=True)  # amber, red, settled, over
    why: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # the rule that fired
    volume: int = 0  # cases of the last window
    usual: float = 0.0  # cases of such a window in the days before
    press: int = 0  # of them from the media or a regulator
    sample: list[int] = Field(default_factory=list, sa_type=Json)  # cases to look at
    plan: str = ""  # the emergency plan that is proposed
    plan_state: str = ""  # proposed, activated, declined
    plan_ref: str = ""  # what was activated: "plan run:7"
    plan_by: str = ""
    article_id: int | None = Field(default=None, sa_type=BigId)
    push_id: int | None = Field(default=None, sa_type=BigId)  # the last
    answer: str = ""  # what every case of it is told
    revision: int = 1
    seen_at: datetime = Field(sa_type=UtcDateTime)  # when its first case came in
    amber_at: datetime = Field(sa_type=UtcDateTime, index=True)
    red_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    counted_at: datetime = Field(sa_type=UtcDateTime)  # when the last of its cases came in
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    over_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


# Two people press the same button: the second flush raises StaleDataError (409).
inspect(HotIssue).version_id_col = inspect(HotIssue).columns["revision"]
