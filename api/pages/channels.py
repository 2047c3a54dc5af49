"""Channels of notices as a page: which are set up, what waits, what failed; trying one out."""

from sqlmodel import col, select
from starlette.responses import Response

from api.deps import Turn, allow
from api.pages.pages import again_by, first, go, make_pages, show, typed
from notifications.backlog import backlog
from notifications.channels import CHANNELS
from records import Notice
from tasks import notices

router = make_pages()
PLACE = "/administration/channels"
NEWEST = 20


@router.get(PLACE)
def list_channels(turn: Turn = allow("notices:read")) -> Response:
    newest = select(Notice).order_by(col(Notice.id).desc())
    failed = newest.where(Notice.state == "failed", col(Notice.sent_at).is_(None))
    tried = newest.where(col(Notice.subject).in_(notices.TRIALS))
    return show(
        turn,
        "channels/list.html",
        channels=backlog(turn.session, now=turn.now),
        addresses={name: channel.address for name, channel in CHANNELS.items()},
        failed=list(turn.session.exec(failed.limit(NEWEST))),
        tried=list(turn.session.exec(tried.limit(NEWEST))),
    )


@router.post(f"{PLACE}/trials")
@again_by(list_channels)
def try_out(turn: Turn = allow("notices:try", raw=True)) -> Response:
    """A notice that says only that the channel works."""
    told = typed(turn)
    channel, to = first(told, "channel"), first(told, "to")[:200]
    notices.try_channel(turn.session, channel, to, by=turn.person, now=turn.now)
    return go(PLACE)
