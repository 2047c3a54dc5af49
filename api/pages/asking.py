"""What the address of a list or a report says, as a form of a browser sends it: what was left
empty is not asked for, and days are days of the viewer.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from pydantic import BaseModel, Field, field_validator

from api.deps import Given
from api.pages.paper import ZONE
from tasks.refusals import wrong

LONGEST = timedelta(days=732)
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)


class FromForm(BaseModel):
    """Beside a filter of the API: empty fields are none."""

    @field_validator("*", mode="before")
    @classmethod
    def leave_out(cls, value: Any) -> Any:
        return None if isinstance(value, str) and not value.strip() else value


class Period(FromForm, Given):
    """Whole days, both included: the last thirty where nothing is said."""

    since: date | None = Field(None, ge=FIRST_DAY, le=LAST_DAY)
    until: date | None = Field(None, ge=FIRST_DAY, le=LAST_DAY)

    def span(self, now: datetime, days: int = 30) -> tuple[datetime, datetime]:
        """From the first instant of it to the first one after it."""
        last = self.until or now.astimezone(ZONE).date()
        first = self.since or last - timedelta(days=days - 1)
        since, until = _begin(first), _begin(last + timedelta(days=1))
        if not since < until or until - since > LONGEST:
            zh, en = "须早于结束日期,且不超过两年", "has to be before the end, by two years at most"
            raise wrong("since", zh, en)
        return since, until


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZONE)
