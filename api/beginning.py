"""The first minute: tables, the demo region, the diagrams that come with Baton. Called at start.

Doing it again changes nothing and takes no time; what an owner published since stays published.
"""

import os
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine
from sqlmodel import col, select

from api.footing import CannotStart
from bpmn import library, plans
from records import Group, Person
from records.database import migrate, open_session
from records.progress import Progress, show_progress
from records.region import ACCOUNTS, find_region, seed
from records.region.groups import GROUPS
from tasks import policies
from tasks.access.passwords import hash_password
from tasks.network import resync
from tasks.policies import BY_BATON
from tasks.refusals import Refusal

PASSWORD = "baton-demo"
SIZE = "S"


def prepare(engine: Engine) -> bool:
    """Make an empty database usable, and one that was left alone up to date; is it a demo?"""
    migrate(engine)
    with show_progress() as progress:
        has_demo = _seed(engine, progress)
        _open_groups(engine)
        _publish(engine, progress)
    with open_session(engine) as session:
        resync.want_all(session, now=datetime.now(UTC))
    return has_demo


def _seed(engine: Engine, progress: Progress) -> bool:
    """A region that the command made has its demo accounts still closed: they are opened here."""
    closed = select(Person.id).where(col(Person.login).in_(ACCOUNTS), Person.password_hash == "")
    with open_session(engine, readonly=True) as session:
        is_there = find_region(session) is not None
        is_used = session.exec(select(Group.id)).first() is not None
        has_closed = session.exec(closed).first() is not None
    if is_used and not (is_there and has_closed):
        if not is_there:
            _let_root_in(engine)
        return is_there
    if os.environ.get("BATON_DEMO") == "no":
        _let_root_in(engine)
        return False
    secret = hash_password("accounts", PASSWORD)
    seed(engine, SIZE, progress, now=datetime.now(UTC), password_hash=secret)
    return True


def _publish(engine: Engine, progress: Progress) -> None:
    """Publish what comes with Baton, where it is new and no owner has published since."""
    with open_session(engine, readonly=True) as session:
        new = [files for files in library.shipped() if library.is_newer(session, files)]
    with open_session(engine) as session:
        policies.publish_shipped(session, datetime.now(UTC))
    for done, files in enumerate(new, 1):
        with open_session(engine) as session:
            library.publish(session, files, by=BY_BATON, now=datetime.now(UTC), reason="shipped")
        progress("Diagrams published", done, len(new))
    with open_session(engine) as session:
        plans.publish_shipped(session, datetime.now(UTC))


def _open_groups(engine: Engine) -> None:
    """Those that lanes of shipped diagrams name and that are not there: a newer Baton has more."""
    with open_session(engine) as session:
        there = {name for row in session.exec(select(Group.key, Group.name)) for name in row}
        for key, (zh, en) in GROUPS.items():
            if not {key, zh} & there:
                session.add(Group(key=key, name=zh, name_en=en))


def _let_root_in(engine: Engine) -> None:
    """Somebody to let the others in, where there is nobody at all."""
    with open_session(engine) as session:
        if session.exec(select(Person.id)).first() is None:
            told: dict[str, Any] = {
                "name": "系统管理员",
                "name_en": "Administrator",
                "roles": ["administrator"],
            }
            now, hashed = datetime.now(UTC), _hash_of_root()
            session.add(Person(login="root", password_hash=hashed, created_at=now, **told))


def _hash_of_root() -> str:
    try:
        return hash_password("root", os.environ.get("BATON_ADMIN_PASSWORD", ""))
    except Refusal as why:
        raise CannotStart(
            f"还没有人能登录,请在 BATON_ADMIN_PASSWORD 里给出 root 的密码:{why.zh}",
            f"Nobody could sign in: give root's password in BATON_ADMIN_PASSWORD ({why.en})",
        ) from None
