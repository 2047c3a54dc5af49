"""Whom a rung of a ladder reaches: the rules of the policy "recipients", from city to group.

Called by escalations.py. A rule that finds nobody falls back on the next one up, and at last on
who is always there. The gate asks `names` what a ladder may name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Text, type_coerce
from sqlmodel import Session, col, select

from records import Customer, Group, Membership, Person, Ticket, WorkOrder
from tasks import policies
from tasks.faults.impact import city_of

Rule = Mapping[str, Any]


@dataclass(frozen=True)
class Reach:
    """Who was found, by which rule, and which rules had found nobody before."""

    people: list[Person]
    rule: str = ""
    nobody: list[str] = field(default_factory=list)


def find(session: Session, rule: str, ticket: Ticket) -> list[Person]:
    """The people whom the rule means for this ticket: active, those of its city first."""
    return Roster(session).reach(rule, ticket).people


def find_in(session: Session, rule: str, city: str) -> list[Person]:
    """As `find`, about what is no ticket but in a city: an order, a room."""
    return Roster(session).reach_in(rule, city)


class Roster:
    """Everybody whom the rules may name, read once for all the tickets of one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._content = content(session)
        self.actions: Mapping[str, dict[str, str]] = self._content["actions"]
        self._people: dict[str, list[Person]] = {}  # by rule
        self._crews: dict[str, dict[int, set[str]]] = {}  # by rule: the groups of each person
        self._cities: dict[int, str] = {}  # by ticket

    def reach(self, rule: str, ticket: Ticket) -> Reach:
        nobody: list[str] = []
        for key in self._way_up(rule):
            people = self._find(key, ticket)
            if people:
                return Reach(people, key, nobody)
            nobody.append(key)
        return Reach([], "", nobody)

    def reach_in(self, rule: str, city: str) -> list[Person]:
        """Rules of a customer find nobody here."""
        for key in self._way_up(rule):
            told = self._content["rules"].get(key, {})
            people = [] if told.get("of_customer") else self._all(key, told)
            if told.get("same_city"):
                people = [person for person in people if city and person.city == city]
            if people:
                return sorted(people, key=lambda person: person.city != city)
        return []

    def reach_for_rung(self, rule: str, ticket: Ticket) -> Reach:
        """A rung to nobody (the limit itself) tells nobody. Those of a child (副单) are told of by
        its parent's ladder, but for its own customer's account manager."""
        is_told = not ticket.parent_id or self._content["rules"].get(rule, {}).get("of_customer")
        return self.reach(rule, ticket) if rule and is_told else Reach([])

    def _way_up(self, rule: str) -> list[str]:
        """The rule, and what it falls back on. One that is not there any more falls to the last."""
        rules, way = self._content["rules"], [rule]
        while (after := rules.get(way[-1], {}).get("otherwise")) and after not in way:
            way.append(after)
        last = self._content["last"]
        return way if last in way else [*way, last]

    def _find(self, key: str, ticket: Ticket) -> list[Person]:
        rule = self._content["rules"].get(key, {})
        if rule.get("of_customer"):
            return _account_manager(self._session, ticket)
        people = self._all(key, rule)
        city = self._city(ticket) if people else ""
        if rule.get("same_city"):
            people = [person for person in people if city and person.city == city]
        if rule.get("same_crew") and people:
            people = self._of_crew(key, people, ticket) or people
        return sorted(people, key=lambda person: person.city != city)

    def _all(self, key: str, rule: Rule) -> list[Person]:
        if key not in self._people:
            self._people[key] = _everybody(self._session, rule)
        return self._people[key]

    def _city(self, ticket: Ticket) -> str:
        if ticket.id not in self._cities:
            self._cities[ticket.id] = city_of(self._session, ticket)
        return self._cities[ticket.id]

    def _of_crew(self, key: str, people: list[Person], ticket: Ticket) -> list[Person]:
        """Those who are in a group that has an open order of the ticket."""
        if key not in self._crews:
            self._crews[key] = _groups_of(self._session, self._people[key])
        crews = self._crews[key]
        waiting = select(WorkOrder.group_key).where(
            WorkOrder.ticket_id == ticket.id, col(WorkOrder.finished_at).is_(None)
        )
        wanted = set(self._session.exec(waiting))
        return [person for person in people if crews.get(person.id, set()) & wanted]


def names(content: Rule) -> dict[str, dict[str, tuple[str, str]]]:
    """What a ladder may name, with both names: recipients, and actions."""
    told = {"recipients": content["rules"], "actions": content["actions"]}
    return {
        what: {key: (each["zh"], each["en"]) for key, each in named.items()}
        for what, named in told.items()
    }


def content(session: Session) -> Rule:
    """The policy, as it holds now."""
    return policies.current(session, "recipients").content


def _everybody(session: Session, rule: Rule) -> list[Person]:
    people = select(Person).where(col(Person.active)).order_by(col(Person.login))
    if group := rule.get("group"):
        of_group = people.join(Membership, col(Membership.person_id) == col(Person.id))
        of_group = of_group.join(Group, col(Group.id) == col(Membership.group_id))
        people = of_group.where(Group.key == group)
    role = rule.get("role")
    if role:
        people = people.where(type_coerce(col(Person.roles), Text).contains(f'"{role}"'))
    return list(session.exec(people)) if group or role else []


def _account_manager(session: Session, ticket: Ticket) -> list[Person]:
    if ticket.customer_id is None:
        return []
    login = select(Customer.account_manager).where(Customer.id == ticket.customer_id)
    theirs = select(Person).where(col(Person.login).in_(login), col(Person.active))
    return list(session.exec(theirs))


def _groups_of(session: Session, people: Sequence[Person]) -> dict[int, set[str]]:
    rows = select(Membership.person_id, Group.key).join(
        Group, col(Group.id) == col(Membership.group_id)
    )
    found: dict[int, set[str]] = {}
    mine = rows.where(col(Membership.person_id).in_([person.id for person in people]))
    for person, group in session.exec(mine):
        found.setdefault(person, set()).add(group)
    return found
