"""People: who may do what, and how they come and change. Called by every verb that asks `may`.

Roles: roles.py. Getting in: sign_ins.py, tokens.py. Groups: groups.py.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlmodel import Session, select

from notifications.channels import CHANNELS
from notifications.policy import is_channel
from records import Person, history
from tasks.access.roles import PERMISSIONS, ROLES
from tasks.access.sign_ins import end_sign_ins
from tasks.refusals import Conflict, Forbidden, NotAllowed, NotFound, wrong

LOGIN = re.compile(r"[a-z][a-z0-9._-]{1,39}")
MAY_CHANGE = (
    *("name", "name_en", "roles", "skills", "city", "active"),
    *("phone", "email", "language", "channels"),
)


def may(person: Person, permission: str) -> bool:
    return permission in permissions_of(person)


def require(person: Person, permission: str) -> None:
    if not may(person, permission):
        zh, en = PERMISSIONS[permission]
        raise Forbidden(
            f"您没有“{zh}”的权限,请找管理员或有此权限的同事",
            f"You may not {en}: ask somebody who may, or an administrator",
            permission=permission,
        )


def permissions_of(person: Person) -> frozenset[str]:
    """What their roles permit, as far as the token that they came with lets them."""
    granted = _granted(tuple(person.roles))
    return granted if person.scopes is None else granted & person.scopes


def find_person(session: Session, login: str) -> Person:
    person = session.exec(select(Person).where(Person.login == login)).first()
    if person is None:
        raise NotFound(f"没有“{login}”这个人", f"There is nobody called “{login}”")
    return person


def create_person(
    session: Session, *, login: str, name: str, by: Person, now: datetime, **more: Any
) -> Person:
    """Let somebody in; `more` as in MAY_CHANGE. They cannot sign in before a password is set."""
    require(by, "people:administer")
    if not LOGIN.fullmatch(login):
        zh = "账号须为 2 至 40 个小写字母、数字、点、横线,以字母开头"
        raise wrong(
            "login", zh, "A login is 2 to 40 lower-case letters, digits, . _ - from a letter"
        )
    if session.exec(select(Person).where(Person.login == login)).first():
        raise Conflict(f"账号“{login}”已经有人用了", f"The login “{login}” is taken")
    told = {"name": name, **more}
    _check(told)
    person = Person(login=login, created_at=now, **told)
    session.add(person)
    session.flush()
    _record(session, "created", person, by, now, **told)
    return person


def change_person(
    session: Session, person: Person, changes: Mapping[str, Any], *, by: Person, now: datetime
) -> None:
    """Change what is in MAY_CHANGE. Who is no longer active is signed out everywhere."""
    require(by, "people:administer")
    _check(changes)
    _check_own(person, changes, by)
    was = {key: getattr(person, key) for key in changes if getattr(person, key) != changes[key]}
    for key in was:
        setattr(person, key, changes[key])
    if "active" in was and not person.active:
        end_sign_ins(session, person, now=now)
    if was:
        _record(
            session,
            "changed",
            person,
            by,
            now,
            **{"was": was, "is": {key: changes[key] for key in was}},
        )


def set_channels(session: Session, person: Person, channels: list[str], *, now: datetime) -> None:
    """By which channels they want to hear, in this order; none: as the policy says."""
    _check_channels(channels)
    was, person.channels = person.channels, list(channels)
    told = {"was": {"channels": was}, "is": {"channels": person.channels}}
    _record(session, "changed", person, person, now, **told)


def set_password(
    session: Session, person: Person, password_hash: str, *, by: Person, now: datetime
) -> None:
    """`password_hash` is from passwords.hash_password. Every sign-in of the person's ends."""
    if by.id != person.id:
        require(by, "people:administer")
    person.password_hash = password_hash
    end_sign_ins(session, person, now=now)
    _record(session, "password set", person, by, now)


@cache
def _granted(roles: tuple[str, ...]) -> frozenset[str]:
    return frozenset().union(*(ROLES[role].permissions for role in roles if role in ROLES))


def _check(told: Mapping[str, Any]) -> None:
    if unknown := set(told) - set(MAY_CHANGE):
        raise wrong(min(unknown), "这一项不能这样改", "This cannot be changed in this way")
    if not told.get("name", "x").strip():
        raise wrong("name", "请填姓名", "Give a name")
    if told.get("language", "zh") not in ("zh", "en"):
        raise wrong("language", "语言须为 zh 或 en", "The language is zh or en")
    _check_roles(told.get("roles", ()))
    _check_channels(told.get("channels", ()))


def _check_roles(roles: Iterable[str]) -> None:
    if unknown := [role for role in roles if role not in ROLES]:
        known = ", ".join(ROLES)
        raise wrong(
            "roles", f"没有“{unknown[0]}”角色,可用:{known}", f"No role “{unknown[0]}”: {known}"
        )


def _check_channels(channels: Iterable[str]) -> None:
    if unknown := [channel for channel in channels if not is_channel(channel)]:
        known = ", ".join(CHANNELS)
        raise wrong(
            "channels",
            f"没有渠道“{unknown[0]}”,可用:{known}(webhook、robot 后加冒号和名称)",
            f"No channel “{unknown[0]}”: {known} (webhook and robot with a colon and a name)",
        )


def _check_own(person: Person, changes: Mapping[str, Any], by: Person) -> None:
    """An administrator stays one until another says otherwise, so there is always one."""
    still = changes.get("active", True) and "administrator" in changes.get("roles", person.roles)
    if person.id == by.id and "administrator" in person.roles and not still:
        raise NotAllowed(
            "不能取消自己的管理员身份,请另一位管理员来做",
            "You cannot end being an administrator yourself: ask another administrator",
        )


def _record(
    session: Session, verb: str, person: Person, by: Person, now: datetime, **told: Any
) -> None:
    history.record(session, verb, subject=f"person:{person.login}", by=by.login, at=now, **told)
