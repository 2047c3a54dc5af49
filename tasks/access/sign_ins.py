"""Sign-ins: a person comes in by a password and is known by a secret afterwards.

The secret goes into a cookie; only its hash is kept. Programs come in by tokens.py. The password
itself is compared in passwords.py; api/door.py puts the three together.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import bindparam, case, inspect, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from records import FailedSignIn, Person, SignIn, Token, history
from tasks.refusals import Refusal

STAYS = timedelta(hours=12)  # a shift
FREE_TRIES = 5
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)
FORGIVEN = timedelta(days=1)  # after which failures count from one again
TOKEN_PREFIX = "baton_"  # lets scanners find a token that was committed somewhere


class NotSignedIn(Refusal):
    """Nobody is known by what came with the request, or nothing came."""

    code = "not-signed-in"


class BadToken(NotSignedIn):
    code = "bad-token"


class WrongPassword(NotSignedIn):
    """Login or password is wrong. Which of them is not said."""

    code = "wrong-password"


class TooManyTries(Refusal):
    """Too many wrong passwords. `facts["seconds"]` says how long to wait."""

    code = "too-many-tries"


# Columns, no object of the ORM; and built once: this runs on every request.
_COLUMNS = inspect(Person).columns
_SIGNED_IN = (
    select(*_COLUMNS)
    .join(SignIn, col(SignIn.person_id) == col(Person.id))
    .where(col(SignIn.secret_hash) == bindparam("hash"), col(SignIn.ended_at).is_(None))
    .where(col(SignIn.expires_at) > bindparam("now"), col(Person.active))
)
_WITH_TOKEN = (
    select(*_COLUMNS, col(Token.scopes))
    .join(Token, col(Token.person_id) == col(Person.id))
    .where(col(Token.secret_hash) == bindparam("hash"), col(Token.revoked_at).is_(None))
    .where(col(Token.expires_at).is_(None) | (col(Token.expires_at) > bindparam("now")))
    .where(col(Person.active))
)


def who_is(session: Session, secret: str, *, now: datetime) -> Person | None:
    """Whose cookie or token it is, if it still holds. A token's scopes limit the person.

    To be looked at only: changes of this person are not kept.
    """
    is_token = secret.startswith(TOKEN_PREFIX)
    wanted, given = _WITH_TOKEN if is_token else _SIGNED_IN, hash_secret(secret)
    session.flush()
    found = session.connection().execute(wanted, {"hash": given, "now": now}).first()
    if found is None:
        return None
    person: Person = inspect(Person).class_manager.new_instance()  # as the ORM does, and no more
    person.__dict__.update(zip(_COLUMNS.keys(), found, strict=False))
    if is_token:
        person.limit(found.scopes)
    return person


def find_at_door(session: Session, login: str, *, now: datetime) -> Person | None:
    """Who says to be `login`. Refuses while that login has to wait, whether it exists or not."""
    failed = session.get(FailedSignIn, hash_secret(login))
    if failed and (left := failed.last_at + _wait(failed.tally) - now) > timedelta(0):
        seconds = round(left.total_seconds()) + 1
        raise TooManyTries(
            f"密码错误次数过多,请 {seconds} 秒后再试",
            f"Too many wrong passwords: try again in {seconds} seconds",
            seconds=seconds,
        )
    mine = select(Person).where(col(Person.login) == login, col(Person.active))
    return session.execute(mine).scalars().first()


def sign_in(session: Session, person: Person, *, now: datetime, **told: str) -> str:
    """Let in somebody whose password was right. Returns the secret, which is not kept."""
    secret = secrets.token_urlsafe(32)
    failed = session.get(FailedSignIn, hash_secret(person.login))
    if failed:
        session.delete(failed)
    session.add(
        SignIn(
            secret_hash=hash_secret(secret),
            person_id=person.id,
            started_at=now,
            expires_at=now + STAYS,
        )
    )
    subject = f"person:{person.login}"
    history.record(session, "signed in", subject=subject, by=person.login, at=now, **told)
    return secret


def count_failure(
    session: Session, login: str, person: Person | None, *, now: datetime, **told: str
) -> None:
    """A wrong password: the next ones are let to wait. To be committed although it is refused."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    new = dialect.insert(FailedSignIn).values(login_hash=hash_secret(login), tally=1, last_at=now)
    old = FailedSignIn.__table__.c  # type: ignore[attr-defined]
    tally = case((old.last_at > now - FORGIVEN, old.tally + 1), else_=1)
    session.execute(
        new.on_conflict_do_update(
            index_elements=["login_hash"], set_={"tally": tally, "last_at": now}
        )
    )
    subject = f"person:{person.login}" if person else f"door:{now:%Y-%m-%d}"
    history.record(session, "wrong password", subject=subject, by="unknown", at=now, **told)


def sign_out(session: Session, secret: str, *, by: Person, now: datetime) -> None:
    row = session.get(SignIn, hash_secret(secret))
    if row and row.ended_at is None:
        row.ended_at = now
        subject = f"person:{by.login}"
        history.record(session, "signed out", subject=subject, by=by.login, at=now)


def end_sign_ins(session: Session, person: Person, *, now: datetime) -> None:
    """Sign a person out everywhere."""
    theirs = (col(SignIn.person_id) == person.id, col(SignIn.ended_at).is_(None))
    session.execute(update(SignIn).where(*theirs).values(ended_at=now))


def hash_secret(secret: str) -> str:
    """SHA-256 is enough for 256 random bits; a password gets argon2."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _wait(tally: int) -> timedelta:
    if tally < FREE_TRIES:
        return timedelta(0)
    doublings = min(tally - FREE_TRIES, 10)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
