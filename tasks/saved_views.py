"""Views of the worklist that people keep: saved under a name, shared with groups, begun with.

What a view asks for is checked by the door that shows it. Called by both doors.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, or_, select

from records import FirstView, Person, SavedView, ViewShare, history
from tasks.access.groups import find_group, groups_of
from tasks.access.people import require
from tasks.refusals import Forbidden, NotAllowed, NotFound, wrong

MOST = 100  # of one person
LONGEST = 60  # characters of a name


def views_of(session: Session, person: Person) -> list[SavedView]:
    """Their own, then what is shared with their groups; each by its name."""
    seen = select(SavedView).where(_is_seen(session, person))
    found = session.exec(seen.order_by(col(SavedView.name), col(SavedView.id)))
    return sorted(found, key=lambda view: view.owner != person.login)


def shares_of(session: Session, view: SavedView) -> list[str]:
    rows = select(ViewShare.group_key).where(ViewShare.view_id == view.id)
    return sorted(session.exec(rows))


def first_of(session: Session, person: Person) -> SavedView | None:
    """What they begin with; None where they chose nothing, or it is shared no longer."""
    chosen = select(SavedView).join(FirstView, col(FirstView.view_id) == col(SavedView.id))
    mine = chosen.where(FirstView.person_id == person.id, _is_seen(session, person))
    return session.exec(mine).first()


def find(session: Session, id: int, person: Person) -> SavedView:
    """One that they may see."""
    view = session.get(SavedView, id)
    if view is None or not can_see(session, view, person):
        raise NotFound(f"没有编号为 {id} 的视图", f"There is no view {id}")
    return view


def can_see(session: Session, view: SavedView, person: Person) -> bool:
    mine = {group.key for group in groups_of(session, person)}
    return view.owner == person.login or bool(mine & set(shares_of(session, view)))


def save(
    session: Session, name: str, asked: Mapping[str, Any], *, by: Person, now: datetime
) -> SavedView:
    """Keep it; under a name of their own that exists, in place of what that was."""
    name = name.strip()
    if not 0 < len(name) <= LONGEST:
        raise wrong(
            "name", f"名称须为 1 至 {LONGEST} 个字", f"A name has 1 to {LONGEST} characters"
        )
    own = select(SavedView).where(SavedView.owner == by.login)
    view = session.exec(own.where(SavedView.name == name).with_for_update()).first()
    if view is None:
        if len(session.exec(own).all()) >= MOST:
            raise NotAllowed(
                f"最多保存 {MOST} 个视图,请先删几个", f"Of {MOST} views, drop some first"
            )
        view = SavedView(owner=by.login, name=name, saved_at=now)
    view.asked, view.saved_at = dict(asked), now
    session.add(view)
    session.flush()
    _record(session, "view saved", view, by, now, asked=dict(asked))
    return view


def share(
    session: Session, view: SavedView, groups: list[str], *, by: Person, now: datetime
) -> None:
    """With these groups and no others; with none: theirs alone again."""
    _require_own(view, by)
    require(by, "views:share")
    for key in groups:
        find_group(session, key)
    session.execute(delete(ViewShare).where(col(ViewShare.view_id) == view.id))
    session.add_all(ViewShare(view_id=view.id, group_key=key) for key in sorted(set(groups)))
    session.flush()
    _record(session, "view shared", view, by, now, groups=sorted(set(groups)))


def begin_with(session: Session, view: SavedView | None, *, by: Person, now: datetime) -> None:
    """What the worklist shows when nothing is asked for; None: what it always showed."""
    session.execute(delete(FirstView).where(col(FirstView.person_id) == by.id))
    if view:
        session.add(FirstView(person_id=by.id, view_id=view.id))
        session.flush()
        _record(session, "view chosen", view, by, now)


def drop(session: Session, view: SavedView, *, by: Person, now: datetime) -> None:
    _require_own(view, by)
    for table in (ViewShare, FirstView):
        session.execute(delete(table).where(col(table.view_id) == view.id))
    session.delete(view)
    session.flush()
    _record(session, "view dropped", view, by, now)


def _is_seen(session: Session, person: Person) -> Any:
    mine = [group.key for group in groups_of(session, person)]
    shared = select(ViewShare.view_id).where(col(ViewShare.group_key).in_(mine))
    return or_(col(SavedView.owner) == person.login, col(SavedView.id).in_(shared))


def _require_own(view: SavedView, by: Person) -> None:
    if view.owner != by.login:
        raise Forbidden(
            f"这是 {view.owner} 的视图,请另存为自己的",
            f"This is a view of {view.owner}: save it as your own",
        )


def _record(
    session: Session, verb: str, view: SavedView, by: Person, now: datetime, **told: Any
) -> None:
    subject, name = f"view:{view.id}", view.name
    history.record(session, verb, subject=subject, by=by.login, at=now, name=name, **told)
