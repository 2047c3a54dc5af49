"""Tokens: what a program comes in with, instead of a password. Only their hashes are kept."""

import secrets
from datetime import datetime, timedelta

from sqlmodel import Session

from records import Person, Token, history
from tasks.access.people import permissions_of, require
from tasks.access.sign_ins import TOKEN_PREFIX, hash_secret
from tasks.refusals import Forbidden, wrong

LONGEST_DAYS = 730


def create_token(
    session: Session,
    person: Person,
    *,
    name: str,
    scopes: list[str],
    days: int,
    by: Person,
    now: datetime,
) -> tuple[Token, str]:
    """A token of `person`'s, and its secret: it is shown this once. `scopes` are permissions."""
    _require_owner(person, by)
    _check(person, name, scopes, days)
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = Token(
        person_id=person.id,
        name=name,
        secret_hash=hash_secret(secret),
        scopes=sorted(set(scopes)),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(token)
    session.flush()
    told = {"token": token.id, "name": name, "scopes": token.scopes, "days": days}
    subject = f"person:{person.login}"
    history.record(session, "token created", subject=subject, by=by.login, at=now, **told)
    return token, secret


def revoke_token(session: Session, token: Token, *, by: Person, now: datetime) -> None:
    """From the next request on it lets nobody in."""
    if token.person_id != by.id:
        require(by, "people:administer")
    if token.revoked_at is None:
        token.revoked_at = now
        owner = session.get_one(Person, token.person_id)
        subject = f"person:{owner.login}"
        told = {"token": token.id, "name": token.name}
        history.record(session, "token revoked", subject=subject, by=by.login, at=now, **told)


def _require_owner(person: Person, by: Person) -> None:
    if person.id != by.id:
        require(by, "people:administer")
    elif by.scopes is not None:  # or a stolen token would outlive its own end
        raise Forbidden(
            "令牌不能再生成令牌,请登录后操作",
            "A token cannot make another one: sign in and do it yourself",
        )


def _check(person: Person, name: str, scopes: list[str], days: int) -> None:
    if not 0 < len(name.strip()) <= 100:
        raise wrong("name", "请为令牌起名,最多 100 字", "Name the token, in at most 100 characters")
    if not 1 <= days <= LONGEST_DAYS:
        raise wrong(
            "days", f"有效期为 1 至 {LONGEST_DAYS} 天", f"Between 1 and {LONGEST_DAYS} days"
        )
    beyond = sorted(set(scopes) - permissions_of(person))
    if beyond or not scopes:
        which = ", ".join(beyond) or "-"
        raise wrong(
            "scopes",
            f"范围须是本人已有的权限,不可为空:{which}",
            f"Scopes are permissions that the person has, at least one: {which}",
        )
