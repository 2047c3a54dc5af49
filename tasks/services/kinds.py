"""What a service is: who calls it, what it may refuse. Used by every file in this folder."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session


@dataclass(frozen=True)
class Caller:
    """Who calls: the run's step, in the transaction that moves the run."""

    session: Session
    now: datetime
    run_id: int
    subject: str  # what the run is about: "ticket:7"
    element: str
    by: str  # whose doing moved the run here: a login, or "system"
    key: str  # the same however often the call is tried


@dataclass(frozen=True)
class Service:
    """What a service step calls. One that leaves the machine runs later, without a session."""

    function: Callable[..., dict[str, Any]]
    is_outside: bool = False


class ServiceRefused(Exception):
    """The service cannot do this, and trying again will not help. A diagram may catch `code`."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.code, self.zh, self.en = code, zh, en
