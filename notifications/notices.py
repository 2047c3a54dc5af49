"""Telling somebody: one notice for each way that the policy has for them. Called by tasks/.

What is told, in which template: words/facts.json. Sending it: outbox.py.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlmodel import Session

from notifications import guard, outbox
from notifications.channels import CHANNELS, line_of
from notifications.policy import Rules, read_rules
from records import Contact, Customer, Notice, Person
from records.bold import is_bold

Facts = Mapping[str, Any]
_HELD = "held notices"
End = tuple[str, str]  # a channel, and where it ends for somebody


@dataclass(frozen=True)
class _Telling:
    """What one call of `tell` or `tell_groups` is about."""

    session: Session
    template: str
    facts: Facts
    key: str
    subject: str
    is_urgent: bool
    now: datetime
    known: Rules | None = None
    latest: datetime | None = None

    @cached_property
    def rules(self) -> Rules:
        return self.known or read_rules(self.session)

    @cached_property
    def names(self) -> guard.Names:
        return guard.read_names(self.session, self.now)


@dataclass(frozen=True)
class News:
    """What some of ours are told, and the robots that listen to its template."""

    to: Sequence[Person]
    template: str
    facts: Facts
    key: str
    subject: str


def tell(
    session: Session,
    *,
    to: Person | Contact,
    template: str,
    facts: Facts,
    key: str,
    subject: str,
    is_urgent: bool = False,
    now: datetime,
) -> list[Notice]:
    """Queue what `to` is to be told, in their language. The same key tells the same person once.

    `facts` as words/facts.json has them; `link` may be a path of ours. Urgent: in quiet hours too.
    What cannot be said (words that fail, another customer's name) is queued as failed, and seen.
    """
    telling = _Telling(session, template, facts, key, subject, is_urgent, now)
    if isinstance(to, Person):
        return outbox.add(session, _rows_for(telling, to)) if to.active else []
    return outbox.add(session, _rows_for_contact(telling, to))


def tell_contacts(
    session: Session,
    to: Sequence[Contact],
    *,
    template: str,
    facts: Facts,
    key: str,
    subject: str,
    is_urgent: bool = False,
    now: datetime,
    latest: datetime | None = None,
) -> list[str]:
    """As `tell` for each contact of a customer, with few statements; the states of the notices.
    Quiet hours hold none longer than until `latest`."""
    telling = _Telling(session, template, facts, key, subject, is_urgent, now, latest=latest)
    rows = [row for contact in to for row in _rows_for_contact(telling, contact)]
    if _HELD in session.info:
        session.info[_HELD].extend(rows)
    else:
        outbox.add_many(session, rows)
    return [row.get("state", "waiting") for row in rows]


def tell_groups(
    session: Session, *, template: str, facts: Facts, key: str, subject: str, now: datetime
) -> list[Notice]:
    """Queue it for the robots that the policy has listen to this template, in both languages."""
    telling = _Telling(session, template, facts, key, subject, True, now)
    return outbox.add(session, _rows_for_groups(telling))


def tell_all(session: Session, news: Iterable[News], *, is_urgent: bool, now: datetime) -> None:
    """As `tell` and `tell_groups` for each, with few statements however many they are."""
    rules, rows = read_rules(session), []
    for each in news:
        told = (each.template, each.facts, each.key, each.subject)
        telling = _Telling(session, *told, is_urgent, now, rules)
        for person in each.to:
            rows += _rows_for(telling, person) if person.active else []
        if each.to:
            rows += _rows_for_groups(telling)
    outbox.add_many(session, rows)


@contextmanager
def together(session: Session) -> Iterator[None]:
    """What contacts are told meanwhile is queued at the end, all at once. Only in a bold session,
    where nothing of the block is undone without the rest."""
    if not is_bold(session):
        yield
        return
    held = session.info[_HELD] = list[dict[str, Any]]()
    try:
        yield
    finally:
        del session.info[_HELD]
    outbox.add_many(session, held)


def tell_again(session: Session, notice: Notice, *, now: datetime) -> str:
    """Let it wait to leave once more, worded anew; why not, where it cannot."""
    rules = read_rules(session)
    contact = session.get(Contact, notice.contact_id) if notice.contact_id else None
    row = notice.model_dump() | {"state": "waiting"}
    if contact and CHANNELS[notice.channel].is_inside:
        telling = _Telling(
            session, notice.template, notice.facts, "", "", notice.is_urgent, notice.queued_at
        )
        ways = _ends(telling, "customer", contact)
        if not ways:
            return str(_kept({})["error"])
        row["channel"], row["to"] = ways[0][0]
        row["key"] = f"{notice.key.removesuffix(':inbox')}:{line_of(row['channel'], row['to'])}"
        row["fallbacks"] = [list(end) for end in ways[0][1:]]
    row |= outbox.worded(rules.words, row)
    if contact:
        own = session.get_one(Customer, contact.customer_id)
        row = _guarded(guard.read_names(session, now), row, own)
    if row["state"] == "failed":
        return str(row["error"])
    for name in ("key", "channel", "to", "fallbacks", "title", "text", "state"):
        setattr(notice, name, row[name])
    notice.attempts, notice.due_at, notice.expires_at = 0, now, now + outbox.KEEPS
    return ""


def _rows_for_groups(telling: _Telling) -> list[dict[str, Any]]:
    return [
        _row(telling, [("robot", robot)], "both", "", kind="staff", who="group")
        for robot in telling.rules.robots(telling.template)
    ]


def _rows_for(telling: _Telling, person: Person) -> list[dict[str, Any]]:
    name = person.name_en if person.language == "en" and person.name_en else person.name
    return [
        _row(telling, way, person.language, name, kind="staff", who=f"p{person.id}")
        | {"person_id": person.id}
        for way in _ends(telling, "staff", person)
    ]


def _rows_for_contact(telling: _Telling, contact: Contact) -> list[dict[str, Any]]:
    own = telling.session.get_one(Customer, contact.customer_id)
    ends = _ends(telling, "customer", contact)
    rows = []
    for way in ends or [[("inbox", contact.email or contact.phone or contact.name)]]:
        row = _row(
            telling, way, contact.language, contact.name, kind="customer", who=f"c{contact.id}"
        ) | {"contact_id": contact.id}
        rows.append(_guarded(telling.names, row if ends else _kept(row), own))
    return rows


def _ends(telling: _Telling, kind: str, to: Person | Contact) -> list[list[End]]:
    """Each way, as far as its channels are set up and lead to this person."""
    ways = telling.rules.ways(kind, telling.is_urgent, to.channels)
    led = [[end for name in way if (end := _end(name, to))] for way in ways]
    return [way for way in led if way]


def _end(name: str, to: Person | Contact) -> End | None:
    channel, _, end = name.partition(":")
    known = CHANNELS.get(channel)
    if known is None or not known.is_ready():
        return None
    end = end or getattr(to, known.address or "", "")
    return (channel, end) if end else None


def _row(
    telling: _Telling, way: list[End], language: str, name: str, *, kind: str, who: str
) -> dict[str, Any]:
    (channel, to), *others = way
    rules, now = telling.rules, telling.now
    inside = CHANNELS[channel].is_inside
    may_go = rules.may_go(kind, telling.is_urgent, now)
    due = now if inside else min(may_go, telling.latest or may_go)
    lasts = rules.patience if others else rules.keeps
    facts = dict(telling.facts) | {"name": name}
    row: dict[str, Any] = {
        "key": f"{telling.key}:{who}:{line_of(channel, to)}",
        "channel": channel,
        "to": to,
        "template": telling.template,
        "facts": facts,
        "subject": telling.subject,
        "language": language,
        "is_urgent": telling.is_urgent,
        "due_at": due,
        "expires_at": None if inside else due + lasts(kind, telling.is_urgent),
        "fallbacks": [list(end) for end in others],
        "queued_at": now,
    }
    return row | outbox.worded(rules.words, row)


def _guarded(names: guard.Names, row: dict[str, Any], own: Customer) -> dict[str, Any]:
    text = f"{row.get('title')}\n{row.get('text')}"
    named = guard.named_in(text, own, names)
    if not named:
        return row
    return row | {"state": "failed", "error": f"It names another customer: {', '.join(named)}"}


def _kept(row: dict[str, Any]) -> dict[str, Any]:
    """For a customer whom no channel reaches: kept in Baton, so that somebody can see and call."""
    if row.get("state") == "failed":
        return row
    settings = ", ".join(c.setting for c in CHANNELS.values() if c.address in ("email", "phone"))
    return row | {"state": "kept", "error": f"Kept in Baton: no way out leads there ({settings})"}
