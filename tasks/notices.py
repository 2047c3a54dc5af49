"""Notices, as people deal with them: seen, sent again, dropped. Called by the doors.

Queueing and sending: notifications/. The states are drawn in notifications/outbox.py.
"""

from datetime import datetime

from sqlmodel import Session, col, func, select

from notifications import links
from notifications.channels import CHANNELS, line_of
from notifications.notices import tell_again
from notifications.outbox import queue
from records import Contact, Notice, Person, history
from tasks.access.people import require
from tasks.faults.tickets import require_reason
from tasks.refusals import Forbidden, NotAllowed, wrong

STATES = {
    "waiting": ("待发", "waiting"),
    "sent": ("已发", "sent"),
    "failed": ("失败", "failed"),
    "kept": ("留存", "kept in Baton"),
    "dropped": ("不发", "dropped"),
}

TRIALS = tuple(f"channel:{name}" for name in CHANNELS)  # subjects of notices that try one


def retry(session: Session, notice: Notice, *, by: Person, now: datetime) -> None:
    """Send it once more, in the words as they are now."""
    require(by, "notices:steer")
    _require_state(notice, {"failed", "kept", "dropped"})
    why_not = tell_again(session, notice, now=now)
    if why_not:
        raise NotAllowed(
            f"还是发不出去:{why_not}。请先改好再试",
            f"It still cannot leave: {why_not}. Mend that first",
        )
    _record(session, "notice retried", notice, by.login, now)


def drop(session: Session, notice: Notice, *, reason: str, by: Person, now: datetime) -> None:
    """It shall not be sent any more. One that is on its way cannot be held."""
    require(by, "notices:steer")
    _require_state(notice, {"waiting", "failed", "kept"})
    require_reason(reason)
    notice.state, notice.error = "dropped", reason
    _record(session, "notice dropped", notice, by.login, now, reason=reason)


def try_channel(session: Session, channel: str, to: str, *, by: Person, now: datetime) -> Notice:
    """A notice that only says that the channel works: to this address there, or else to oneself."""
    require(by, "notices:try")
    known = CHANNELS.get(channel)
    if known is None or not known.is_ready():
        zh, en = f"渠道“{channel}”还没有配置好", f"The channel “{channel}” is not set up"
        raise wrong("channel", zh, en)
    to = by.login if known.is_inside else to or getattr(by, known.address or "", "")
    if not to:
        raise wrong("to", "请填发到哪里", "say where it goes")
    notice = queue(
        session,
        key=f"trial:{channel}:{by.login}:{now.timestamp()}",
        channel=channel,
        to=to,
        template="channel_trial",
        facts={"channel": channel, "by": by.login},
        subject=f"channel:{channel}",
        language=by.language,
        person_id=by.id if known.is_inside else None,
        now=now,
    )
    _record(session, "channel tried", notice, by.login, now, to=to)
    return notice


def acknowledge(session: Session, notice: Notice, *, by: Person, now: datetime) -> None:
    """Whom it was for has seen it, by whichever channel."""
    if notice.person_id != by.id:
        raise Forbidden("这不是发给您的通知", "This notice is not for you")
    _see(session, notice, by.login, now)


def find_by_secret(session: Session, secret: str) -> Notice | None:
    """Of a link that a recipient was sent."""
    found = select(Notice).where(Notice.seen_hash == links.hash_of(secret))
    return session.exec(found).first()


def acknowledge_by_link(session: Session, notice: Notice, *, now: datetime) -> None:
    _see(session, notice, _reader(session, notice), now)


def count_unseen(session: Session, person: Person) -> int:
    mine = (col(Notice.person_id) == person.id) & (col(Notice.channel) == "inbox")
    rows = select(func.count()).select_from(Notice).where(mine, col(Notice.seen_at).is_(None))
    return session.exec(rows).one()


def _see(session: Session, notice: Notice, by: str, now: datetime) -> None:
    """Once for all channels that it came by; the first time counts."""
    if notice.seen_at:
        return
    for one in [notice, *_twins(session, notice)]:
        if one.seen_at is None:
            one.seen_at, one.seen_by = now, by
    _record(session, "notice seen", notice, by, now)


def _twins(session: Session, notice: Notice) -> list[Notice]:
    """The same notice to the same person by the other channels of one end."""
    stem = notice.key.removesuffix(line_of(notice.channel, notice.to))
    if notice.person_id is None or not stem.endswith(":"):
        return []
    keys = [f"{stem}{name}" for name in CHANNELS if name != notice.channel]
    mine = select(Notice).where(col(Notice.key).in_(keys), Notice.person_id == notice.person_id)
    return list(session.exec(mine))


def _reader(session: Session, notice: Notice) -> str:
    if notice.person_id:
        return session.get_one(Person, notice.person_id).login
    contact = session.get(Contact, notice.contact_id) if notice.contact_id else None
    return f"contact:{contact.id}" if contact else "link"


def _require_state(notice: Notice, allowed: set[str]) -> None:
    if notice.state not in allowed:
        zh, en = STATES[notice.state]
        raise NotAllowed(
            f"这条通知现在是“{zh}”,不能这样做,请刷新后再看",
            f"This notice is {en}: this cannot be done now, reload to see",
            state=notice.state,
        )


def _record(
    session: Session, verb: str, notice: Notice, by: str, now: datetime, **told: str
) -> None:
    subject = notice.subject if ":" in notice.subject else f"notice:{notice.id}"
    about = {"notice": notice.id, "template": notice.template}
    history.record(session, verb, subject=subject, by=by, at=now, **about, **told)
