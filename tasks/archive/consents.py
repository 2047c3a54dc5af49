"""What customers allow (授权同意), for what, until when. Without it, what needs it refuses.

Scopes: policy "archives". Called by the API, and by whatever needs consent: `require_consent`.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from records import Consent, Customer, Person, history
from tasks import policies
from tasks.access.people import require
from tasks.faults.tickets import require_reason
from tasks.refusals import NotAllowed, NotFound, wrong


def give(
    session: Session,
    customer: Customer,
    *,
    scope: str,
    given_by: str,
    given_at: datetime,
    expires_at: datetime,
    by: Person,
    now: datetime,
    document: str = "",
) -> Consent:
    """Note what the customer has signed. What they gave before for the same stands beside it."""
    require(by, "archives:keep")
    scopes = policies.current(session, "archives").content["scopes"]
    _check(scopes, scope, given_at, expires_at, now)
    told: dict[str, Any] = {"scope": scope, "given_by": given_by, "document": document}
    consent = Consent(
        customer_id=customer.id, given_at=given_at, expires_at=expires_at, noted_by=by.login, **told
    )
    session.add(consent)
    session.flush()
    told |= {"consent": consent.id, "expires_at": expires_at.isoformat()}
    _record(session, "consent given", customer.id, by.login, now, told)
    return consent


def withdraw(session: Session, id: int, reason: str, *, by: Person, now: datetime) -> Consent:
    """It counts no longer, from now on. Twice is once."""
    require(by, "archives:keep")
    consent = session.get(Consent, id, with_for_update=True)
    if consent is None:
        raise NotFound(f"没有编号为 {id} 的授权", f"There is no consent {id}")
    require_reason(reason)
    if consent.withdrawn_at is None:
        consent.withdrawn_at, consent.withdrawn_by, consent.reason = now, by.login, reason
        told = {"consent": id, "scope": consent.scope, "reason": reason}
        _record(session, "consent withdrawn", consent.customer_id, by.login, now, told)
    return consent


def find_valid(session: Session, customer_id: int, scope: str, *, now: datetime) -> Consent | None:
    """The one that lasts longest, of those that count now."""
    mine = select(Consent).where(
        Consent.customer_id == customer_id,
        Consent.scope == scope,
        Consent.given_at <= now,
        Consent.expires_at > now,
        col(Consent.withdrawn_at).is_(None),
    )
    return session.exec(mine.order_by(col(Consent.expires_at).desc())).first()


def require_consent(session: Session, customer_id: int, scope: str, *, now: datetime) -> Consent:
    """For whatever may only be done with the customer's consent."""
    found = find_valid(session, customer_id, scope, now=now)
    if found is None:
        name = policies.current(session, "archives").content["scopes"].get(scope, {})
        zh, en = name.get("zh", scope), name.get("en", scope)
        raise NotAllowed(
            f"客户没有有效的“{zh}”授权,请先征得客户书面同意",
            f"The customer has given no consent for “{en}” that counts now: ask for it first",
            scope=scope,
        )
    return found


def _check(scopes: Any, scope: str, given: datetime, ends: datetime, now: datetime) -> None:
    if scope not in scopes:
        some = ", ".join(scopes)
        raise wrong("scope", f"授权范围应为 {some} 之一", f"The scope is one of {some}")
    if given > now:
        raise wrong("given_at", "签署时间不能晚于现在", "It cannot be signed in the future")
    most = scopes[scope]["most_days"]
    if not given < ends <= given + timedelta(days=most):
        zh, en = f"有效期应为 1 至 {most} 天", f"It lasts from 1 to {most} days"
        raise wrong("expires_at", zh, en)


def _record(session: Session, verb: str, id: int, by: str, now: datetime, told: Any) -> None:
    history.record(session, verb, subject=f"customer:{id}", by=by, at=now, also=told)
