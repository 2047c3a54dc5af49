"""Idempotency-Key: a POST that is sent twice is done once. Called by the routes that create."""

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select, update
from starlette.requests import Request

from api.deps import Turn
from records import KeptAnswer
from tasks.refusals import wrong

HEADER = "Idempotency-Key"
Model = TypeVar("Model", bound=BaseModel)


def once(turn: Turn, make: Callable[[], Model], *, secret: str | None = None) -> Model:
    """What `make` returns; for a key that was used, what it returned then.

    Without a key it is simply made. The answer is kept in the transaction of what was made, so
    that either both are there or none. Of two at once, the second waits for the first. The field
    named `secret` is not kept: a repeat gets null there.
    """
    key = turn.request.headers.get(HEADER)
    if key is None:
        return make()
    if not 0 < len(key) <= 200 or not key.isprintable():
        raise wrong(HEADER, "须为 1 至 200 个可见字符", "has to be 1 to 200 visible characters")
    request_hash = _hash(turn.request, turn.body)
    if not _is_new(turn, key, request_hash):
        kept: Model = _answer_again(turn, key, request_hash)
        return kept
    made = make()
    answer = made.model_dump(mode="json") | ({secret: None} if secret else {})
    turn.session.execute(
        update(KeptAnswer).where(*_same(turn, key)).values(answer=answer),
        execution_options={"synchronize_session": False},
    )
    return made


def _is_new(turn: Turn, key: str, request_hash: str) -> bool:
    """Takes the key. On PostgreSQL this waits for whoever takes the same one."""
    row = {
        "person_id": turn.person.id,
        "key": key,
        "request_hash": request_hash,
        "answer": {},
        "kept_at": turn.now,
    }
    taken = _insert(turn.session).values(row).on_conflict_do_nothing().returning(KeptAnswer.key)
    return turn.session.execute(taken).first() is not None


def _answer_again(turn: Turn, key: str, request_hash: str) -> Any:
    kept = turn.session.exec(select(KeptAnswer).where(*_same(turn, key))).one()
    if kept.request_hash != request_hash:
        raise wrong(
            HEADER,
            "这个键已用于另一个请求,请换一个新的",
            "This key was used for another request: take a new one",
        )
    turn.headers["Idempotent-Replayed"] = "true"
    return kept.answer


def _same(turn: Turn, key: str) -> tuple[Any, Any]:
    return col(KeptAnswer.person_id) == turn.person.id, col(KeptAnswer.key) == key


def _insert(session: Session) -> Any:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(KeptAnswer)


def _hash(request: Request, body: bytes) -> str:
    told = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(told + body).hexdigest()
