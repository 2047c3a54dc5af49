"""Bold sessions: they take what hardly ever goes wrong for granted, and are done again if it does.

A careful session sets a savepoint before each service, and locks the ends of the chains of history
that it adds to: five statements of fifteen. A bold one does neither. If a service fails in it, or
somebody else was faster with a chain, nothing is kept, and who opened it does it again, carefully.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event
from sqlalchemy.orm import Session


class DoAgain(Exception):
    """The same again in a careful session. Only for whoever opened a bold one."""


def is_bold(session: Session) -> bool:
    return "is bold" in session.info


@contextmanager
def boldly(session: Session) -> Iterator[None]:
    """Whatever the block raises once something was undone badly is DoAgain."""
    session.info["is bold"] = True
    try:
        yield
    except Exception as error:
        if "do again" in session.info:
            raise DoAgain from error
        raise


@contextmanager
def unguarded(session: Session) -> Iterator[None]:
    """In place of a savepoint: what the block did stays, in a session that is never committed."""
    try:
        yield
    except BaseException:
        session.info["do again"] = True
        raise


@event.listens_for(Session, "before_commit")
def _keep_nothing_half_done(session: Session) -> None:
    if "do again" in session.info:
        raise DoAgain
