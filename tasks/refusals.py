"""Refusals: what a verb raises when it will not do a thing. Their status codes: api/app.py.

Each says in Chinese and English what is the matter and what to do next.
"""

from typing import Any


class Refusal(Exception):
    """The verb will not do this."""

    code = "refused"

    def __init__(self, zh: str, en: str, **facts: Any) -> None:
        super().__init__(en)
        self.zh, self.en, self.facts = zh, en, facts


class NotAllowed(Refusal):
    """The thing is not in a state that permits this."""

    code = "not-allowed"


class Conflict(Refusal):
    """Somebody else was first, or it exists already."""

    code = "conflict"


class Forbidden(Refusal):
    """This person may not do this."""

    code = "forbidden"


class NotFound(Refusal):
    """There is no such thing."""

    code = "not-found"


class Invalid(Refusal):
    """What was given is wrong. `facts["fields"]` lists {"field", "zh", "en"} for each."""

    code = "invalid"


def wrong(field: str, zh: str, en: str) -> Invalid:
    """What to raise where one field is wrong."""
    return Invalid(zh, en, fields=[{"field": field, "zh": zh, "en": en}])
