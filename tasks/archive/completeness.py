"""How complete each section of customers' archives is: shares, counted for all customers at once.

A check of the policy "archives" is a name of CHECKS; each tells how much of what a customer should
have is there, from 0 to 1. Who has none of it (no circuit, no ticket) is not told of at all: the
check says what that counts. Called by archives.py; pure statements, no rules of its own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from records import Circuit, Consent, Contact, Customer, Hop, Site, Ticket

Shares = Mapping[int, float]  # by customer
Map = Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """What is asked, of whom."""

    session: Session
    rules: Map
    now: datetime
    first: int  # customers from this id
    last: int  # to this one

    def ask(self, share: Any, of: Any, *joins: Any) -> Shares:
        """The share for each customer of `of`."""
        rows: Select[Any] = select(of, share)
        for join in joins:
            rows = rows.join(*join)
        rows = rows.where(of.between(self.first, self.last))
        return {key: float(part or 0) for key, part in self.session.execute(rows.group_by(of))}


def _share(is_met: ColumnElement[bool]) -> ColumnElement[Any]:
    """Of the rows."""
    return func.avg(case((is_met, 1.0), else_=0.0))


def account_manager(asked: Question) -> Shares:
    return asked.ask(_share(col(Customer.account_manager) != ""), col(Customer.id))


def industry(asked: Question) -> Shares:
    return asked.ask(_share(col(Customer.industry) != ""), col(Customer.id))


def has_circuits(asked: Question) -> Shares:
    return asked.ask(func.min(1.0), col(Circuit.customer_id))


def circuits_described(asked: Question) -> Shares:
    """Product and bandwidth."""
    is_told = and_(col(Circuit.product) != "", col(Circuit.megabits) > 0)
    return asked.ask(_share(is_told), col(Circuit.customer_id))


def circuits_routed(asked: Question) -> Shares:
    """Hop by hop, on the main route."""
    main = select(col(Hop.id)).where(
        col(Hop.circuit_id) == col(Circuit.id), col(Hop.route) == "main"
    )
    return asked.ask(_share(main.exists()), col(Circuit.customer_id))


def ends_located(asked: Question) -> Shares:
    """A and Z end on the map."""
    a: Any = aliased(Site)
    z: Any = aliased(Site)
    is_told = and_(*(or_(site.latitude != 0, site.longitude != 0) for site in (a, z)))
    joins = ((a, a.id == Circuit.a_site_id), (z, z.id == Circuit.z_site_id))
    return asked.ask(_share(is_told), col(Circuit.customer_id), *joins)


def ports_recorded(asked: Question) -> Shares:
    join = (Hop, col(Hop.circuit_id) == col(Circuit.id))
    return asked.ask(_share(col(Hop.port) != ""), col(Circuit.customer_id), join)


def enough_contacts(asked: Question) -> Shares:
    """As many as the grade wants."""
    wanted = asked.rules["contacts_wanted"]
    most = case(*((col(Customer.grade) == grade, n) for grade, n in wanted.items()), else_=1)
    join = (Contact, col(Contact.customer_id) == col(Customer.id))
    counted = asked.ask(1.0 * func.count(col(Contact.id)) / func.max(most), col(Customer.id), join)
    return {key: min(1.0, part) for key, part in counted.items()}


def contacts_reachable(asked: Question) -> Shares:
    return asked.ask(_share(col(Contact.phone) != ""), col(Contact.customer_id))


def contacts_mailed(asked: Question) -> Shares:
    return asked.ask(_share(col(Contact.email) != ""), col(Contact.customer_id))


def contacts_titled(asked: Question) -> Shares:
    """Who is who there."""
    return asked.ask(_share(col(Contact.role) != ""), col(Contact.customer_id))


def consents_valid(asked: Question) -> Shares:
    """Of the scopes that every archive should have."""
    wanted = [key for key, scope in asked.rules["scopes"].items() if scope.get("is_wanted")]
    is_valid = and_(
        col(Consent.scope).in_(wanted),
        col(Consent.withdrawn_at).is_(None),
        col(Consent.expires_at) > asked.now,
    )
    valid = func.count(func.distinct(case((is_valid, col(Consent.scope)))))
    return asked.ask(1.0 * valid / max(1, len(wanted)), col(Consent.customer_id))


def tickets_explained(asked: Question) -> Shares:
    """Closed tickets that say what it was."""
    is_told = or_(col(Ticket.closed_at).is_(None), col(Ticket.cause) != "")
    return asked.ask(_share(is_told), col(Ticket.customer_id))


def kept(asked: Question) -> Shares:
    """What is kept by hand is looked at where the section is."""
    return {}


@dataclass(frozen=True)
class Check:
    """One thing that an archive should have."""

    zh: str
    en: str
    count: Callable[[Question], Shares]
    of_none: float = 0.0  # what it counts where there is nothing to look at


CHECKS: dict[str, Check] = {
    "account_manager": Check("客户经理", "the account manager", account_manager),
    "industry": Check("所属行业", "the industry", industry),
    "has_circuits": Check("在用电路", "circuits", has_circuits),
    "circuits_described": Check("产品与带宽", "products and bandwidths", circuits_described),
    "circuits_routed": Check("电路路由", "ways of the circuits", circuits_routed),
    "ends_located": Check("两端位置", "where both ends are", ends_located),
    "ports_recorded": Check("端口", "ports", ports_recorded),
    "enough_contacts": Check("联系人数量", "enough contacts", enough_contacts),
    "contacts_reachable": Check("联系电话", "phones of the contacts", contacts_reachable),
    "contacts_mailed": Check("电子邮箱", "mail addresses of the contacts", contacts_mailed),
    "contacts_titled": Check("联系人职责", "duties of the contacts", contacts_titled),
    "consents_valid": Check("有效授权", "consents that are valid", consents_valid),
    "tickets_explained": Check("故障原因", "causes of closed tickets", tickets_explained, 1.0),
    "kept": Check("应填项目", "what is kept by hand", kept),
}


@dataclass(frozen=True)
class Counted:
    """One section of one customer, as it is now."""

    customer_id: int
    section: str
    completeness: int
    missing: list[str]


def count(
    asked: Question, kept_facts: Mapping[tuple[int, str], Map], ids: Sequence[int]
) -> Iterator[Counted]:
    """Every section of the policy, for these customers."""
    sections = asked.rules["sections"]
    names = {name for section in sections.values() for name in section["checks"]}
    shares = {name: CHECKS[name].count(asked) for name in names}
    for id in ids:
        for key, section in sections.items():
            facts = kept_facts.get((id, key), {})
            parts = {
                name: _part(shares[name], name, id, section, facts) for name in section["checks"]
            }
            yield Counted(id, key, *_sum(parts, section["checks"]))


def _part(shares: Shares, name: str, id: int, section: Map, facts: Map) -> float:
    if name == "kept":
        wanted = section["kept"]
        return sum(bool(facts.get(key)) for key in wanted) / len(wanted) if wanted else 1.0
    return shares.get(id, CHECKS[name].of_none)


def _sum(parts: Map, weights: Map) -> tuple[int, list[str]]:
    """Percent, rounded down: 100 means that nothing is missing."""
    full = sum(weights.values())
    percent = (
        int(100 * sum(weights[name] * part for name, part in parts.items()) / full + 1e-6)
        if full
        else 100
    )
    return percent, [name for name, part in parts.items() if part < 1 and weights[name]]
