"""What the policy "plans" says: powers, kinds of resources, days between reviews, weights.

Asked by the verbs of this room. What it must be: plan_policy_checks.py.
"""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from records import Person
from tasks import policies
from tasks.learning.knowledge import members

Map = Mapping[str, Any]


def rules_of(session: Session) -> Map:
    return policies.current(session, "plans").content


def guardians(session: Session) -> list[Person]:
    """Who hears of what nobody else looks after."""
    return members(session, [rules_of(session)["review"]["guardians"]])
